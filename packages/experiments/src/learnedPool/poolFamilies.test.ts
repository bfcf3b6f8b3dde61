import { type Layer, type Tensor, linalg, np, random } from "unspool";
import { expect, test } from "vitest";
import { checkersTask, mapsTask } from "./poolFamilies.ts";

const shape = { hidden: [], activation: "relu", batchSize: 12 } as const;

test("a linear map is found to the last digits: its outputs are linear in the inputs", () => {
  const family = mapsTask(shape);
  const data = family.sample(random.key(3)) as { inputs: Tensor; outputs: Tensor };
  const loss = (layers: Layer[]): number => family.loss(data, layers, undefined).item();
  const zero: Layer = { weights: np.zeros([8, 4]), bias: np.zeros([4]) };
  expect(loss([zero])).toBeCloseTo(np.square(data.outputs).mean().item(), 6);
  // Normal equations.
  const transposed = np.transpose(data.inputs);
  const inverse = linalg.inv(np.matmul(transposed, data.inputs));
  const weights = np.matmul(inverse, np.matmul(transposed, data.outputs));
  expect(loss([{ ...zero, weights }])).toBeLessThan(1e-8);
  // A linear network is the product of its layers, whatever the activation that the pool drew.
  const identity = { weights: np.eye(8), bias: np.zeros([8]) };
  expect(loss([identity, { ...zero, weights }])).toBeLessThan(1e-8);
});

test("fields of the checkerboard are of two classes in turn", () => {
  const family = checkersTask(shape);
  const { inputs, labels } = family.data!(random.key(5)) as { inputs: Tensor; labels: Tensor };
  const [points, classes] = [[...inputs.data], [...labels.data]];
  classes.forEach((label, i) => {
    const [x, y] = points.slice(2 * i, 2 * i + 2) as [number, number];
    expect(label).toBe((Math.floor(3 * x) + Math.floor(3 * y)) % 2);
  });
  expect(new Set(classes).size).toBe(2);
});
