/** What `defineProblem` infers, however much of it the user annotates. */
import { expectTypeOf, test } from "vitest";
import { type Tensor, np, tree } from "../array/index.ts";
import { type Problem, defineProblem } from "./index.ts";

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
