/** Learning agents under the estimators of inner problems. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { bptt, rtrl, tbptt } from "../../estimators/index.ts";
import { unroll } from "../../unroll/index.ts";
import {
  bandit,
  centralDifferences,
  exactMetaGradient,
  learnedRates,
  lifetimeProblem,
  metaGradient,
} from "../index.ts";

const task = bandit({ arms: [2, 1, 0.5], updates: 6, batch: 2, rewardNoise: 0, rate: learnedRates() });
const eta = { rates: np.array(1.5, { dtype: "float64" }) };
const flat = (gradient: { rates: Tensor }) => tree.flatten(gradient)[0]!;

describe("reverse and forward mode through the surrogate are meta-gradients", () => {
  /** One lifetime each: the same random numbers, so the same lifetimes, whichever estimator. */
  test.each([
    ["half the correction", { samplingCorrection: { coefficient: 0.5 } }],
    ["DiCE, meta-discount .9", { hessian: "dice", metaDiscount: 0.9 }],
  ] as const)("bptt and rtrl agree: %s", (_name, switches) => {
    const problem = lifetimeProblem(task, { derivative: "surrogate", ...switches });
    const reverse = bptt(problem, { tasks: 8 });
    const key = random.key(3);
    const whole = flat(reverse.estimate(eta, reverse.init(eta, key), key).gradient);
    const forward = rtrl(problem, { tasks: 8, truncation: 6 });
    expect(flat(forward.estimate(eta, forward.init(eta, key), key).gradient)).toBeCloseTo(whole, 12);
  });

  test("tbptt is metaGradient with contiguous windows, within 4 standard errors", () => {
    const lifetimes = 5000;
    const own = metaGradient(task, { lifetimes, truncation: { length: 3, start: "contiguous" } });
    const other = tbptt(lifetimeProblem(task, { derivative: "surrogate" }), {
      tasks: lifetimes,
      truncation: 3,
    });
    let state = own.init(eta, random.key(5));
    let otherState = other.init(eta, random.key(6));
    for (let window = 0; window < 2; window++) {
      const ours = own.estimate(eta, state, random.key(7));
      const theirs = other.estimate(eta, otherState, random.key(8));
      [state, otherState] = [ours.state, theirs.state];
      const error = Math.sqrt((2 * variance(ours.info.perLifetimeGradient.data)) / lifetimes);
      expect(Math.abs(flat(ours.gradient) - flat(theirs.gradient))).toBeLessThan(4 * error);
    }
  });
});

function variance(samples: ArrayLike<number>): number {
  const all = Array.from(samples);
  const mean = all.reduce((a, b) => a + b) / all.length;
  return all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
}

describe("sampled estimates against enumeration, |z| < 4", () => {
  const single = bandit({ arms: [2, 1, 0.5], updates: 6, batch: 1, rewardNoise: 0, rate: learnedRates() });
  const { loss, gradient } = exactMetaGradient(single, eta);
  const exact = flat(gradient);
  const lifetimes = 40_000;
  const z = (samples: ArrayLike<number>, expected: number) => {
    const mean = Array.from(samples).reduce((a, b) => a + b) / samples.length;
    return Math.abs(mean - expected) / Math.sqrt(variance(samples) / samples.length);
  };

  test("losses of the problem", () => {
    const { losses } = unroll(lifetimeProblem(single), eta, { key: random.key(1), particles: 10_000 });
    expect(z(losses.mean(0).data, loss)).toBeLessThan(4);
  });

  test("metaGradient, none, leave-one-out and constant baselines", () => {
    for (const baseline of ["none", "leaveOneOut", 1.39] as const) {
      const estimator = metaGradient(single, { lifetimes, baseline });
      const { info } = estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(11));
      expect(z(info.perLifetimeGradient.data, exact)).toBeLessThan(4);
      // C4 and C5: .2739 without a baseline, .0313 with the mean return; leave-one-out removes each update's mean.
      const spread = variance(info.perLifetimeGradient.data);
      expect(spread).toBeLessThan(baseline === "none" ? 0.29 : 0.035);
      expect(spread).toBeGreaterThan(baseline === "none" ? 0.26 : 0.025);
    }
  });

  test("central differences with common keys", () => {
    const estimator = centralDifferences(lifetimeProblem(single), { trajectories: lifetimes });
    const { info } = estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(12));
    expect(z(info.perTrajectoryGradient.data, exact)).toBeLessThan(4);
  });

  test("evolution strategies: independent keys cost at least ten times the variance of common ones", () => {
    const spread = (randomness: "common" | "independent") => {
      const options = { directions: "gaussian", distance: 0.1, trajectories: 10_000 } as const;
      const estimator = centralDifferences(lifetimeProblem(single, { randomness }), options);
      const { info } = estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(13));
      // Smoothed by sigma 0.1: -0.0312359 by Gauss-Hermite quadrature; this is a loss.
      expect(z(info.perTrajectoryGradient.data, 0.0312359)).toBeLessThan(4);
      return variance(info.perTrajectoryGradient.data);
    };
    expect(spread("independent") / spread("common")).toBeGreaterThan(10);
  });
});

test("errors name the option", () => {
  expect(() => lifetimeProblem(task, { scoredWindow: 7 })).toThrow(/scoredWindow must be at most/);
  expect(() => lifetimeProblem(task, { scoredWindow: 2, derivative: "surrogate" })).toThrow(/absent with/);
  expect(() => bptt(lifetimeProblem(task))).toThrow(/differentiable/);
  expect(() => metaGradient(task, { samplingCorrection: { coefficient: -1 } })).toThrow(
    /coefficient must be/,
  );
  expect(() => metaGradient(task, { truncation: { length: 4, start: "contiguous" } })).toThrow(/a divisor/);
  expect(() => metaGradient(task, { truncation: { length: 9 } })).toThrow(/at most the lifetime/);
  expect(() => metaGradient(task, { hessian: "loadedDice", decay: 2 })).toThrow(/decay must be/);
  expect(() => metaGradient(task, { hessian: "dcie" as never })).toThrow(/Did you mean "dice"/);
  expect(metaGradient(task, { samplingCorrection: { coefficient: 3, form: "mean" } }).warnings[0]).toMatch(
    /above 2/,
  );
});
