import { expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type ImageNetwork, imageClassification } from "./index.ts";

const inputs = random.normal(random.key(1), [6, 25]);
const data = { inputs, labels: np.array(Int32Array.of(0, 1, 2, 0, 1, 2)) };

test("the network of the paper on 28 by 28 pixels has its sizes", () => {
  const images = { inputs: np.zeros([2, 784]), labels: np.array(Int32Array.of(0, 9)) };
  const family = imageClassification({ data: images, classes: 10 });
  expect(family.name).toBe("imageClassification 28-32-16-16-10");
  // 32 (25 + 1) + 16 (32 · 9 + 1) + 16 (16 · 9 + 1) + 10 (4 · 4 · 16 + 1).
  expect(tree.size(family.init({}, random.key(0)))).toBe(832 + 4624 + 2320 + 2570);
});

test("the loss is that of convolutions by hand, and falls along its gradient", () => {
  const family = imageClassification({ data, classes: 3, channels: [2, 3], windows: [3, 1], batchSize: 6 });
  const wide = <T>(x: T): T => tree.astype(x, "float64");
  const network: ImageNetwork = wide(family.init({}, random.key(3)));
  const at = (layer: number, [o, i, y, x]: readonly [number, number, number, number]): number => {
    const { data: kernel, shape } = network.convolutions[layer]!.kernel;
    return kernel[((o * shape[1]! + i) * shape[2]! + y) * shape[3]! + x]!;
  };
  let total = 0;
  for (let n = 0; n < 6; n++) {
    const pixel = (y: number, x: number): number =>
      y < 0 || x < 0 || y > 4 || x > 4 ? 0 : inputs.data[n * 25 + 5 * y + x]!;
    // Stride 2 and padding "same" of 5 pixels: 3 places, windows around 0, 2, 4; then 2 places of single pixels, 0 and 2.
    const first = (c: number, y: number, x: number): number => {
      let sum = 0;
      for (let v = 0; v < 3; v++)
        for (let u = 0; u < 3; u++) sum += at(0, [c, 0, v, u]) * pixel(2 * y + v - 1, 2 * x + u - 1);
      return Math.max(sum, 0);
    };
    const features: number[] = [];
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 2; y++)
        for (let x = 0; x < 2; x++) {
          const sum = [0, 1].reduce((all, i) => all + at(1, [c, i, 0, 0]) * first(i, 2 * y, 2 * x), 0);
          features.push(Math.max(sum, 0));
        }
    const weights = network.output.weights.data;
    const logits = [0, 1, 2].map((k) => features.reduce((sum, f, j) => sum + f * weights[3 * j + k]!, 0));
    const norm = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
    total += norm - logits[data.labels.data[n]!]!;
  }
  const loss = (network: ImageNetwork): Tensor => family.loss({}, network, data);
  expect(loss(network).item()).toBeCloseTo(total / 6, 10);
  const moved = tree.map((x: Tensor, g: Tensor) => x.sub(g.mul(0.05)), network, grad(loss)(network));
  expect(loss(moved).item()).toBeLessThan(total / 6);
});

test("options are checked", () => {
  const flat = { ...data, inputs: np.zeros([6, 24]) };
  expect(() => imageClassification({ data: flat, classes: 3 })).toThrow(/square images/);
  expect(() => imageClassification({ data, classes: 3, channels: [] })).toThrow(OptionError);
  expect(() => imageClassification({ data, classes: 3, channels: [2], windows: [3, 3] })).toThrow(
    OptionError,
  );
});
