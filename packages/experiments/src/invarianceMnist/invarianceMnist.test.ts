import { np, random, setUp, train, tree } from "unspool";
import { expect, test } from "vitest";
import { invarianceMnist } from "./invarianceMnist.ts";
import { mnistKinds, transformedMnist } from "./transformedMnist.ts";

test("a short run logs its ranges, and draws them, the evidence and images", { tags: ["long"] }, async () => {
  const config = { n: 24, hidden: 6, samples: 2, pool: 4, steps: 4, burnIn: 1, testImages: 250 };
  const { metrics, evaluation, figures } = await train(invarianceMnist, { seed: 1, config });
  expect(metrics[0]!.loss).toBeNull();
  expect(metrics.at(-1)).toHaveProperty("eta.rotation");
  expect(figures.map(({ id }) => id)).toEqual(["ranges", "evidence", "evidence-by-range", "images"]);
  expect(figures.at(-1)!.heatmap!.values).toHaveLength(4 * 3 * 49);
  expect(evaluation!.table!.rows).toHaveLength(6);
  expect(evaluation!.metrics["accuracy"]).toBeGreaterThan(0);
});

test("at full size the network is one of 784-100-10", async () => {
  const { theta } = await setUp(invarianceMnist, invarianceMnist.config.parse({ pool: 1 }), random.key(0));
  const shapes = tree.entries(theta).map(([path, leaf]) => `${path}: ${leaf.shape.join(", ")}`);
  expect(shapes).toContain("network.0.weights: 784, 100");
  expect(shapes).toContain("network.1.weights: 100, 10");
  expect(shapes).toContain("eta: 6");
});

test("digits are transformed as they are called", () => {
  const made = Object.fromEntries(
    mnistKinds.map((kind) => [
      kind,
      transformedMnist({ kind, split: "train", n: 30, key: random.key(3) }).inputs,
    ]),
  );
  const plain = made["plain"]!;
  // Bytes over 255.
  expect(Array.from(plain.data).every((x) => Math.abs(x * 255 - Math.round(x * 255)) < 1e-3)).toBe(true);
  expect(Math.max(...plain.data)).toBeCloseTo(1, 6);
  const mass = (x: (typeof made)[string]): number => np.sum(x!).item() / np.sum(plain).item();
  // Rotations keep the ink, up to what leaves through the corners; translations lose some of it.
  expect(mass(made["r180"]!)).toBeGreaterThan(0.95);
  expect(mass(made["r90"]!)).toBeLessThan(1.02);
  expect(mass(made["translated"]!)).toBeLessThan(1);
  const pooled = transformedMnist({ kind: "plain", split: "train", n: 30, key: random.key(3), pool: 2 });
  expect(pooled.inputs.shape).toEqual([30, 196]);
  expect(np.mean(pooled.inputs).item()).toBeCloseTo(np.mean(plain).item(), 6);
});
