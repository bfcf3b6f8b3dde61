/** Sizes against counts by hand. */
import { expect, test } from "vitest";
import { type Tensor, np, tree } from "../array/index.ts";
import { type GradientEstimator, nres, pes, tbptt } from "../estimators/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { stateSizes } from "./index.ts";

const problem = defineProblem({
  horizon: 10,
  init: () => ({ x: np.zeros([4]), seen: tree.scalar(0, "int32") }),
  step: ({ a, b }: { a: Tensor; b: Tensor }, { x, seen }) => ({
    state: { x: x.mul(a.sum()).add(b), seen: seen.add(1) },
    loss: x.sum(),
  }),
});
const theta = { a: np.ones([3]), b: np.ones([]) };

test("theta and the state of one particle", () => {
  const { theta: parameters, state, kept } = stateSizes(problem, theta);
  expect(parameters).toMatchObject({ numbers: 4, floats: 4, bytes: 16 });
  expect(state).toMatchObject({ numbers: 5, floats: 4, bytes: 20 });
  expect(state.leaves).toEqual([
    { path: "seen", shape: [], dtype: "int32", bytes: 4 },
    { path: "x", shape: [4], dtype: "float32", bytes: 16 },
  ]);
  expect(kept).toBeUndefined();
  const wide = { a: np.ones([3], { dtype: "float64" }), b: np.ones([], { dtype: "float64" }) };
  expect(stateSizes(problem, wide).state.bytes).toBe(36);
});

test("what estimators keep: 2 N (S + P) floats of pes and nres, one state of tbptt, and theta's shapes", () => {
  const floats = (estimator: GradientEstimator<typeof theta>) =>
    stateSizes(problem, theta, estimator).kept!.floats;
  // Two states, eps and xi of each pair, and the shapes of theta once.
  expect(floats(pes(problem, { pairs: 5 }))).toBe(5 * (2 * 4 + 2 * 4) + 4);
  expect(floats(nres(problem, { pairs: 7 }))).toBe(7 * (2 * 4 + 2 * 4) + 4);
  expect(floats(tbptt(problem))).toBe(4 + 4);
});

test("something else is refused", () => {
  expect(() => stateSizes({ step: 1 } as never, theta)).toThrow(/problem must be an inner problem/);
});
