import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import {
  advance,
  defineProblem,
  defineSimulator,
  eraseProblem,
  finalLossOf,
  initialState,
  unroll,
} from "./index.ts";

const good = {
  horizon: 3,
  init: () => ({ x: np.ones([2]) }),
  step: (theta: Tensor, { x }: { x: Tensor }) => ({ state: { x: x.mul(theta) }, loss: x.sum() }),
};

describe("defineProblem refuses", () => {
  test.each([0, -1, 1.5, Number.NaN, -Infinity])("the horizon %d", (horizon) => {
    expect(() => defineProblem({ ...good, horizon })).toThrow(OptionError);
  });
  test.each(["init", "step"] as const)("a problem without %s", (part) => {
    expect(() => defineProblem({ ...good, [part]: undefined } as unknown as typeof good)).toThrow(
      new RegExp(`${part} must be a function`),
    );
  });
});

test.each([
  ["init", { init: async () => ({ x: np.ones([2]) }) }],
  ["step", { step: async (_theta: Tensor, state: unknown) => ({ state, loss: np.zeros([]) }) }],
  ["data", { data: async () => np.ones([1]) }],
])("an async %s says so, and what to do", (part, functions) => {
  const problem = defineProblem({ ...good, name: "mine", ...functions } as unknown as typeof good);
  expect(() => unroll(problem, tree.scalar(2), { key: random.key(0) })).toThrow(
    new RegExp(`^mine.${part}: it is async: it returned a promise.*remove async`),
  );
});

test.each(["init", "step"])("an async %s of a simulator says so", (part) => {
  const functions = { init: () => ({ x: 0 }), step: (_: unknown, state: unknown) => ({ state, loss: 0 }) };
  const simulator = defineSimulator({
    name: "mine",
    horizon: 2,
    ...functions,
    [part]: async () => undefined,
  } as never);
  expect(() => unroll(simulator, tree.scalar(2), { key: random.key(0) })).toThrow(/it is async/);
});

describe("a step is refused", () => {
  const theta = tree.scalar(2);
  const run = (step: unknown) => () =>
    unroll(defineProblem({ ...good, name: "mine", step: step as typeof good.step }), theta, {
      key: random.key(0),
    });
  const cases: [string, unknown, RegExp][] = [
    ["that returns another shape", () => ({ state: { x: np.ones([3]) }, loss: np.zeros([]) }), /mine\.step: the returned state at "x" is float32\[3\], expected float32\[2\]/],
    ["that returns another dtype", () => ({ state: { x: np.ones([2], { dtype: "int32" }) }, loss: np.zeros([]) }), /"x" is int32\[2\], expected float32\[2\]/],
    ["that leaves out a leaf", () => ({ state: {}, loss: np.zeros([]) }), /"x" is missing/],
    ["that adds a leaf", (_: Tensor, { x }: { x: Tensor }) => ({ state: { x, y: x }, loss: x.sum() }), /unexpected leaf "y"/],
    ["whose loss is not a scalar", (_: Tensor, { x }: { x: Tensor }) => ({ state: { x }, loss: x }), /the loss must be a scalar tensor, got .*float32\[2\]\. Sum or average it/],
    ["whose loss is missing", (_: Tensor, state: unknown) => ({ state }), /must return \{ state, loss \}/],
    ["that returns nothing", () => undefined, /must return \{ state, loss \}/],
  ]; // prettier-ignore
  test.each(cases)("%s", (_what, step, text) => {
    expect(run(step)).toThrow(ShapeError);
    expect(run(step)).toThrow(text);
  });
});

test("a step that returns nothing but null is refused too", () => {
  const problem = defineProblem({ ...good, name: "mine", step: (() => null) as unknown as typeof good.step });
  expect(() => unroll(problem, tree.scalar(2), { key: random.key(0) })).toThrow(
    /must return \{ state, loss \}/,
  );
});

test("the state takes theta's float type, integers stay; numbers become scalars", () => {
  const problem = defineProblem({
    ...good,
    init: () => ({ x: np.ones([2]), count: np.array([1], { dtype: "int32" }), rate: 0.5 }),
    step: (_theta: Tensor, state: { x: Tensor; count: Tensor; rate: Tensor }) => ({
      state,
      loss: state.x.sum(),
    }),
  });
  const state = initialState(eraseProblem(problem), tree.scalar(1, "float64"), random.key(0));
  expect(tree.entries(state).map(([path, leaf]) => `${path} ${leaf.toString()}`)).toEqual([
    "count int32[1]",
    "rate float64[]",
    "x float64[2]",
  ]);
});

describe("keys", () => {
  const drawing = eraseProblem(
    defineProblem({
      horizon: 5,
      init: (_theta: Tensor, key) => random.normal(key, []),
      data: (key) => random.normal(key, []),
      step: (_theta: Tensor, s: Tensor, { key, batch }) => ({
        state: s,
        loss: np
          .stack([batch, random.normal(key, [])])
          .mul(np.array([1, 1000]))
          .sum(),
      }),
      finalLoss: (_theta, _s, batch) => batch,
    }),
  );
  const theta = tree.scalar(0);
  const lossAt = (t: number, seed: number) =>
    advance(drawing, theta, tree.scalar(0), tree.scalar(t, "int32"), random.key(seed)).loss.item();
  test("data and noise of a step depend on the trajectory and the step, and on nothing else", () => {
    expect(lossAt(2, 1)).toBe(lossAt(2, 1));
    const all = [lossAt(0, 1), lossAt(1, 1), lossAt(2, 1), lossAt(0, 2), lossAt(1, 2)];
    expect(new Set(all).size).toBe(all.length);
  });
  test("the evaluation batch is drawn once per trajectory", () => {
    const at = (seed: number) => finalLossOf(drawing, theta, tree.scalar(0), random.key(seed)).item();
    expect(at(1)).toBe(at(1));
    expect(at(1)).not.toBe(at(2));
  });
});
