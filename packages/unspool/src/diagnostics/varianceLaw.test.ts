/**
 * Closed forms against independent numbers: the linear-quadratic systems below have gradients by window and variances
 * that were computed in plain float64 outside of the library (200,000 trajectories agreed with them within 3 %).
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { bptt, createEstimator, nres, pes } from "../estimators/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import {
  type WindowGradients,
  mergeWindows,
  pairVariances,
  totalVariance,
  unitGradients,
  windowGradients,
  windowSquares,
} from "./index.ts";

/** s' = A s + B theta, l = |s' - goal|² / 2, in float64. */
function linear(
  matrices: { a: number[][]; b: number[][]; start: number[]; goal: number[] },
  horizon: number,
): Problem<Tensor, Tensor, undefined> {
  const wide = { dtype: "float64" } as const;
  const [a, b, goal] = [
    np.array(matrices.a, wide),
    np.array(matrices.b, wide),
    np.array(matrices.goal, wide),
  ];
  return defineProblem({
    horizon,
    init: () => np.array(matrices.start, wide),
    step(theta: Tensor, s: Tensor) {
      const next = np.matmul(a, s).add(np.matmul(b, theta));
      const miss = next.sub(goal);
      return { state: next, loss: miss.mul(miss).sum().mul(0.5) };
    },
  });
}

const key = random.key(3);
const scalar = linear({ a: [[0.8]], b: [[1]], start: [0.5], goal: [1] }, 6);
const scalarTheta = np.array([0.3], { dtype: "float64" });
const planar = linear(
  {
    a: [
      [0.9, 0.2],
      [-0.1, 0.7],
    ],
    b: [
      [1, 0],
      [0.5, -1],
    ],
    start: [1, -1],
    goal: [0.5, -0.25],
  },
  4,
);
const planarTheta = np.array([0.3, -0.2], { dtype: "float64" });

test("gradients by window of the scalar system, K = 2", () => {
  const rows = windowGradients(scalar, scalarTheta, { key, truncation: 2 });
  const wanted = [[-0.552], [0.0868608, 0.15072], [0.33417658368, 0.522150912, 0.6004608]];
  rows.forEach((row, w) => row.forEach((g, b) => expect(g[0]).toBeCloseTo(wanted[w]![b]!, 11)));
});

test.each([
  ["scalar", 1, 4.6987046726, 2.6100143015, 2.3341581118],
  ["scalar", 2, 4.9913587411, 2.6100143015, 1.6331248866],
  ["scalar", 6, 2.6100143015, 2.6100143015, 0],
  ["planar", 1, 208.4713014229, 276.3646072887, 81.9835089322],
  ["planar", 2, 237.8841771147, 276.3646072887, 50.08252214421],
] as const)(
  "total variances of the %s system, K = %i",
  (system, truncation, wantedPes, wantedNres, wantedAnalytic) => {
    const rows =
      system === "scalar"
        ? windowGradients(scalar, scalarTheta, { key })
        : windowGradients(planar, planarTheta, { key });
    const law = pairVariances(mergeWindows(rows, truncation));
    expect(law.pes).toBeCloseTo(wantedPes, 8);
    expect(law.nres).toBeCloseTo(wantedNres, 8);
    expect(law.pesAnalytic).toBeCloseTo(wantedAnalytic, 8);
  },
);

test("truncated ES and single windows", () => {
  const rows = windowGradients(planar, planarTheta, { key });
  expect(pairVariances(rows).truncatedEs).toBeCloseTo(11.9910471319, 8);
  expect(pairVariances(mergeWindows(rows, 2)).truncatedEs).toBeCloseTo(53.6707847951, 8);
  const squares = windowSquares(windowGradients(scalar, scalarTheta, { key, truncation: 2 }));
  [0.914112, 0.173411907, 6.4790704858].forEach((x, w) => expect(squares.pes[w]).toBeCloseTo(x, 8));
  [0.914112, 0.1693339096, 6.3666964153].forEach((x, w) => expect(squares.nres[w]).toBeCloseTo(x, 8));
});

/** Windows that only depend on the theta of their own. */
function independent(gradients: readonly Float64Array[]): WindowGradients {
  return gradients.map((own, w) =>
    Array.from({ length: w + 1 }, (_, b) => (b === w ? own : own.map(() => 0))),
  );
}

describe("limiting cases, in units of |grad|²", () => {
  const [size, count] = [20, 32];
  test("equal windows without cross-dependence: P (1 + 1/W) / 2 + 1/W", () => {
    const one = Float64Array.from({ length: size }, (_, i) => Math.sin(i + 1));
    const { pes: variance, squaredGradient } = pairVariances(
      independent(Array.from({ length: count }, () => one)),
    );
    const wanted = (size * (1 + 1 / count)) / 2 + 1 / count;
    expect(variance / squaredGradient).toBeCloseTo(wanted, 9);
  });
  test("independent zero-mean windows: about P (W + 1) / 2 + 1", { tags: ["long"] }, () => {
    const draws = random.normal(random.key(1), [200, count, size]).data;
    let [variance, squared] = [0, 0];
    for (let r = 0; r < 200; r++) {
      const row = (w: number) =>
        Float64Array.from(draws.slice((r * count + w) * size, (r * count + w + 1) * size));
      const law = pairVariances(independent(Array.from({ length: count }, (_, w) => row(w))));
      variance += law.pes;
      squared += law.squaredGradient;
    }
    // |grad|² of 200 draws of 20 normals: 2.2 % standard error.
    expect(variance / squared / ((size * (count + 1)) / 2 + 1)).toBeCloseTo(1, 1); // within 0.05
  });
});

test("a state that begins at theta: the sum over windows is the gradient of BPTT, integers in the state", () => {
  const problem = defineProblem({
    horizon: 5,
    init: (theta: { a: Tensor; b: Tensor }) => ({ x: theta.b.mul(2), count: np.array(Int32Array.of(0)) }),
    step({ a, b }: { a: Tensor; b: Tensor }, { x, count }) {
      const next = np.tanh(x.mul(a).add(b));
      return { state: { x: next, count: count.add(1) }, loss: next.mul(next).sum().add(a.mul(b).sum()) };
    },
  });
  const wide = { dtype: "float64" } as const;
  const theta = { a: np.array([0.7, -1.2], wide), b: np.array([0.3, 0.4], wide) };
  const sum = new Float64Array(4);
  for (const g of windowGradients(problem, theta, { key }).flat()) g.forEach((x, i) => (sum[i]! += x));
  const whole = bptt(problem, { objective: "sum" });
  const { gradient } = whole.estimate(theta, whole.init(theta, key), key);
  tree.flatten(gradient).forEach((x, i) => expect(sum[i]).toBeCloseTo(x, 12));
});

test.each(["pes", "nres", "truncatedEs", "pesAnalytic"] as const)(
  "%s, pair by pair, has the variance of the law",
  { tags: ["long"] },
  (name) => {
    const law = pairVariances(windowGradients(planar, planarTheta, { key }));
    const estimator = createEstimator(name, planar, {
      sigma: 0.2,
      pairs: 20_000,
      truncation: 1,
      objective: "sum",
      // PES-Analytic has no recurrence: its estimates say what each pair contributes.
      keepsPairs: name === "pesAnalytic",
    });
    const sample = unitGradients(estimator, planarTheta, { key, windows: 4 });
    const { value, error, variances } = totalVariance(sample);
    expect(error / value).toBeLessThan(0.03);
    expect(variances[0]! + variances[1]!).toBeCloseTo(value, 8);
    expect(Math.abs(value - law[name]) / error).toBeLessThan(4);
  },
);

test("pairs that an estimator keeps say what its recurrence does", () => {
  const options = { sigma: 0.2, pairs: 5, truncation: 2 } as const;
  const { recurrence: _none, ...alone } = pes(planar, { ...options, keepsPairs: true });
  const [kept, run] = [alone, pes(planar, options)].map((estimator) =>
    unitGradients(estimator, planarTheta, { key, windows: 3 }),
  );
  kept!.total.forEach((x, i) => expect(run!.total[i]).toBeCloseTo(x, 10));
  kept!.windowSquares.forEach((x, i) => expect(run!.windowSquares[i]).toBeCloseTo(x, 10));
});

test("the sum over windows is what the estimates add up to, window by window", () => {
  const estimator = pes(planar, { sigma: 0.2, pairs: 5, truncation: 2, objective: "sum" });
  const { total, windowSquares: squares } = unitGradients(estimator, planarTheta, { key, windows: 2 });
  let state = estimator.init(planarTheta, random.foldIn(key, "init"));
  const sum = [0, 0];
  for (let w = 0; w < 2; w++) {
    const estimate = estimator.estimate(planarTheta, state, random.foldIn(key, w));
    state = estimate.state;
    estimate.gradient.data.forEach((x, p) => (sum[p]! += x));
  }
  sum.forEach((x, p) =>
    expect(total.reduce((all, y, i) => (i % 2 === p ? all + y / 5 : all), 0)).toBeCloseTo(x, 10),
  );
  expect(squares).toHaveLength(2);
});

test("what cannot be done is said", () => {
  expect(() => unitGradients(bptt(planar), planarTheta, { key, windows: 1 })).toThrow(
    /one with a recurrence/,
  );
  expect(() => unitGradients(nres(planar), planarTheta, { key, windows: 0 })).toThrow(/windows must be/);
  expect(() => windowGradients(planar, planarTheta, { key, truncation: 3 })).toThrow(/a divisor of 4/);
  expect(() => mergeWindows(independent([new Float64Array(1)]), 2)).toThrow(/a divisor of 1/);
});
