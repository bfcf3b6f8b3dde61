/** ES estimators of simulators are those of the same problem as tensors; the others are typed errors. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type ResetPolicy, defineProblem, defineSimulator } from "../unroll/index.ts";
import { type EstimatorName, type EstimatorOptions, createEstimator, estimators } from "./registry.ts";

const traced = defineProblem({
  horizon: 6,
  init: ({ w }: { w: Tensor }) => ({ s: w.mul(0.5), n: 0 }),
  step({ w }, { s, n }, { t }) {
    const next = s.mul(0.8).add(np.sin(w)).add(n.mul(0.01));
    const error = next.sub(t.astype("float64"));
    return { state: { s: next, n: n.add(1) }, loss: error.mul(error).sum() };
  },
  finalLoss: (_theta, { s }) => s.mul(s).sum(),
});

const plain = defineSimulator({
  horizon: 6,
  init: ({ w }: { w: Float64Array }) => ({ s: w.map((x) => x * 0.5), n: 0 }),
  step({ w }, state, { t }) {
    let loss = 0;
    w.forEach((x, i) => {
      state.s[i] = 0.8 * state.s[i]! + Math.sin(x) + 0.01 * state.n;
      loss += (state.s[i]! - t) ** 2;
    });
    state.n++;
    return { state, loss };
  },
  finalLoss: (_theta, { s }) => s.reduce((sum, x) => sum + x * x, 0),
});

const theta = { w: np.array([0.3, -0.7, 1.1], { dtype: "float64" }) };

function gradients(problem: typeof plain, name: EstimatorName, options: EstimatorOptions, estimates = 5) {
  const estimator = createEstimator(name, problem, { sigma: 0.2, pairs: 5, ...options });
  let state = estimator.init(theta, random.key(1));
  return Array.from({ length: estimates }, (_, i) => {
    const estimate = estimator.estimate(theta, state, random.key(10 + i));
    state = estimate.state;
    return [estimate.loss, ...tree.flatten(estimate.gradient)];
  });
}

const cases: [EstimatorName, EstimatorOptions][] = [
  ["fullEs", { isDividedByStd: true }],
  ["truncatedEs", { truncation: 3 }],
  ["pes", { truncation: 3, resets: "staggered" }],
  ["nres", { truncation: 4, nanPolicy: "zero" }],
  ["gpes", { truncation: 2, noisePeriod: 4, resets: { minLength: 2, maxLength: 5 } as ResetPolicy }],
  ["telescopingPes", { truncation: 3 }],
];

describe("estimates are those of the problem as tensors", () => {
  test.each(cases)("%s %o", (name, options) => {
    const expected = gradients(traced as unknown as typeof plain, name, options);
    const given = gradients(plain, name, options);
    given.forEach((numbers, i) =>
      numbers.forEach((x, j) => {
        // Perturbations are drawn in float32, whose logarithms and cosines may differ in the last bit.
        const wanted = expected[i]![j]!;
        expect(Math.abs(x - wanted)).toBeLessThan(1e-6 * (1 + Math.abs(wanted)));
      }),
    );
    expect(given).toEqual(gradients(plain, name, options));
  });
});

test("estimators with derivatives are refused", () => {
  for (const { name, kind } of estimators) {
    if (kind === "es") continue;
    expect(() => createEstimator(name, plain), name).toThrow(OptionError);
    expect(() => createEstimator(name, plain), name).toThrow("use an evolution-strategy estimator");
  }
});

test("a loss that is not finite is found and named", () => {
  const breaking = defineSimulator({
    horizon: 10,
    init: () => ({ x: 0 }),
    step: ({ w }: { w: number }, { x }, { t }) => ({ state: { x: x + 1 }, loss: t === 6 && w > 1 ? NaN : w }),
  });
  const options = { truncation: 5, pairs: 3, sigma: 0.1 };
  const estimator = createEstimator("pes", breaking, options);
  const w = { w: np.array(1) };
  const first = estimator.estimate(w, estimator.init(w, random.key(0)), random.key(1));
  expect(() => estimator.estimate(w, first.state, random.key(2))).toThrow(
    /the loss of particle [+-] of pair \d became NaN at inner step 6 of its trajectory \(step 2 of 5/,
  );
  const lenient = createEstimator("pes", breaking, { ...options, nanPolicy: "zero" });
  expect(lenient.estimate(w, first.state, random.key(2)).metrics.nonFinite).toBeGreaterThan(0);
});

describe("isDividedByStd", () => {
  const options = { truncation: 6, objective: "sum" } as const;
  test("multiplies by 2 sigma and divides by the standard deviation of all losses", () => {
    const offsets = [0.5, -0.2, 0.3];
    const noise = (_theta: unknown, { pair }: { pair: Tensor }) => {
      const offset = np.array(offsets, { dtype: "float64" }).slice(pair);
      return { w: np.ones([3], { dtype: "float64" }).mul(offset) };
    };
    const known = (isDividedByStd: boolean) =>
      gradients(plain, "nres", { ...options, pairs: 3, noise, isDividedByStd }, 1)[0]!;
    const losses = offsets.flatMap((offset) => [totalLoss(offset), totalLoss(-offset)]);
    const mean = losses.reduce((sum, x) => sum + x) / 6;
    const std = Math.sqrt(losses.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 6);
    known(true)
      .slice(1)
      .forEach((x, i) => expect(x).toBeCloseTo((known(false)[i + 1]! * 2 * 0.2) / std, 8));
  });

  test("is the same with 1e8 added to every loss", () => {
    const shifted = (offset: number) => {
      const problem = defineSimulator({
        horizon: 6,
        init: ({ w }: { w: Float64Array }) => ({ s: w.slice() }),
        step: ({ w }: { w: Float64Array }, { s }) => {
          const next = s.map((x, i) => 0.5 * x + w[i]!);
          return { state: { s: next }, loss: next.reduce((sum, x) => sum + x * x, 0) + offset };
        },
      });
      return gradients(
        problem as never,
        "fullEs",
        { objective: "sum", pairs: 8, isDividedByStd: true },
        1,
      )[0]!.slice(1);
    };
    // The losses themselves are rounded to 1e-8 of the spread, which is about 1e-7 of a difference between two of them.
    const plainly = shifted(0);
    shifted(1e8).forEach((x, i) => expect(Math.abs(x / plainly[i]! - 1)).toBeLessThan(1e-6));
  });

  test("is 0 where all losses are equal", () => {
    const flat = defineSimulator({
      horizon: 4,
      init: () => ({}),
      step: (_theta: { w: Float64Array }, state) => ({ state, loss: 3 }),
    });
    const [[loss, ...gradient]] = gradients(flat as never, "fullEs", { isDividedByStd: true }, 1) as [
      number[],
    ];
    expect([loss, ...gradient]).toEqual([3, 0, 0, 0]);
  });
});

/** Summed loss of a trajectory at theta + offset. */
function totalLoss(offset: number): number {
  const w = theta.w.data.map((x) => x + offset) as Float64Array;
  let [state, sum] = [{ s: w.map((x) => x * 0.5), n: 0 }, 0];
  for (let t = 0; t < 6; t++) {
    let loss = 0;
    state = {
      s: state.s.map((s, i) => {
        const next = 0.8 * s + Math.sin(w[i]!) + 0.01 * state.n;
        loss += (next - t) ** 2;
        return next;
      }),
      n: state.n + 1,
    };
    sum += loss;
  }
  return sum;
}
