/** Simulators: what the host executor computes is what the compiled one computes of the same problem as tensors. */
import { expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { compiledExecutor } from "./compiledExecutor.ts";
import { executorFor } from "./defaultExecutor.ts";
import { hostExecutor } from "./hostExecutor.ts";
import { defineProblem } from "./problem.ts";
import { referenceExecutor } from "./referenceExecutor.ts";
import { defineSimulator } from "./simulator.ts";
import { unroll } from "./unroll.ts";

/** s' = a s + b theta, l = |s' - 1|² / 2, a state of mixed leaves; as tensors and as plain code. */
const traced = defineProblem({
  horizon: 6,
  init: (theta: { gain: Tensor; push: Tensor }) => ({
    s: theta.push.mul(0.5),
    seen: np.array(0, { dtype: "int32" }),
  }),
  step(theta, { s, seen }) {
    const next = s.mul(theta.gain).add(theta.push);
    const error = next.sub(1);
    return { state: { s: next, seen: seen.add(1) }, loss: error.mul(error).sum().mul(0.5) };
  },
});

interface PlainTheta {
  gain: number;
  push: Float64Array;
}

const plain = defineSimulator({
  horizon: 6,
  init: (theta: PlainTheta) => ({ s: theta.push.map((x) => x * 0.5), seen: Int32Array.of(0) }),
  step(theta, state) {
    let loss = 0;
    for (let i = 0; i < state.s.length; i++) {
      state.s[i] = state.s[i]! * theta.gain + theta.push[i]!;
      loss += 0.5 * (state.s[i]! - 1) ** 2;
    }
    // Another array of the same kind is as good as a change in place.
    return { state: { s: state.s, seen: state.seen.map((x) => x + 1) }, loss };
  },
});

const theta = {
  gain: np.array(0.8, { dtype: "float64" }),
  push: np.array([0.3, -0.2, 0.1], { dtype: "float64" }),
};

test("unroll gives the losses and states of the same problem as tensors", () => {
  const options = { key: random.key(3), particles: 3 };
  const [expected, given] = [unroll(traced, theta, options), unroll(plain, theta, options)];
  expect(given.losses.shape).toEqual([6, 3]);
  given.losses.data.forEach((loss, i) => expect(loss).toBeCloseTo(expected.losses.data[i]!, 13));
  const state = given.state as { s: Tensor; seen: Tensor };
  expect(state.seen.toString()).toBe("int32[3,1]");
  expect([...state.seen.data]).toEqual([6, 6, 6]);
  state.s.data.forEach((x, i) => expect(x).toBeCloseTo((expected.state as { s: Tensor }).s.data[i]!, 13));
});

test("thetas per particle", () => {
  const thetas = tree.map((leaf) => np.stack([leaf, leaf.mul(2)]), theta);
  const both = unroll(plain, thetas, { key: random.key(0), isThetaBatched: true });
  const second = unroll(
    plain,
    tree.map((leaf) => leaf.mul(2), theta),
    { key: random.key(0) },
  );
  expect(Array.from(both.losses.data).filter((_, i) => i % 2 === 1)).toEqual([...second.losses.data]);
});

test("programs without simulators give what the base executor gives", () => {
  const options = { key: random.key(3), particles: 5 };
  const expected = unroll(traced, theta, options);
  for (const base of [compiledExecutor(), referenceExecutor()]) {
    const given = unroll(traced, theta, { ...options, steps: 2, executor: hostExecutor(base) });
    given.losses.data.forEach((loss, i) => expect(loss).toBeCloseTo(expected.losses.data[i]!, 13));
  }
});

const wander = defineSimulator({
  horizon: 5,
  init: (_theta: { scale: number }, { random }) => ({ at: random.normal(), isUp: false, seen: [0, 0] }),
  step({ scale }, state, { t, random }) {
    const isUp = random.uniform() < 0.5;
    const at = state.at + (isUp ? scale : -scale);
    return { state: { at, isUp, seen: [state.seen[0]! + random.integer(3), t] }, loss: at };
  },
});

test("random numbers depend on the particle's key and t alone", () => {
  const scale = { scale: np.array(2) };
  const run = (particles: number) => unroll(wander, scale, { key: random.key(7), particles });
  const [one, four] = [run(1), run(4)];
  expect([...run(4).losses.data]).toEqual([...four.losses.data]);
  expect([...one.losses.data]).toEqual(Array.from(four.losses.data).filter((_, i) => i % 4 === 0));
  expect(new Set(four.losses.data.slice(0, 4)).size).toBe(4);
  const common = unroll(wander, scale, { key: random.key(7), particles: 2, isCommon: true });
  expect(common.losses.data[8]).toBe(common.losses.data[9]);
  const { isUp, seen } = four.state as { isUp: Tensor; seen: Tensor[] };
  expect(isUp.toString()).toBe("bool[4]");
  expect([...seen[1]!.data]).toEqual([4, 4, 4, 4]);
});

test("a simulator inside of a transformation or a program of another executor is a typed error", () => {
  const step = (scale: Tensor) =>
    wander.step({ scale }, { at: np.array(0), isUp: np.array(0), seen: [] } as never, {
      t: np.array(0, { dtype: "int32" }),
      key: random.key(0),
      batch: undefined,
    }).loss;
  expect(() => grad(step)(np.array(1))).toThrow(OptionError);
  expect(() => grad(step)(np.array(1))).toThrow(/simulator: executor must be one that runs simulators/);
  expect(executorFor(wander).name).toBe("host");
  expect(executorFor(traced).name).toBe("compiled");
});

test("what a simulator returns is checked", () => {
  const broken = (step: () => unknown) =>
    unroll(
      defineSimulator({
        name: "broken",
        horizon: 2,
        init: () => ({ x: new Float64Array(2), n: 0 }),
        step: step as never,
      }),
      {},
      { key: random.key(0) },
    );
  const x = new Float64Array(2);
  expect(() => broken(() => ({ state: { x, n: 0 }, loss: "3" }))).toThrow(ShapeError);
  expect(() => broken(() => ({ state: { x, n: 0 }, loss: "3" }))).toThrow(
    'broken.step: the loss must be a number, got "3".',
  );
  expect(() => broken(() => undefined)).toThrow("the loss must be a number");
  expect(() => broken(() => ({ state: { x }, loss: 0 }))).toThrow(
    "broken.step: the returned state is {x}, expected a record of n, x.",
  );
  expect(() => broken(() => ({ state: { x: new Float32Array(2), n: 0 }, loss: 0 }))).toThrow(
    'the returned state at "x" is Float32Array(2), expected a typed array of 2 elements (float64).',
  );
  expect(() => broken(() => ({ state: { x, n: true }, loss: 0 }))).toThrow(
    'the returned state at "n" is true, expected a number.',
  );
  const functions = defineSimulator({
    horizon: 2,
    init: (() => ({ x: "a" })) as never,
    step: (() => {}) as never,
  });
  expect(() => unroll(functions, {}, { key: random.key(0) })).toThrow(
    "simulator.init: the state must be plain data",
  );
});
