/** The plumbing of a sweep: what is carried, resampled, masked and walked back. */
import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree, valueAndGrad } from "../../array/index.ts";
import { type Distribution, diagonalNormal } from "../../distributions/index.ts";
import { compiled } from "../../unroll/index.ts";
import { driftSeries, gaussianDrift } from "../stateSpace/gaussianDrift.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { throwFirstNonFinite } from "./firstNonFinite.ts";
import { logSumExp } from "./logSumExp.ts";
import { particleBound } from "./particleBound.ts";
import { bootstrap } from "./proposals/bootstrap.ts";
import type { Resampler } from "./resampling/resampler.ts";
import type { ObservedSeries } from "./series.ts";
import { smooth } from "./smooth.ts";
import { sweepDiagnostics } from "./sweepDiagnostics.ts";
import { manySweeps, meanOf, solvedDrift } from "./testing.ts";
import { fixedTwist } from "./twists/fixedTwist.ts";

/** Always `at`, with the log-density 0. */
function certain(at: Tensor): Distribution {
  return {
    ...diagonalNormal({ mean: at, sd: 1 }),
    sample: () => at,
    logProb: () => np.zeros([...at.shape.slice(0, -1)]),
  };
}

/** Particles at -1 and 1 that never move and explain everything alike. */
const still: StateSpaceModel<object> = {
  name: "still",
  stateSize: 1,
  observationSize: 1,
  init: () => ({}),
  initial: () => certain(np.array([[-1], [1]])),
  transition: (_, x) => certain(x),
  emission: (_, x) => certain(x),
};
const state = fixedTwist((x) => x.slice([], 0));
const both: Resampler = { name: "both", ancestors: () => np.array([1, 1], { dtype: "int32" }) };
const theta = { model: {}, proposal: {}, twist: {} };

test.each([
  // Resampled after the fourth of ten steps, both particles at 1: lse(1, -1) - log 2, and then -1 of log r that ends.
  [3, Math.log(Math.exp(1) + Math.exp(-1)) - Math.log(2) - 1],
  // The last step: all that the twist has said has been taken back.
  [9, 0],
])("log Z where step %s resamples", (at, expected) => {
  const bound = particleBound({
    ...{ model: still, proposal: bootstrap(), twist: state, particles: 2, resampler: both },
    criterion: (_, t) => t.equal(at),
  });
  const run = compiled("still", (series: ObservedSeries) => bound.sweep(theta, series, random.key(0)));
  expect(run({ y: np.zeros([10, 1]) }).logEvidence.item()).toBeCloseTo(expected, 6);
});

test("trajectories are walked back along ancestors", () => {
  const bound = particleBound({
    ...{ model: still, proposal: bootstrap(), twist: state, particles: 2, resampler: both },
    criterion: (_, t) => t.equal(1),
  });
  const sweep = bound.sweep(theta, { y: np.zeros([4, 1]) }, random.key(0));
  const { trajectories, weights, lineages } = smooth(sweep);
  expect(sweep.resampled.toArray()).toEqual([0, 1, 0, 0]);
  expect(lineages.toArray()).toEqual([[1, 1], [1, 1], [0, 1], [0, 1]]); // prettier-ignore
  expect(trajectories.reshape([4, 2]).toArray()).toEqual([[1, 1], [1, 1], [1, 1], [1, 1]]); // prettier-ignore
  expect([...weights.data]).toEqual([0.5, 0.5]);
  const { effectiveSizes, uniqueAncestors, resamplings } = sweepDiagnostics(sweep);
  expect([...uniqueAncestors.data]).toEqual([1, 1, 2, 2]);
  expect(resamplings.item()).toBe(1);
  // Weights e^-1 and e^1 after the first step: (sum)^2 / sum of squares.
  expect(effectiveSizes.data[0]).toBeCloseTo((Math.E + 1 / Math.E) ** 2 / (Math.E ** 2 + Math.E ** -2), 5);
  expect(effectiveSizes.data[3]).toBeCloseTo(2, 5);
});

test("the estimate is unbiased with any twist", () => {
  const { model, proposal, twist, theta: best, series, logEvidence } = solvedDrift(0.5, 3, 2);
  const wrong = { ...best, twist: { ...best.twist, shift: best.twist.shift.sub(1.3) } };
  const bound = particleBound({ model, proposal, twist, particles: 4, criterion: "always" });
  const values = manySweeps(bound, wrong, series, 4000, 3).map((z) => Math.exp(z - logEvidence));
  const { mean, error } = meanOf(values);
  expect(error).toBeGreaterThan(0.001);
  expect(Math.abs(mean - 1)).toBeLessThan(4 * error);
});

const drift = gaussianDrift({ alpha: 0.3 });
const own = { model: drift.init(random.key(0)), proposal: {}, twist: {} };
const twisted = particleBound({
  ...{ model: drift, proposal: bootstrap(), particles: 8, criterion: "always" as const },
  twist: fixedTwist((x) => x.slice([], 0).mul(0.2)),
});
const gradientOf = compiled("gradient", (at: typeof own, series: ObservedSeries, key: Key) =>
  valueAndGrad((from: typeof own) => twisted.logEvidence(from, series, key))(at),
);

test("padded steps change nothing", { tags: ["long"] }, () => {
  const y = np.array([[0.4], [1.2], [0.7]]);
  const padded = np.concatenate([y, np.full([2, 1], NaN)], 0) as Tensor;
  const [plain, padding] = [
    gradientOf(own, { y }, random.key(5)),
    gradientOf(own, { y: padded, steps: np.array(3, { dtype: "int32" }) }, random.key(5)),
  ];
  expect(padding[0].item()).toBeCloseTo(plain[0].item(), 6);
  expect(padding[1].model.alpha.item()).toBeCloseTo(plain[1].model.alpha.item(), 5);
  const sweep = twisted.sweep(own, { y: padded, steps: np.array(3, { dtype: "int32" }) }, random.key(5));
  expect(sweep.resampled.toArray()).toEqual([1, 1, 0, 0, 0]);
});

test("what is not observed weighs nothing, whatever stands there, and the twist ends with the last observation", () => {
  const { y, observed } = driftSeries(2, 4);
  const gaps = np.where(observed.reshape([4, 1]), y, NaN) as Tensor;
  const [value, gradient] = gradientOf(own, { y: gaps, observed }, random.key(2));
  const [plain] = gradientOf(own, { y, observed }, random.key(2));
  expect(value.item()).toBe(plain.item());
  expect(tree.isFinite(gradient)).toBe(true);
  const early = np.array([1, 1, 0, 0], { dtype: "bool" });
  const sweep = twisted.sweep(own, { y: np.ones([4, 1]), observed: early }, random.key(2));
  // After the second step nothing is seen: weights stand still (resampled to 0 each time).
  expect([...sweep.logWeights.slice([2, null]).data].every((w) => w === 0)).toBe(true);
});

test("weights of -Infinity are legal; without any other the evidence is 0, and nothing is NaN", () => {
  const half: StateSpaceModel<object> = {
    ...still,
    emission: (_, x) => ({
      ...certain(x),
      logProb: () => np.where(x.slice([], 0).less(0), -Infinity, 0) as Tensor,
    }),
  };
  const none: StateSpaceModel<object> = {
    ...still,
    emission: (_, x) => ({ ...certain(x), logProb: () => np.full([2], -Infinity) }),
  };
  for (const criterion of ["always", "ess", "never"] as const) {
    const of = (model: StateSpaceModel<object>) =>
      particleBound({ model, proposal: bootstrap(), particles: 2, criterion }).sweep(
        theta,
        { y: np.zeros([3, 1]) },
        random.key(0),
      );
    expect(of(half).logEvidence.item()).toBeCloseTo(-Math.log(2), 6);
    const dead = of(none);
    expect(dead.logEvidence.item()).toBe(-Infinity);
    expect([...smooth(dead).trajectories.data].some(Number.isNaN)).toBe(false);
    expect(() => throwFirstNonFinite("test", dead.logWeights)).toThrow(/no particle explains step 0/);
  }
});

test("logSumExp of nothing is -Infinity, with a derivative of 0", () => {
  const rows = np.array([[-Infinity, -Infinity], [0, Math.log(3)]], { dtype: "float64" }); // prettier-ignore
  expect(logSumExp(rows).data[0]).toBe(-Infinity);
  expect(logSumExp(rows).data[1]).toBeCloseTo(Math.log(4), 14);
  const [, slope] = valueAndGrad((x: Tensor) =>
    (np.where(x.slice([], 0).greater(-1), logSumExp(x), 0) as Tensor).sum(),
  )(rows);
  expect([...slope.data].map((x) => Number(x.toFixed(12)))).toEqual([0, 0, 0.25, 0.75]);
});

test("the step at which numbers end is named", () => {
  const weights = np.array([[0, 1], [0, NaN]]); // prettier-ignore
  expect(() => throwFirstNonFinite("test", weights)).toThrow(/log-weight of particle 1 at step 1 is NaN/);
  expect(() => throwFirstNonFinite("test", weights.slice([0, 1]))).not.toThrow();
});

test("a twist or rows of another shape are refused", () => {
  const series = { y: np.zeros([3, 1]) };
  const sweepOf = (twist: ReturnType<typeof fixedTwist>) =>
    particleBound({ model: drift, proposal: bootstrap(), twist, particles: 4 }).sweep(
      own,
      series,
      random.key(0),
    );
  expect(() => sweepOf(fixedTwist((x) => x))).toThrow(
    /twist "fixed" must be one number per particle, \[4\], got/,
  );
  expect(() => sweepOf({ ...fixedTwist((x) => x.slice([], 0)), rows: () => ({ z: np.zeros([2]) }) })).toThrow(
    /rows at "z" of the twist "fixed" must have the 3 steps/,
  );
});
