/**
 * What windows, meta-discounts and coefficients of the sampling correction give up for variance, and where truncated
 * evolution strategies tend to: on an enumerable bandit of three arms, 729 lifetimes (Vuorio et al. 2022).
 */
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import {
  type MetaGradientSwitches,
  bandit,
  estimatorTable,
  exactMetaGradient,
  learnedRates,
} from "../index.ts";

const f64 = (values: number): Tensor => np.array(values, { dtype: "float64" });
const bandits = (updates: number) =>
  bandit({ arms: [2, 1, 0.5], updates, batch: 1, rewardNoise: 0, rate: learnedRates() });
const task = bandits(6);
const at = (eta: number, settings: readonly MetaGradientSwitches[]) =>
  estimatorTable(task, { rates: f64(eta) }, settings);
const lambda = (coefficient: number): MetaGradientSwitches => ({ samplingCorrection: { coefficient } });

test(
  "C7: what truncated evolution strategies tend to, from the derivative of each step's reward",
  { tags: ["long"] },
  () => {
    // The first n updates of a lifetime are a lifetime of n: dE[r_n]/deta = d(n J_n) - d((n - 1) J_(n-1)).
    const sums = [1, 2, 3, 4, 5, 6].map(
      (updates) => -updates * exactMetaGradient(bandits(updates), { rates: f64(1.5) }).gradient.rates.item(),
    );
    const steps = sums.map((sum, i) => sum - (sums[i - 1] ?? 0));
    const wanted = [0, -0.0073354578, -0.025258022, -0.0408102749, -0.0531000133, -0.0627477905];
    steps.forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 10));
    const target = (weights: number[]) => weights.reduce((sum, w, i) => sum + w * steps[i]!, 0);
    expect(target([1, 2, 2, 2, 2, 1].map((w) => w / 10))).toBeCloseTo(-0.0315755327, 10);
    expect(target([1, 2, 3, 3, 2, 1].map((w) => w / 12))).toBeCloseTo(-0.0318186353, 10);
    // Smoothed with sigma 0.1 and 1, whole lifetimes: by the trapezoid rule over 6 deviations. A rule of 15 points, which the
    // reference took, gives -0.0130732968 for the second; NumPy with steps of a quarter -0.0130744659.
    const smoothed = (sigma: number) => {
      const nodes = Array.from({ length: 25 }, (_, i) => (i - 12) / 2);
      const weight = (z: number) => (0.5 * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI);
      return nodes.reduce((sum, z) => sum - weight(z) * at(1.5 + sigma * z, []).exact[0]!, 0);
    };
    expect(smoothed(0.1)).toBeCloseTo(-0.0312359052, 9);
    expect(smoothed(1)).toBeCloseTo(-0.0130744659, 7);
  },
);

test.each([0, 1.5])(
  "at eta %f windows and meta-discounts give up bias for variance as the coefficient does",
  (eta) => {
    const whole = at(eta, [lambda(0), lambda(0.5), lambda(1)]).rows;
    // Variance is quadratic in the coefficient, through 0, 1/2 and 1; bias falls linearly to 0.
    const [v0, half, v1] = whole.map(({ variance }) => variance) as [number, number, number];
    const sameBias = (bias: number) => {
      const c = 1 - bias / whole[0]!.bias;
      return v0 + c * (4 * half - 3 * v0 - v1) + c * c * (2 * (v0 + v1) - 4 * half);
    };
    const discounts = [0.5, 0.8, 0.9, 0.95].map((metaDiscount): MetaGradientSwitches => ({ metaDiscount }));
    for (const { bias, variance } of at(eta, discounts).rows) {
      expect(variance / sameBias(bias)).toBeGreaterThan(0.7);
      expect(variance / sameBias(bias)).toBeLessThan(1);
    }
    const rows = [
      ...at(
        eta,
        [3, 4, 5].map((length) => ({ truncation: { length } })),
      ).rows,
      whole[2]!,
    ];
    for (let i = 1; i < rows.length; i++) {
      expect(rows[i]!.bias).toBeLessThan(rows[i - 1]!.bias);
      expect(rows[i]!.variance).toBeGreaterThan(rows[i - 1]!.variance);
    }
  },
);
