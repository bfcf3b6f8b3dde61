/**
 * Means and variances of some estimators on the scalar system of the card on persistent evolution strategies (claims C4
 * and C5, values of 6.2 (a), K = 2): 50,000 single pairs, batched in one estimate, float64, fixed seeds. The conformance
 * suite has the mean of every estimator, and `test/paper/estimatorStatistics.test.ts` all that the card says.
 *
 * Power: the standard error of the gradient is 0.010 (PES), so that 4 of them are 3.5 % of it; the relative standard
 * error of a variance is about 1 %.
 */
import { expect, test } from "vitest";
import { dodge, nres, pes, telescopingPes, truncatedEs } from "./index.ts";
import { columnMoments, contributions, f64, linearProblem, scalarSystem, sumOf } from "./testing.ts";

const problem = linearProblem(scalarSystem);
const count = 50_000;
const options = { sigma: 0.2, pairs: count, truncation: 2, objective: "sum" } as const;
const exact = 1.14236909568;

/** Contributions of every unit to each of the three windows. */
const windowsOf = (create: Parameters<typeof contributions>[0]) => contributions(create, f64([0.3]), 3, 11);
const momentsOf = (windows: readonly Float64Array[]) => columnMoments(sumOf(windows), 1, 0);
const squares = (windows: readonly Float64Array[]) =>
  windows.map((rows) => rows.reduce((sum, x) => sum + x * x, 0) / rows.length);

/** Variance over the trajectory, and mean squares of single windows where the card has them. */
const persistent = [
  ["pes", pes, 4.9913587411, [0.914112, 0.173411907, 6.4790704858]],
  ["nres", nres, 2.6100143015, [0.914112, 0.1693339096, 6.3666964153]],
] as const;

test.each(persistent)(
  "C4, C5: %s is unbiased, with the variance of the card",
  (_, create, variance, wanted) => {
    const windows = windowsOf((executor) => create(problem, { ...options, executor }));
    const moments = momentsOf(windows);
    expect(Math.abs(moments.mean - exact) / moments.error).toBeLessThan(4);
    expect(Math.abs(moments.variance / variance - 1)).toBeLessThan(0.03);
    // Relative standard error of a mean of squares of products of normals (kurtosis about 9): 1.3 %; 4 % is 3 of them.
    squares(windows).forEach((square, w) => expect(Math.abs(square / wanted[w]! - 1)).toBeLessThan(0.04));
  },
);

test("C4, C5: truncated ES is biased, |z| > 50, with the variance of the card", () => {
  const moments = momentsOf(windowsOf((executor) => truncatedEs(problem, { ...options, executor })));
  expect(Math.abs(moments.mean - exact) / moments.error).toBeGreaterThan(50);
  expect(Math.abs(moments.variance / 1.3759473815 - 1)).toBeLessThan(0.03);
});

test("C4: DODGE whose noise is renewed in every window is unbiased", () => {
  const { mean, error } = momentsOf(
    windowsOf((executor) =>
      dodge(problem, { tasks: count, truncation: 2, objective: "sum", noisePeriod: 2, executor }),
    ),
  );
  expect(Math.abs(mean - exact) / error).toBeLessThan(4);
});

test("C4: telescoping PES with joint weights is unbiased for the final loss", () => {
  // d l_6 / d theta of 6.2 (a): s_6 = 0.8⁶ / 2 + theta Σ_{k<6} 0.8^k, less the target 1, times its own derivative.
  const influence = (1 - 0.8 ** 6) / 0.2;
  const ofFinal = (0.5 * 0.8 ** 6 + 0.3 * influence - 1) * influence;
  const { mean, error } = momentsOf(
    windowsOf((executor) =>
      telescopingPes(problem, { sigma: 0.2, pairs: count, truncation: 2, weighting: "joint", executor }),
    ),
  );
  expect(Math.abs(mean - ofFinal) / error).toBeLessThan(4);
});
