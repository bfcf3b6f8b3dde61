/** Targets of the wrong shape, dtype or range: each gave a finite loss of something else. */
import { expect, test } from "vitest";
import { type Tensor, jit, nn, np } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { classification } from "../../problems/classification.ts";
import { smoothLabels } from "../../problems/smoothLabels.ts";
import { bernoulliLogits, categoricalLogits, gaussianLikelihood } from "./likelihoods.ts";

const outputs = np.zeros([8, 3]);
const labels = (values: number[], shape: number[] = [values.length]) =>
  np.array(values, { dtype: "int32", shape });
const eight = [0, 1, 2, 0, 1, 2, 0, 1];

test.each([
  ["labels [8, 1]", () => categoricalLogits.loss(outputs, labels(eight, [8, 1])), "targets must be one label for each example, [8], got int32[8,1]. Write labels.reshape([-1])."], // prettier-ignore
  ["labels of another batch", () => categoricalLogits.loss(outputs, labels([0, 1])), "[8], got int32[2]."],
  ["float labels", () => categoricalLogits.loss(outputs, np.zeros([8])), 'must be integer labels, got float32[8]. Write labels.astype("int32").'], // prettier-ignore
  ["outputs of one axis", () => categoricalLogits.loss(np.zeros([8]), labels(eight)), "outputs must be [batch, n], got float32[8]."], // prettier-ignore
  ["gaussian targets [8] beside [8, 1]", () => gaussianLikelihood.loss(np.zeros([8, 1]), np.zeros([8])), "targets must have the shape of the outputs, [8, 1], got float32[8]."], // prettier-ignore
  ["gaussian outputs [8]", () => gaussianLikelihood.loss(np.zeros([8]), np.zeros([8])), "outputs must be [batch, n]"], // prettier-ignore
  ["bits [8] beside [8, 3]", () => bernoulliLogits.loss(outputs, np.zeros([3])), "got float32[3]"],
  ["softmaxCrossEntropy of [8, 1]", () => nn.softmaxCrossEntropy(outputs, labels(eight, [8, 1])), "labels must be int32 [8]"], // prettier-ignore
])("%s", (_name, loss, message) => {
  expect(loss).toThrow(ShapeError);
  expect(loss).toThrow(message);
  // Shapes and dtypes are known inside of a trace too.
  expect(() => jit(loss)()).toThrow(message);
});

test.each([
  ["class 9 of 3", () => categoricalLogits.loss(outputs, labels([0, 1, 2, 9, 0, 1, 2, 0])), "label 3 of the targets must be a class from 0 to 2, got 9."], // prettier-ignore
  ["class -1", () => categoricalLogits.loss(outputs, labels([-1, 1, 2, 0, 0, 1, 2, 0])), "got -1."],
  ["no class at all", () => categoricalLogits.loss(outputs, np.zeros([8, 3])), "the sum of an example's probabilities must be 1, got 0."], // prettier-ignore
  ["bits of 2", () => bernoulliLogits.loss(outputs, np.full([8, 3], 2)), "an element of the targets must be between 0 and 1, got 2."], // prettier-ignore
  ["softmaxCrossEntropy of class 3 of 3, which cost 0", () => nn.softmaxCrossEntropy(outputs, labels([0, 1, 2, 3, 0, 1, 2, 0])), "nn.softmaxCrossEntropy: label 3 of the labels must be a class from 0 to 2, got 3."], // prettier-ignore
  ["smoothLabels of class -1", () => smoothLabels(labels([0, -1]), 3), "smoothLabels: label 1 of the labels"],
  ["probabilities of NaN", () => categoricalLogits.loss(outputs, np.full([8, 3], NaN)), "got NaN."],
  ["a data set with class 3 of 3", () => classification({ data: { inputs: np.zeros([2, 4]), labels: labels([0, 3]) }, classes: 3 }), "classification: label 1 of the data.labels must be a class from 0 to 2, got 3."], // prettier-ignore
])("%s", (_name, loss, message) => {
  expect(loss).toThrow(OptionError);
  expect(loss).toThrow(message);
});

test("labels, probabilities and bits of the right form pass", () => {
  const soft = np.full([8, 3], 1 / 3);
  for (const loss of [
    categoricalLogits.loss(outputs, labels(eight)),
    categoricalLogits.loss(outputs, soft),
    bernoulliLogits.loss(outputs, soft),
    gaussianLikelihood.loss(outputs, soft),
  ])
    expect(loss.shape).toEqual([8]);
});

test("a label of no class, known only in a trace, cost nothing: its row is NaN", () => {
  const given = labels([0, 3, 2, -1, 0, 1, 2, 0]);
  const losses = jit((y: Tensor) => categoricalLogits.loss(outputs, y))(given);
  const third = Math.fround(Math.log(3));
  expect(Array.from(losses.data)).toEqual([third, NaN, third, NaN, third, third, third, third]);
  const mean = jit((y: Tensor) => nn.softmaxCrossEntropy(outputs, y));
  expect(mean(given).item()).toBeNaN();
  expect(mean(labels(eight)).item()).toBeCloseTo(Math.log(3), 6);
  const rows = jit((y: Tensor) => smoothLabels(y, 3, 0))(labels([1, 3]));
  expect(Array.from(rows.data)).toEqual([0, 1, 0, NaN, NaN, NaN]);
});
