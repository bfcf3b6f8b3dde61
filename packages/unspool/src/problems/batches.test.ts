/** Data helpers and ghost batch normalisation against arithmetic by hand. */
import { expect, test } from "vitest";
import { type Key, np, random, tree } from "../array/index.ts";
import { categoricalLogits } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import { batchNorm, ghostBatchNorm } from "./ghostBatchNorm.ts";
import { mixup } from "./mixup.ts";
import { smoothLabels } from "./smoothLabels.ts";

const wide = { dtype: "float64" } as const;
const close = (got: unknown, expected: number[], digits = 12) =>
  tree.flatten(got).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, digits));

test("smoothed labels, and the loss of a distribution", () => {
  const labels = np.array([2, 0], { dtype: "int32" });
  const soft = smoothLabels(labels, 4, 0.2);
  close(soft, [0.05, 0.05, 0.85, 0.05, 0.85, 0.05, 0.05, 0.05], 6);
  const outputs = np.array([0.5, -1, 2, 0, 1, 1, -2, 0.25], { shape: [2, 4], ...wide });
  const hard = categoricalLogits.loss(outputs, labels).data;
  const each = [0, 1, 2, 3].map(
    (k) => categoricalLogits.loss(outputs, np.array([k, k], { dtype: "int32" })).data,
  );
  // (1 - amount) times the loss of the label, and amount times the mean over all labels.
  const expected = [0, 1].map((i) => 0.8 * hard[i]! + 0.05 * each.reduce((sum, loss) => sum + loss[i]!, 0));
  close(categoricalLogits.loss(outputs, soft), expected, 6);
});

test("mixup: one weight for inputs and targets, distributed as Beta(alpha, alpha)", () => {
  // Inputs 2^i tell from their sum which two examples were mixed.
  const rows = 8;
  const inputs = np.array(Array.from({ length: rows }, (_, i) => 2 ** i)).reshape([rows, 1]);
  const targets = np.eye(rows);
  const [alpha, draws] = [0.2, 200];
  const run = compiled("mixup", (key: Key) => mixup({ inputs, targets }, key, alpha));
  const weights = Array.from({ length: draws }, (_, i) => {
    const mixed = run(random.foldIn(random.key(3), i));
    const kept = Array.from({ length: rows }, (__, row) => {
      const shares = [...mixed.targets.data].slice(row * rows, (row + 1) * rows);
      const input = shares.reduce((sum, p, k) => sum + p * 2 ** k, 0);
      if (i < 10) expect(mixed.inputs.data[row]).toBeCloseTo(input, 3);
      return shares[row]!;
    });
    // Rows that the permutation leaves in place keep all of themselves, all others the same part.
    return Math.min(...kept);
  });
  // Mean 1/2, variance 1 / (4 (2 alpha + 1)); the relative error of the variance is at most √(2 / draws).
  const mean = weights.reduce((sum, w) => sum + w, 0) / draws;
  const variance = weights.reduce((sum, w) => sum + (w - 0.5) ** 2, 0) / draws;
  const exact = 1 / (4 * (2 * alpha + 1));
  expect(Math.abs(mean - 0.5) / Math.sqrt(exact / draws)).toBeLessThan(4);
  expect(Math.abs(variance / exact - 1) / Math.sqrt(2 / draws)).toBeLessThan(4);
  expect(() => mixup({ inputs, targets }, random.key(0), 2)).toThrow("alpha");
});

test("ghost batch normalisation of (1, 3, 10, 14) by virtual batches of two", () => {
  const layer = { scale: np.ones([1], wide), shift: np.zeros([1], wide) };
  const x = np.array([1, 3, 10, 14], { shape: [4, 1], ...wide });
  const start = { mean: np.zeros([1], wide), variance: np.ones([1], wide) };
  const { outputs, running } = ghostBatchNorm(layer, x, start, { virtualBatch: 2, momentum: 0.1 });
  // Means 2 and 12, variances 1 and 4, eps 1e-5.
  close(outputs, [-0.999995, 0.999995, -0.99999875, 0.99999875], 8);
  close(running.mean, [0.9 * (0.1 * 2) + 0.1 * 12]);
  close(running.variance, [0.9 * (0.9 + 0.1) + 0.1 * 4]);
  close(batchNorm(layer, x, running), [1, 3, 10, 14].map((value) => (value - 1.38) / Math.sqrt(1.3 + 1e-5))); // prettier-ignore
  expect(() => ghostBatchNorm(layer, x, start, { virtualBatch: 3 })).toThrow("must divide");
  // Channels of images: statistics over batch and places.
  const images = np.array([1, 3, 100, 300, 5, 7, 500, 700], { shape: [2, 2, 2], ...wide });
  const two = { scale: np.array([2, 1], wide), shift: np.array([0, 1], wide) };
  const whole = ghostBatchNorm(two, images, { mean: np.zeros([2], wide), variance: np.ones([2], wide) });
  close(whole.running.mean, [0.4, 40]);
  const deviation = Math.sqrt(5 + 1e-5);
  close(whole.outputs.slice(0).slice(0), [(2 * -3) / deviation, (2 * -1) / deviation]);
});
