import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { defineProblem } from "../unroll/index.ts";
import type { GradientEstimator } from "./estimator.ts";
import { fullEs } from "./fullEs.ts";
import { gpes } from "./gpes.ts";
import { nres } from "./nres.ts";
import { pes } from "./pes.ts";

type Theta = { bias: Tensor };

/** Card 01, 6.2 (a): s' = 0.8 s + theta, s_0 = 0.5, l = (s - 1)² / 2, T = 6, theta = 0.3. */
const scalarLinear = defineProblem({
  horizon: 6,
  init: () => ({ s: 0.5 }),
  step(theta: Theta, { s }) {
    const next = s.mul(0.8).add(theta.bias);
    return { state: { s: next }, loss: np.power(next.sub(1), 2).mul(0.5) };
  },
});
const theta: Theta = { bias: np.array(0.3, { dtype: "float64" }) };

/** Perturbations of card 01, 6.3: rows are pairs, columns windows. */
const table = np.array([0.1, -0.2, 0.05, -0.3, 0.1, 0.2], { dtype: "float64", shape: [2, 3] });
const fixedNoise = (_theta: unknown, { pair, window }: { pair: Tensor; window: Tensor }) => ({
  bias: np.take(table.flatten(), pair.mul(np.array(3, { dtype: "int32" })).add(window)),
});
const options = { sigma: 0.2, pairs: 2, truncation: 2, objective: "sum", noise: fixedNoise } as const;

function windows(estimator: GradientEstimator<Theta>, count: number): number[] {
  const key: Key = random.key(0);
  let state = estimator.init(theta, key);
  return Array.from({ length: count }, () => {
    const estimate = estimator.estimate(theta, state, key);
    state = estimate.state;
    return tree.flatten(estimate.gradient)[0]!;
  });
}

function expectClose(got: number[], wanted: number[]): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 11));
}

test("PES with fixed noise gives the windows of card 01, 6.3", () => {
  expectClose(windows(pes(scalarLinear, options), 3), [-0.69, 0.054288, 0.02561842752]);
});
test("NRES with fixed noise gives the windows of card 01, 6.3", () => {
  expectClose(windows(nres(scalarLinear, options), 3), [-0.69, 0.296976, 1.8209853696]);
});
test("GPES with noise redrawn every 2 windows gives the windows of card 01, 6.3", () => {
  // The card counts draws: the second draw is column 2; ours is asked in window 2, so columns 1 and 2 become 0 and 2.
  const draws = np.array([0.1, 9, -0.2, -0.3, 9, 0.1], { dtype: "float64", shape: [2, 3] });
  const noise = (_theta: unknown, { pair, window }: { pair: Tensor; window: Tensor }) => ({
    bias: np.take(draws.flatten(), pair.mul(np.array(3, { dtype: "int32" })).add(window)),
  });
  expectClose(
    windows(gpes(scalarLinear, { ...options, noise, noisePeriod: 4 }), 3),
    [-0.69, 0.296976, 0.5352046848],
  );
});
test("full ES with fixed noise gives the sum of the NRES windows of card 01, 6.3", () => {
  const { truncation: _, ...whole } = options;
  expectClose(windows(fullEs(scalarLinear, whole), 1), [1.4279613696]);
});
