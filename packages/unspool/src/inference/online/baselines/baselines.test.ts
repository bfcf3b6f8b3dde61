/** Filters by name against the Kalman filter of the scalar example; numbers as in linearOracles.test.ts. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../../array/index.ts";
import { NonFiniteError, OptionError } from "../../../errors.ts";
import { defineStateSpaceModel } from "../../index.ts";
import { diagonalNormal, independent, studentT } from "../../../distributions/index.ts";
import type { FilterStep } from "../onlineFilter.ts";
import { gaussianFamily } from "../gaussianFamily.ts";
import { oracleModel, oracleObservations, oracleTheta } from "../oracleTesting.ts";
import { createOnlineFilter, onlineFilterNames } from "../registry.ts";

const means = [0.365853658537, -0.100365423387, 0.526553655469];
const variances = [0.121951219512, 0.103011592742, 0.10195785484];
const logEvidence = -3.798050257455916;
const key = random.key(11);

function filtered(name: string, options: object = {}): FilterStep<typeof oracleTheta, unknown>[] {
  const filter = createOnlineFilter(name, { model: oracleModel, ...options });
  let state = filter.init(oracleTheta, key);
  return oracleObservations.map((y, t) => {
    const step = filter.step(oracleTheta, state, y, random.foldIn(key, t));
    state = step.state;
    return step;
  });
}

const number = (x: Tensor): number => x.slice(0).item();

/** Of x_1 given all three observations: m + C (m⁺ - F m), C = P F / (F² P + U), from the filter's own numbers. */
const past = (() => {
  const [m, P] = [means[1]!, variances[1]!];
  const C = (P * 0.9) / (0.81 * P + 0.3);
  return { mean: m + C * (means[2]! - 0.9 * m), variance: P + C * C * (variances[2]! - (0.81 * P + 0.3)) };
})();

test("the extended Kalman filter is exact for a linear model, and smooths one step", () => {
  const steps = filtered("ekf");
  steps.forEach(({ mean, sd }, t) => {
    expect(number(mean)).toBeCloseTo(means[t]!, 11);
    expect(number(sd) ** 2).toBeCloseTo(variances[t]!, 11);
  });
  expect(steps[2]!.logEvidence).toBeCloseTo(logEvidence, 12);
  expect(steps[0]!.past).toBeUndefined();
  expect(number(steps[2]!.past!.mean)).toBeCloseTo(past.mean, 11);
  expect(number(steps[2]!.past!.sd) ** 2).toBeCloseTo(past.variance, 11);
});

test("the ensemble Kalman filter comes near, and smooths one step", () => {
  const steps = filtered("enkf");
  // The mean of 10,000 members with a standard deviation of 0.35 has an error of 0.0035, and gains have one as large.
  steps.forEach(({ mean, sd }, t) => {
    expect(number(mean)).toBeCloseTo(means[t]!, 1);
    expect(Math.abs(number(sd) ** 2 - variances[t]!)).toBeLessThan(0.006);
  });
  expect(Math.abs(number(steps[2]!.past!.mean) - past.mean)).toBeLessThan(0.02);
  expect(Math.abs(number(steps[2]!.past!.sd) ** 2 - past.variance)).toBeLessThan(0.006);
});

test("the bootstrap filter comes near, and its evidence does", () => {
  const steps = filtered("bpf");
  steps.forEach(({ mean, sd }, t) => {
    expect(Math.abs(number(mean) - means[t]!)).toBeLessThan(0.02);
    expect(Math.abs(number(sd) ** 2 - variances[t]!)).toBeLessThan(0.008);
  });
  // Relative variance of one factor about 2 / 10,000: three of them, four standard errors.
  expect(Math.abs(steps[2]!.logEvidence! - logEvidence)).toBeLessThan(0.1);
});

test("the bootstrap filter draws anew when few particles are left, and says when none is", () => {
  const filter = createOnlineFilter("bpf", { model: oracleModel, particles: 500 });
  let state = filter.init(oracleTheta, key);
  const effective = Array.from({ length: 12 }, (_, t) => {
    const step = filter.step(oracleTheta, state, np.array([Math.sin(t)]), random.foldIn(key, t));
    state = step.state;
    return step.metrics["effectiveParticles"]!;
  });
  // Without it they would be few after twelve steps.
  expect(Math.min(...effective)).toBeGreaterThan(20);
  const far = np.array([1e200], { dtype: "float64" });
  expect(() => filter.step(oracleTheta, state, far, key)).toThrow(NonFiniteError);
});

test("a step without an observation leaves ensembles and particles where the transition took them", () => {
  for (const name of ["enkf", "bpf", "ekf"]) {
    const filter = createOnlineFilter(name, { model: oracleModel });
    const { state, mean } = filter.step(
      oracleTheta,
      filter.init(oracleTheta, key),
      oracleObservations[0]!,
      key,
    );
    const next = filter.step(oracleTheta, state, null, random.foldIn(key, 1));
    expect(Math.abs(number(next.mean) - 0.9 * number(mean))).toBeLessThan(0.03);
    expect(Math.abs(number(next.sd) ** 2 - (0.81 * variances[0]! + 0.3))).toBeLessThan(0.02);
  }
});

test("the Kalman filter with recursive maximum likelihood has the predictive score", () => {
  const filter = createOnlineFilter("rmle", { model: oracleModel });
  let state = filter.init(oracleTheta, key);
  let evidence = 0;
  for (const [t, y] of [...oracleObservations, ...oracleObservations].entries()) {
    const { state: next, gradient, logEvidence: told } = filter.step(oracleTheta, state, y, key);
    if (t === 2) expect(told).toBeCloseTo(logEvidence, 11);
    expect(gradient === undefined).toBe(t < 5);
    // Finite differences of the evidence by F at the last step.
    if (t === 5) {
      const wanted =
        (evidenceAt(0.9 + 1e-5, 6) -
          evidenceAt(0.9 - 1e-5, 6) -
          (evidenceAt(0.9 + 1e-5, 5) - evidenceAt(0.9 - 1e-5, 5))) /
        2e-5;
      expect(number(gradient!.F)).toBeCloseTo(-wanted, 6);
    }
    [state, evidence] = [next, told!];
  }
  expect(evidence).toBeCloseTo(evidenceAt(0.9, 6), 10);
});

/** log p of the first `steps` of the observations taken twice, by the scalar recursion. */
function evidenceAt(F: number, steps: number): number {
  let [m, P, sum] = [0, 1, 0];
  for (let t = 0; t < steps; t++) {
    if (t > 0) [m, P] = [F * m, F * F * P + 0.3];
    const y = oracleObservations[t % 3]!.slice(0).item();
    const [S, gap] = [1.44 * P + 0.2, y - 1.2 * m];
    sum -= (Math.log(2 * Math.PI * S) + (gap * gap) / S) / 2;
    const K = (P * 1.2) / S;
    [m, P] = [m + K * gap, (1 - K * 1.2) * P];
  }
  return sum;
}

test(
  "all filters by name run, and those that leave the past out leave regressors out",
  { tags: ["long"] },
  () => {
    const variational = {
      ...{ family: gaussianFamily({ past: "diagonal" }), phi: { steps: 2 }, elboSamples: 5 },
      regressors: { T: "exact" as const },
    };
    for (const name of onlineFilterNames) {
      const steps = filtered(name, { variational, particles: 50 });
      expect(
        steps.every(({ mean }) => Number.isFinite(number(mean))),
        name,
      ).toBe(true);
    }
    expect(() => createOnlineFilter("aelbo-2", { model: oracleModel })).toThrow(/Did you mean "aelbo2"/);
  },
);

test("an emission without a variance is refused by the extended filter, and other models by rmle", () => {
  const heavy = defineStateSpaceModel({
    name: "heavy",
    stateSize: 1,
    observationSize: 1,
    init: () => ({ a: np.array(1) }),
    initial: () => diagonalNormal({ mean: [0], sd: 1 }),
    transition: (_, x) => diagonalNormal({ mean: x, sd: 0.1 }),
    emission: (_, x) => independent(studentT({ df: 2, loc: x, scale: 0.1 }), 1),
  });
  const theta = heavy.init(key);
  const ekf = createOnlineFilter("ekf", { model: heavy });
  expect(() => ekf.step(theta, ekf.init(theta, key), np.array([0]), key)).toThrow(
    /without a finite variance/,
  );
  expect(() => createOnlineFilter("rmle", { model: heavy })).toThrow(OptionError);
});
