/** Leaves of a state that never change: left out by estimators, whatever they are called, with the same results. */
import { expect, test } from "vitest";
import { bptt, mixture, pes, rtrl, uoro } from "../estimators/index.ts";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { changingState } from "./constantState.ts";
import { defineProblem, eraseProblem, initialState } from "./problem.ts";

const matrix = np.array([
  [0.5, 0.2],
  [-0.3, 0.4],
]);

type State = { data: { a: Tensor; scale: number }; s: Tensor; start: Tensor; count: Tensor };

/** The matrix and the scale never change; `start` does not either, but is theta's; `count` begins alike and changes. */
const carried = defineProblem({
  name: "carried",
  horizon: 6,
  init: (theta: { x: Tensor }): State => ({
    data: { a: matrix, scale: 2 },
    s: np.ones([2]),
    start: theta.x.mul(1),
    count: np.zeros([]),
  }),
  step({ x }, { data, s, start, count }) {
    const next = np.matmul(data.a, s).add(x.mul(data.scale)).add(start);
    // Another order of the names than init's.
    return { state: { count: count.add(1), start, s: next, data }, loss: next.mul(next).sum() };
  },
});

/** The same with constants of the closure. */
const closed = defineProblem({
  name: "closed",
  horizon: 6,
  init: (theta: { x: Tensor }) => ({ s: np.ones([2]), start: theta.x.mul(1), count: np.zeros([]) }),
  step({ x }, { s, start, count }) {
    const next = np.matmul(matrix, s).add(x.mul(2)).add(start);
    return { state: { s: next, start, count: count.add(1) }, loss: next.mul(next).sum() };
  },
});

const theta = { x: np.array([0.3, -0.2]) };

test("the state of estimators holds what changes", () => {
  const problem = changingState(eraseProblem(carried));
  const state = initialState(problem, theta, random.key(1));
  expect(tree.entries(state).map(([path]) => path)).toEqual(["count", "s", "start"]);
  expect(problem.whole?.problem).toBe(carried);
});

test.each([
  ["pes", pes],
  ["bptt", bptt],
  ["rtrl", rtrl],
  ["uoro", uoro],
] as const)("%s has the bits that it has with constants of the closure", (name, create) => {
  const options = name === "pes" ? { pairs: 3, truncation: 4, sigma: 0.1 } : {};
  const [one, other] = [carried, closed].map((problem) => {
    const estimator = (create as typeof pes)(problem as typeof closed, options);
    let state = estimator.init(theta, random.key(2));
    const gradients: number[][] = [];
    for (let i = 0; i < 4; i++) {
      const estimate = estimator.estimate(theta, state, random.foldIn(random.key(3), i));
      state = estimate.state;
      gradients.push([estimate.loss, ...estimate.gradient.x.data]);
    }
    return { gradients, size: JSON.stringify(state).length };
  });
  expect(one!.gradients).toEqual(other!.gradients);
});

const dtypes = ["float32", "float64"] as const;

test.each(dtypes)("a state of %s goes on where init was never called, as after a resume", (dtype) => {
  const fresh = () => pes({ ...carried }, { pairs: 2, truncation: 3, sigma: 0.1 });
  const [first, second] = [fresh(), fresh()];
  const at = { x: theta.x.astype(dtype) };
  const state = first.init(at, random.key(2));
  const [one, other] = [first, second].map((estimator) => estimator.estimate(at, state, random.key(3)));
  expect(other).toEqual(one);
});

test.each(dtypes)("an estimator of %s may ask for the first time in the middle of a trace", (dtype) => {
  const at = { x: theta.x.astype(dtype) };
  const [one, other] = [carried, closed].map((problem) => {
    const estimator = mixture(problem as typeof closed, { pairs: 2, sigma: 0.1 });
    return estimator.estimate(at, estimator.init(at, random.key(2)), random.key(3)).gradient;
  });
  expect(one).toEqual(other);
});

test("a start that takes operations to make stays in the state", () => {
  const computed = {
    ...carried,
    init: (at: { x: Tensor }) => ({ ...carried.init(at, random.key(0)), more: matrix.mul(2) }),
  };
  const stepping = (at: { x: Tensor }, { more, ...state }: { more: Tensor }, context: object) => {
    const next = carried.step(at, state as never, context as never);
    return { ...next, state: { ...next.state, more } };
  };
  const problem = changingState(eraseProblem({ ...computed, step: stepping } as never));
  const names = tree.entries(initialState(problem, theta, random.key(1))).map(([path]) => path);
  expect(names).toEqual(["count", "more", "s", "start"]);
});

test("in float64 a constant is in float64 too", () => {
  const problem = changingState(eraseProblem(carried));
  const wide = { x: theta.x.astype("float64") };
  const estimator = bptt(carried);
  const { gradient } = estimator.estimate(wide, estimator.init(wide, random.key(0)), random.key(1));
  expect(gradient.x.dtype).toBe("float64");
  expect(tree.floatType(initialState(problem, wide, random.key(0)))).toBe("float64");
});

test("a state that never changes stays as it is", () => {
  const still = defineProblem({
    horizon: 3,
    init: () => ({ a: matrix }),
    step: ({ x }: { x: Tensor }, { a }) => ({ state: { a }, loss: np.matmul(a, x).sum() }),
  });
  const state = initialState(changingState(eraseProblem(still)), theta, random.key(0));
  expect(tree.entries(state).map(([path]) => path)).toEqual(["a"]);
});
