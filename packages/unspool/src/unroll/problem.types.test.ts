/** What `defineProblem` infers, however much of it the user annotates. */
import { expect, expectTypeOf, test } from "vitest";
import { type Tensor, np, random as keys, tree } from "../array/index.ts";
import { type Problem, defineProblem, defineSimulator, unroll } from "./index.ts";

type Theta = { rate: Tensor };
const horizon = 2;

test("the state is inferred from init, and reaches step as tensors", () => {
  const plain = defineProblem({
    horizon,
    init: () => ({ s: 1, layers: [{ w: np.ones([2]) }] }),
    step(theta: Theta, state, { t, key }) {
      expectTypeOf(state).toEqualTypeOf<{ s: Tensor; layers: { w: Tensor }[] }>();
      expectTypeOf(t).toEqualTypeOf<Tensor>();
      expectTypeOf(key).toEqualTypeOf<Tensor>();
      return { state: { ...state, s: state.s.mul(theta.rate) }, loss: state.s };
    },
  });
  expectTypeOf(plain).toEqualTypeOf<Problem<Theta, { s: number; layers: { w: Tensor }[] }, undefined>>();
});

test("theta may be annotated in init or in step, the state anywhere or nowhere", () => {
  defineProblem({
    horizon,
    init: (_theta, key) => ({ s: key }),
    step: (theta: Theta, { s }: { s: Tensor }) => ({ state: { s: s.mul(theta.rate) }, loss: s.sum() }),
  });
  const fromInit = defineProblem({
    horizon,
    init: (theta: Theta) => ({ s: theta.rate }),
    data: (key) => ({ x: key }),
    step(theta, { s }, { batch }) {
      expectTypeOf(theta).toEqualTypeOf<Theta>();
      expectTypeOf(batch).toEqualTypeOf<{ x: Tensor }>();
      return { state: { s: s.mul(theta.rate) }, loss: batch.x.sum() };
    },
  });
  expectTypeOf(fromInit).toEqualTypeOf<Problem<Theta, { s: Tensor }, { x: Tensor }>>();
});

test("a step that returns another state, or no loss, does not compile", () => {
  defineProblem({
    horizon,
    init: () => ({ s: tree.scalar(1) }),
    // @ts-expect-error the state has `s`, not `x`
    step: (_theta: Theta, { s }) => ({ state: { x: s }, loss: s }),
  });
  defineProblem({
    horizon,
    init: () => ({ s: tree.scalar(1) }),
    // @ts-expect-error there is no loss
    step: (_theta: Theta, { s }) => ({ state: { s } }),
  });
});

test("a simulator is a problem over the tensors of its plain theta", () => {
  const shop = defineSimulator({
    horizon: 3,
    init: () => ({ stock: 1, isOpen: false, arriving: new Float64Array(2) }),
    step(theta: { level: number; weights: Float64Array }, state, { t, random }) {
      expectTypeOf(state).toEqualTypeOf<{
        stock: number;
        isOpen: boolean;
        arriving: Float64Array<ArrayBuffer>;
      }>();
      expectTypeOf(t).toEqualTypeOf<number>();
      return { state, loss: theta.level * random.uniform() };
    },
  });
  type State = { stock: number; isOpen: boolean; arriving: Float64Array<ArrayBuffer> };
  expectTypeOf(shop).toEqualTypeOf<Problem<{ level: Tensor; weights: Tensor }, State, undefined>>();
  unroll(shop, { level: np.array(1), weights: np.zeros([2]) }, { key: keys.key(0) });
  // @ts-expect-error theta is given as tensors
  expect(() => unroll(shop, { level: 1, weights: [1, 2] }, { key: keys.key(0) })).toThrow();
  defineSimulator({
    horizon: 3,
    init: () => ({ stock: 1 }),
    // @ts-expect-error a loss is a number
    step: (_theta: object, state) => ({ state, loss: np.array(1) }),
  });
  defineSimulator({
    horizon: 3,
    init: () => ({ stock: 1 }),
    // @ts-expect-error the state after a step is like the one before
    step: () => ({ state: { stock: "none" }, loss: 0 }),
  });
});
