/** The study of neuron-descent at a small size. */
import { foof, random } from "unspool";
import { expect, test } from "vitest";
import { type Task, type Trained, compareDirections, trainer } from "./neuronStudy.ts";

const images = random.normal(random.key(0), [40, 6]);
const task: Task = {
  inputs: images,
  // Learnable: the sign of the first pixel.
  labels: images.slice([], 0).less(0).astype("int32"),
  sizes: [6, 8, 10],
  batchSize: 20,
  updates: 12,
};

test("a network trained by FOOF descends and repeats to the bit, from each key another", () => {
  const train = trainer(task, foof({ learningRate: 1 }) as unknown as Trained, { burnIn: 2, every: 5 });
  const [first, again, other] = [0, 0, 1].map((seed) => train(random.key(seed)));
  expect(first!.updates).toEqual([0, 5, 10, 12]);
  expect(first!.finalLoss).toBeLessThan(first!.losses[0]! / 3);
  expect(again!.losses).toEqual(first!.losses);
  expect(other!.finalLoss).not.toBe(first!.finalLoss);
});

test("with damping far above the factors K-FAC and FOOF are both gradient descent, of the same length", () => {
  const {
    cosines,
    kfac,
    foof: other,
  } = compareDirections({ ...task, updates: 4 }, { learningRate: 1e7, damping: 1e8 }, random.key(0));
  for (const cosine of cosines) expect(cosine).toBeCloseTo(1, 3);
  kfac.forEach((decrease, i) => {
    expect(decrease).toBeGreaterThan(0);
    expect(other[i]! / decrease).toBeCloseTo(1, 2);
  });
});
