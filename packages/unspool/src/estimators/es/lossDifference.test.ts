/**
 * Signs and clipped differences on the scalar system of the card, whose losses are quadratic: with perturbations that are
 * given, L_w+ - L_w- = 2 Σ_b g[w, b] eps_b exactly, with g of section 6.2 (a) for K = 2.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type EstimatorOptions, type LossDifference, createEstimator } from "../index.ts";
import { f64, linearProblem, scalarSystem } from "../testing.ts";
import type { NoiseRequest } from "./noise.ts";

const problem = linearProblem(scalarSystem);
const theta = f64([0.3]);
const sigma = 0.2;
/** [pair][window] */
const eps = [
  [0.1, -0.2, 0.05],
  [-0.3, 0.1, 0.2],
];
/** g[w][b] */
const slopes = [[-0.552], [0.0868608, 0.15072], [0.33417658368, 0.522150912, 0.6004608]];

const noise = (_theta: unknown, { pair, window }: NoiseRequest): Tensor =>
  np.take(f64(eps.flat()), pair.mul(3).add(window)).reshape([1]);

/** The estimates of three windows. */
function estimates(name: string, options: EstimatorOptions): number[] {
  const estimator = createEstimator(name, problem, { sigma, pairs: 2, noise, objective: "sum", ...options });
  let state = estimator.init(theta, random.key(0));
  return [0, 1, 2].map((window) => {
    const estimate = estimator.estimate(theta, state, random.key(window));
    state = estimate.state;
    return (estimate.gradient as Tensor).item();
  });
}

const sum = (values: readonly number[]) => values.reduce((all, x) => all + x, 0);
/** PES by hand: xi times what `shape` makes of the difference, by window. */
function byHand(shape: (difference: number) => number): number[] {
  return slopes.map((row, w) => {
    const contributions = eps.map((draws) => {
      const difference = 2 * sum(row.map((g, b) => g * draws[b]!));
      return (sum(draws.slice(0, w + 1)) * shape(difference)) / (2 * sigma ** 2);
    });
    return sum(contributions) / 2;
  });
}

const clip = (x: number, most: number) => Math.max(-most, Math.min(most, x));
const closeTo = (got: number[], wanted: number[]) =>
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12));

describe("pes", () => {
  test("by hand is what it is without an option (card 6.3)", () => {
    closeTo(estimates("pes", { truncation: 2 }), [-0.69, 0.054288, 0.02561842752]);
    closeTo(
      byHand((x) => x),
      [-0.69, 0.054288, 0.02561842752],
    );
  });
  test("signs times a number", () => {
    const differences = { signTimes: 0.7 };
    closeTo(
      estimates("pes", { truncation: 2, differences }),
      byHand((x) => 0.7 * Math.sign(x)),
    );
  });
  test("clipped differences, some of which lie within the bound", () => {
    const bound = 0.04;
    const found = estimates("pes", { truncation: 2, differences: { clippedAt: bound } });
    const wanted = byHand((x) => clip(x, bound));
    closeTo(found, wanted);
    expect(Math.abs(found[0]! + 0.69)).toBeGreaterThan(0.1);
  });
  test("the bound is in the units of the objective", () => {
    const found = estimates("pes", { truncation: 2, objective: "mean", differences: { clippedAt: 0.04 } });
    closeTo(
      found,
      byHand((x) => clip(x / 2, 0.04)),
    );
  });
  test("a bound that no difference reaches changes nothing", () => {
    const plain = estimates("pes", { truncation: 2 });
    closeTo(estimates("pes", { truncation: 2, differences: { clippedAt: 100 } }), plain);
  });
});

test("fullEs by signs is the mean of |eps| c / (2 sigma²), with the sign of the gradient", () => {
  // d L / d theta = 1.14236909568 > 0 (card 6.2); first draws ±.1 and ∓.3.
  const [first] = estimates("fullEs", { differences: { signTimes: 0.5 } });
  expect(first).toBeCloseTo((((0.1 + 0.3) / 2) * 0.5) / (2 * sigma ** 2), 12);
});

test("truncatedEs and telescopingPes take them too", () => {
  // Truncated: g[w, w] eps_w alone.
  const shape = (x: number) => 0.7 * Math.sign(x);
  const truncated = slopes.map((row, w) => {
    const parts = eps.map((draws) => draws[w]! * shape(2 * row[w]! * draws[w]!));
    return sum(parts) / 2 / (2 * sigma ** 2);
  });
  closeTo(estimates("truncatedEs", { truncation: 2, differences: { signTimes: 0.7 } }), truncated);
  const first = estimates("telescopingPes", {
    truncation: 2,
    objective: "sum",
    differences: { signTimes: 0.7 },
  })[0]!;
  // The loss at the end of the first window falls with theta (card 6.3: -.315).
  expect(first).toBeCloseTo((-0.7 * (0.1 + 0.3)) / 2 / (2 * sigma ** 2), 12);
});

test.each([
  ["a name", "clipped"],
  ["no number", { signTimes: "1" }],
  ["a number that is not positive", { clippedAt: 0 }],
  ["two of them", { clippedAt: 1, signTimes: 1 }],
  ["another", { scale: 1 }],
])("%s is refused", (_what, differences) => {
  const make = () => createEstimator("pes", problem, { differences: differences as LossDifference });
  expect(make).toThrow(OptionError);
  expect(make).toThrow(/differences/);
});
