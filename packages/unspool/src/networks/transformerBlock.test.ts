/** Against torch 1.13's nn.TransformerEncoderLayer(norm_first=True, activation="relu", dropout=0) in float64. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, np, random, tree } from "../array/index.ts";
import type { AttentionWeights } from "./attention.ts";
import { type TransformerBlockWeights, initTransformerBlock, transformerBlock } from "./transformerBlock.ts";

const f64 = { dtype: "float64" } as const;

/** sin(phase + 0.7 i + 0.13 i²) for the i-th element, as in the script that the numbers come from. */
function values(shape: number[], phase: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const numbers = Array.from({ length: size }, (_, i) => Math.sin(phase + 0.7 * i + 0.13 * i * i));
  return np.array(numbers, { ...f64, shape });
}

const norm = (phase: number) => ({
  scale: values([4], phase).mul(0.2).add(1),
  shift: values([4], phase + 1).mul(0.1),
});
const block: TransformerBlockWeights = {
  attentionNorm: norm(2),
  attention: Object.fromEntries(
    ["query", "key", "value", "output"].map((name, i) => [
      name,
      { weights: values([4, 4], i + 1).mul(0.8), bias: values([4], i + 5).mul(0.3) },
    ]),
  ) as AttentionWeights,
  networkNorm: norm(4),
  network: [
    { weights: values([4, 6], 6).mul(0.5), bias: values([6], 7).mul(0.2) },
    { weights: values([6, 4], 8).mul(0.5), bias: values([4], 9).mul(0.2) },
  ],
};
const x = values([2, 3, 4], 0.1);
const close = (actual: Tensor, wanted: number[]): void =>
  wanted.forEach((value, i) => expect(actual.data[i]).toBeCloseTo(value, 11));

describe("transformerBlock", () => {
  test.each([
    [
      false,
      [0.8802646552429101, -0.23296708925233456, 1.478020202638977, -1.3239752732471342],
      [0.6174587759347346, -1.431482814161459, 2.577352264936288, -3.5823432956798977],
      [
        0.8080634339130489, 1.0699884924387133, -0.4153879955790877, -0.8353451250937989, 0,
        2.0011443374414837,
      ],
      [5.353852967382874, -0.3111629430768836, 14.925143525460829, 3.056002568162175],
    ],
    [
      true,
      [0.30976025892224157, -0.9652255871022909, 1.9410763919402512, -1.0557350400954584],
      [0.14316249997965835, -1.2805834397445537, 1.8447872088630666, -3.0089265539655177],
      [
        1.054885201375839, 1.560764079934887, -0.43228996290742083, -0.5502074585159338, 0.15604015004742539,
        1.1238772870631937,
      ],
      [-3.082162810696693, 7.277784881916747, 28.222854732391372, 11.190065520927515],
    ],
  ])("outputs and gradients of ½ Σ y², causal: %s", (isCausal, first, byInput, byWeights, byScale) => {
    const half = ({ weights, at }: { weights: TransformerBlockWeights; at: Tensor }): Tensor => {
      const y = transformerBlock(weights, at, { heads: 2, isCausal });
      return y.mul(y).sum().mul(0.5);
    };
    close(transformerBlock(block, x, { heads: 2, isCausal }).slice(0, 0), first);
    const slopes = jit(grad(half))({ weights: block, at: x });
    close(slopes.at.slice(0, 1), byInput);
    close(slopes.weights.network[0]!.weights.slice(0), byWeights);
    close(slopes.weights.attentionNorm.scale, byScale);
  });

  test("random weights have their sizes, and refuse heads that do not divide them", () => {
    const weights = initTransformerBlock(random.key(0), { features: 8 });
    // Four products of 8 · 8 + 8, two norms of 16, 8 to 32 and back.
    expect(tree.size(weights)).toBe(4 * 72 + 2 * 16 + 8 * 32 + 32 + 32 * 8 + 8);
    expect(() => transformerBlock(weights, np.zeros([1, 2, 8]), { heads: 3 })).toThrow("attention: heads");
    expect(() => initTransformerBlock(random.key(0), { features: 0 })).toThrow("features");
  });
});
