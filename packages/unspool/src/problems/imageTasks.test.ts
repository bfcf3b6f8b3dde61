/** Tasks on images: what their losses must be at weights that are known, and training of each as an inner problem. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { learnableAdam } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { autoencoding } from "./autoencoding.ts";
import { metaTraining } from "./metaTraining.ts";
import { residualClassification } from "./residualClassification.ts";
import type { TaskFamily } from "./task.ts";
import { visionTransformer } from "./visionTransformer.ts";

const key = random.key(0);
/** Eight images of 4 by 4: the upper or the lower half is bright. */
const pixels = Float64Array.from({ length: 8 * 16 }, (_, k) => {
  const [image, row] = [Math.floor(k / 16), Math.floor((k % 16) / 4)];
  return (row < 2 === (image % 2 === 0) ? 1 : 0) + 0.1 * Math.sin(k);
});
const data = {
  inputs: np.array(pixels, { shape: [8, 16], dtype: "float32" }),
  labels: np.array(Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1)),
};

/** Loss of the first batch, and after 30 steps of Adam. */
function trained(family: TaskFamily<Record<string, never>, never, never>): [number, number] {
  const learned = learnableAdam({ learningRate: 0.03 });
  const problem = metaTraining(learned, family, { horizon: 31 });
  const { losses } = unroll(problem, learned.init(key), { key });
  return [losses.data[0]!, losses.data[30]!];
}

describe("visionTransformer", () => {
  const family = visionTransformer({ data, classes: 2, patch: 2, features: 8, batchSize: 8 });
  const model = tree.astype(family.init({}, key), "float64");

  test("guesses where its last layer is 0, and learns which half is bright", { tags: ["long"] }, () => {
    const mute = { ...model, output: tree.map(np.zerosLike, model.output) };
    expect(family.loss({}, mute, data).item()).toBeCloseTo(Math.log(2), 12);
    const [first, last] = trained(family as never);
    expect(last).toBeLessThan(first / 3);
  });

  test("without places, the order of patches is nothing to it; pixels within a patch are not", () => {
    const lost = { ...model, places: tree.map(np.zerosLike, model.places) };
    const loss = (of: typeof model, order: (row: number, column: number) => number): number => {
      const places = Int32Array.from({ length: 16 }, (_, k) => order(Math.floor(k / 4), k % 4));
      return family
        .loss({}, of, { ...data, inputs: np.take(data.inputs, np.array(places), 1) as Tensor })
        .item();
    };
    const same = (row: number, column: number): number => 4 * row + column;
    const turned = (row: number, column: number): number => same((row + 2) % 4, (column + 2) % 4);
    const torn = (row: number, column: number): number => same((row + 1) % 4, column);
    expect(loss(lost, turned)).toBeCloseTo(loss(lost, same), 12);
    expect(Math.abs(loss(lost, torn) - loss(lost, same))).toBeGreaterThan(1e-6);
    expect(Math.abs(loss(model, turned) - loss(model, same))).toBeGreaterThan(1e-6);
  });

  test("refuses what does not divide", () => {
    expect(() => visionTransformer({ data, classes: 2, patch: 3 })).toThrow(
      "a divisor of the images' side 4",
    );
    expect(() => visionTransformer({ data, classes: 2, patch: 2, heads: 3 })).toThrow(OptionError);
  });
});

describe("residualClassification", () => {
  const of = (blocks: number) =>
    residualClassification({ data, classes: 2, channels: 3, blocks, batchSize: 8 });

  test("starts as a network without blocks, and is trained", () => {
    const [plain, deep] = [of(0), of(2)].map((family) => family.loss({}, family.init({}, key), data).item());
    expect(deep).toBe(plain);
    const [first, last] = trained(of(1) as never);
    expect(last).toBeLessThan(first / 2);
  });

  test("a block adds what its two convolutions make of its input", () => {
    // One channel, all kernels the identity (1 in the middle), images of one pixel value v > 0: a block doubles it.
    const one = residualClassification({ data, classes: 2, channels: 1, blocks: 2 });
    const identity = {
      kernel: np.array([0, 0, 0, 0, 1, 0, 0, 0, 0], { shape: [1, 1, 3, 3] }),
      bias: np.zeros([1]),
    };
    const block = { first: identity, second: identity };
    const model = {
      stem: identity,
      blocks: [block, block],
      output: { weights: np.array([[1, 0]]), bias: np.zeros([2]) },
    };
    const batch = { inputs: np.full([1, 16], 0.5), labels: np.array(Int32Array.of(1)) };
    // Logits (4 · 0.5, 0), the second is right.
    expect(one.loss({}, model, batch).item()).toBeCloseTo(Math.log(1 + Math.exp(2)), 6);
  });
});

describe("autoencoding", () => {
  test("identities give inputs back, the ceiling is 1.5 of their variance, and training lowers the loss", () => {
    const family = autoencoding({ inputs: data.inputs, hidden: [16], batchSize: 8 });
    const layer = { weights: np.eye(16), bias: np.zeros([16]) };
    const positive = np.abs(data.inputs) as Tensor;
    expect(family.loss({}, [layer, layer], positive).item()).toBe(0);
    let sum = 0;
    for (let j = 0; j < 16; j++) {
      const column = Array.from({ length: 8 }, (_, n) => pixels[16 * n + j]!);
      const mean = column.reduce((all, x) => all + x, 0) / 8;
      sum += column.reduce((all, x) => all + (x - mean) ** 2, 0);
    }
    expect(family.ceiling).toBeCloseTo((1.5 * sum) / 128, 6);
    const [first, last] = trained(autoencoding({ inputs: data.inputs, hidden: [8, 2, 8] }) as never);
    expect(last).toBeLessThan(first / 2);
    expect(() => autoencoding({ inputs: np.zeros([3]) })).toThrow(OptionError);
  });
});
