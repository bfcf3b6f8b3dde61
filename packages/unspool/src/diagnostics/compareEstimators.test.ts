import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { compareEstimators } from "./index.ts";

/** s' = 0.8 s + theta, l = (s - 1)² / 2, six steps from 0.5: gradient of the sum at 0.3 is 1.14236909568 (by hand, in rationals). */
const scalar = defineProblem({
  name: "scalar",
  horizon: 6,
  init: () => np.array(0.5),
  step(theta: Tensor, s) {
    const next = s.mul(0.8).add(theta);
    const miss = next.sub(1);
    return { state: next, loss: miss.mul(miss).mul(0.5) };
  },
});
const theta = np.array(0.3, { dtype: "float64" });
const exact = 1.14236909568;
/** Sum of the windows' own parts at K = 2: what truncated estimators have as their mean. */
const truncated = -0.552 + 0.15072 + 0.6004608;

const comparison = compareEstimators(scalar, theta, {
  estimators: ["pes", "nres", "tes", "tbptt", "rtrl", "uoro", "bptt"],
  options: { truncation: 2, pairs: 4, sigma: 0.1, objective: "sum" },
  innerSteps: 4 * 2 * 6 * 400,
  truncations: [1, 2, 6],
  key: random.key(3),
});
const of = (name: string, from = comparison.estimators) => from.find((one) => one.name === name)!;

describe("a linear system with a quadratic loss, K = 2", () => {
  test("the reference is backpropagation in float64, exact", () => {
    expect(comparison.reference.method).toBe("bptt");
    expect(comparison.reference.gradient[0]).toBeCloseTo(exact, 11);
    expect(comparison.isDeterministic).toBe(true);
  });
  test("unbiased estimators are within 4 standard errors, which are those of their variance", () => {
    for (const name of ["pes", "nres", "uoro"]) {
      const { z, samples, standardError, variance } = of(name);
      expect(Math.abs(z)).toBeLessThan(4);
      expect(standardError[0]).toBeCloseTo(Math.sqrt(variance / samples), 12);
    }
  });
  test("the variance of PES and NRES is the closed form of quadratic losses over the pairs", () => {
    // Per pair 4.9913587411 and 2.6100143015; 400 samples: standard error of a variance sqrt(2 / 399) = 7 %.
    expect(Math.abs(of("pes").variance / (4.9913587411 / 4) - 1)).toBeLessThan(0.28);
    expect(Math.abs(of("nres").variance / (2.6100143015 / 4) - 1)).toBeLessThan(0.28);
  });
  test("truncated estimators have the bias of what they leave out", () => {
    expect(of("tbptt").bias[0]).toBeCloseTo(truncated - exact, 10);
    expect(of("tbptt").standardError[0]).toBe(0);
    const tes = of("tes");
    expect(Math.abs(tes.bias[0]! - (truncated - exact)) / tes.standardError[0]!).toBeLessThan(4);
    expect(Math.abs(tes.z)).toBeGreaterThan(20);
    expect(tes.meanSquaredError).toBeCloseTo((truncated - exact) ** 2 + tes.variance, 1);
  });
  test("exact estimators are exact", () => {
    for (const name of ["rtrl", "bptt"]) {
      expect(of(name).mean[0]).toBeCloseTo(exact, 10);
      expect([of(name).variance, of(name).samples]).toEqual([0, 2]);
    }
  });
  test("a window of the whole trajectory has no truncation bias; one step has the most", () => {
    const at = (truncation: number) => comparison.byTruncation.filter((one) => one.truncation === truncation);
    expect(at(6).map(({ name }) => name)).not.toContain("bptt");
    expect(of("tbptt", at(6)).mean[0]).toBeCloseTo(exact, 10);
    // By hand: the sum of the windows' own parts at K = 1.
    expect(of("tbptt", at(1)).mean[0]).toBeCloseTo(0.048576, 10);
  });
  test("whole-trajectory ES and NRES, given the same perturbations, are equal sample by sample: random numbers are common", () => {
    const whole = compareEstimators(scalar, theta, {
      estimators: ["nres", "fullEs"],
      options: { truncation: 6, pairs: 4, sigma: 0.1, objective: "sum" },
      truncations: [],
    });
    expect(whole.estimators[0]!.mean[0]).toBeCloseTo(whole.estimators[1]!.mean[0]!, 12);
  });
});

test("where derivatives explode, the reference is full ES, and says why", () => {
  // x' = 4 x (1 - x) 60 times, plus theta: the exact gradient has about 2^60 of noise in it.
  const chaotic = defineProblem({
    horizon: 60,
    init: (start: Tensor) => start,
    step(_theta: Tensor, x) {
      const next = x.mul(x.neg().add(1)).mul(4);
      return { state: next, loss: next };
    },
  });
  const { reference } = compareEstimators(chaotic, np.array(0.3), {
    estimators: ["nres", "bptt"],
    options: { truncation: 10, pairs: 8, sigma: 0.01 },
    truncations: [],
    innerSteps: 20_000,
  });
  expect(reference.method).toBe("fullEs");
  expect(reference.description).toMatch(/because the exact gradient is \d+e\+\d+ times as long/);
});

test("an estimator that cannot be used is told, and does not end the comparison", () => {
  const rounded = defineProblem({
    horizon: 4,
    isDifferentiable: false,
    init: () => np.array(0),
    step: (by: Tensor, s) => ({ state: s.add(by), loss: np.floor(s.mul(10)) }),
  });
  const { estimators, failed, reference } = compareEstimators(rounded, np.array(0.3), {
    estimators: ["nres", "rtrl"],
    options: { truncation: 2 },
    truncations: [],
    innerSteps: 2000,
  });
  expect(estimators.map(({ name }) => name)).toEqual(["nres"]);
  expect(reference.method).toBe("fullEs");
  expect(failed[0]!.error).toContain("isDifferentiable is false");
});

test("a closed form is the reference where it is given", () => {
  const { reference } = compareEstimators(scalar, theta, {
    estimators: ["rtrl"],
    options: { truncation: 6, objective: "sum" },
    truncations: [],
    exactGradient: () => np.array(exact, { dtype: "float64" }),
  });
  expect([reference.method, reference.gradient[0]]).toEqual(["exact", exact]);
});

test("wrong options are told", () => {
  const compare = (given: object) => () =>
    compareEstimators(scalar, theta, { estimators: ["pes"], truncations: [], ...given });
  expect(compare({ estimators: [] })).toThrow(OptionError);
  expect(compare({ estimators: ["pse"] })).toThrow(/Did you mean/);
  expect(compare({ options: { truncation: 4 } })).toThrow("a divisor of the horizon 6");
  expect(compare({ truncations: [5] })).toThrow("truncations must be a divisor of the horizon 6");
  expect(compare({ innerSteps: 0 })).toThrow(OptionError);
  expect(compare({ reference: "best" })).toThrow(OptionError);
});
