/** The gradient noise scale against closed forms. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { meanNoiseScale, noiseScale, noiseScaleMeter } from "./noiseScale.ts";

test("expected norms of G = (0.5, 0.5), Σ = diag(4, 1) at batches of 8 and 64 return 0.5 and 5", () => {
  // E|g_B|² = |G|² + tr Σ / B.
  const found = noiseScale({ smallBatch: 8, largeBatch: 64, smallSquare: 1.125, largeSquare: 0.578125 });
  expect(found.squaredGradient).toBeCloseTo(0.5, 12);
  expect(found.noiseTrace).toBeCloseTo(5, 12);
  expect(found.noiseScale).toBeCloseTo(10, 12);
});

test("estimates are averaged before the ratio is taken", () => {
  const mean = meanNoiseScale([
    { squaredGradient: -1, noiseTrace: 4, noiseScale: Infinity },
    { squaredGradient: 2, noiseTrace: 6, noiseScale: 3 },
  ]);
  expect(mean).toEqual({ squaredGradient: 0.5, noiseTrace: 5, noiseScale: 10 });
});

test("measured from gradients of batches: mean and covariance of a quadratic's gradients", () => {
  // Loss ½ |x - c|², c ~ N(0, diag(4, 1)), so g = x - c: G = x, Σ = diag(4, 1).
  const [batches, batchSize] = [4000, 8];
  const deviations = np.array([2, 1]);
  const centres = random.normal(random.key(3), [batches, batchSize, 2]).mul(deviations);
  const loss = (x: Tensor, c: Tensor): Tensor => {
    const distance = x.sub(c);
    return distance.mul(distance).sum(1).mean().mul(0.5);
  };
  const found = noiseScaleMeter(loss, batchSize)(np.array([0.5, 0.5]), centres);
  // tr Σ from 32,000 examples: standard error √(2 (4² + 1²) / 32000) = 0.033; |G|²: 2 |G| √(λ / 32000) < 0.012.
  expect(Math.abs(found.noiseTrace - 5)).toBeLessThan(4 * 0.033);
  expect(Math.abs(found.squaredGradient - 0.5)).toBeLessThan(4 * 0.012);
  // The exact value for these very gradients, in float64.
  const means = Array.from({ length: batches }, (_, i) =>
    [0, 1].map((axis) => {
      let sum = 0;
      for (let j = 0; j < batchSize; j++) sum += centres.data[(i * batchSize + j) * 2 + axis]!;
      return 0.5 - sum / batchSize;
    }),
  );
  const square = (v: readonly number[]) => v.reduce((sum, x) => sum + x * x, 0);
  const small = means.reduce((sum, g) => sum + square(g), 0) / batches;
  const large = square([0, 1].map((axis) => means.reduce((sum, g) => sum + g[axis]!, 0) / batches));
  const exact = noiseScale({
    ...{ smallBatch: batchSize, largeBatch: batches * batchSize },
    ...{ smallSquare: small, largeSquare: large },
  });
  expect(found.noiseScale / exact.noiseScale).toBeCloseTo(1, 4);
});

test("options are checked", () => {
  const norms = { smallBatch: 8, largeBatch: 8, smallSquare: 1, largeSquare: 1 };
  expect(() => noiseScale(norms)).toThrow("noiseScale: largeBatch must be above smallBatch (8), got 8.");
  const loss = (x: Tensor, c: Tensor): Tensor => x.mul(c).sum();
  expect(() => noiseScaleMeter(loss, 1)(np.ones([2]), np.ones([1, 2]))).toThrow("leading axis");
  expect(() => meanNoiseScale([])).toThrow("at least one estimate");
});
