/** The quick ones of the experiments on chaotic systems; the others run whole in test/paper/chaosExperiments.test.ts. */
import { type Figure, diskPacking as diskPackingProblem, np, random, train, unroll } from "unspool";
import { expect, test } from "vitest";
import { alongDirection } from "./diskPacking/alongDirection.ts";
import { diskPacking, logisticMap } from "./index.ts";

function figureOf(figures: readonly Figure[], id: string): Figure {
  return figures.find((figure) => figure.id === id)!;
}

test("derivatives along a direction are those of the disk packing in NumPy", () => {
  const one = { diameter: np.array(1, { dtype: "float64" }) };
  const thetas = { diameter: np.array(Float64Array.of(0.9, 1)) };
  const { losses } = unroll(alongDirection(diskPackingProblem(), one), thetas, {
    key: random.key(0),
    isThetaBatched: true,
  });
  // Dual numbers, float64, T = 50.
  expect(losses.data[98]!).toBeCloseTo(1.831068582778, 8);
  expect(losses.data[99]!).toBeCloseTo(2.831662979876, 8);
});

test("logistic-map finds a start that is mapped to the fixed point, and the crossover at T = 6", async () => {
  const { evaluation, figures } = await train(logisticMap, { config: { steps: 150, samples: 1000 } });
  const { start, exponent } = evaluation!.metrics as { start: number; exponent: number };
  expect(Math.abs(start - 0.25)).toBeLessThan(0.01);
  expect(Math.abs(exponent - Math.LN2)).toBeLessThan(0.002);
  // Integration over the noise: variances 286 and 318 at T = 5, 1869 and 647 at T = 6.
  expect(figureOf(figures, "crossover").references![0]!.value).toBe(6);
});

test("disk-packing comes nearer to the wanted energy", { tags: ["long"] }, async () => {
  const { evaluation, figures } = await train(diskPacking, { config: { steps: 40, points: 11 } });
  // The energy at the initial diameter 0.7 is 0.009, the target 0.1.
  expect((evaluation!.metrics as { distanceToTarget: number }).distanceToTarget).toBeLessThan(0.06);
  const names = new Set(figureOf(figures, "packing-tuned").series.map(({ name }) => name));
  expect([...names].toSorted()).toEqual(["large", "small"]);
});
