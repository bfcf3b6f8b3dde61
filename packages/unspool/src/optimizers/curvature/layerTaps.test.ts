/** Taps against derivatives of the loss itself, and values for a network of two layers (Benzing 2022's method, numpy). */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, grad, np, plainLayers, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { networkObjective } from "../objective/objective.ts";
import { blockMatrix, withBlocks } from "./layerBlocks.ts";
import { type LayerTaps, layerTaps } from "./layerTaps.ts";
import { categoricalLogits, gaussianLikelihood } from "./likelihoods.ts";

const f64 = { dtype: "float64" } as const;
const rows = (values: number[][]): Tensor => np.array(values, f64);

/** Σ over batch and positions of inputsᵀ errors, over the batch size: the gradient of the mean loss. */
function outer(inputs: Tensor, errors: Tensor): Tensor {
  const [batch, , m] = inputs.shape as [number, number, number];
  const [a, e] = [inputs.reshape([-1, m]), errors.reshape([-1, errors.shape[2]!])];
  return np.matmul(np.transpose(a), e).div(batch);
}

function requireGradients<Theta>(taps: LayerTaps<Theta>, gradient: unknown): void {
  const { blocks } = taps.registration;
  const all = tree.flatten(gradient);
  tree.flatten(taps.gradient).forEach((x, i) => expect(x).toBeCloseTo(all[i]!, 12));
  blocks.forEach((block, i) => {
    const [got, wanted] = [outer(taps.inputs[i]!, taps.errors[i]!), blockMatrix(block, gradient)];
    expect(got.shape).toEqual([block.inputs, block.outputs]);
    got.data.forEach((x, k) => expect(x).toBeCloseTo(wanted.data[k]!, 12));
  });
  const matrices = blocks.map((block) => blockMatrix(block, gradient));
  expect(tree.flatten(withBlocks(gradient, blocks, matrices))).toEqual(all);
}

describe("layerTaps", () => {
  test("two dense layers without bias", () => {
    const theta = {
      w1: np.transpose(rows([[0.5, -0.3, 0.2], [0.1, 0.4, -0.6]])), // prettier-ignore
      w2: np.transpose(rows([[1, -1], [0.5, 0.25], [-0.75, 0.5]])), // prettier-ignore
    };
    const objective = networkObjective({
      network: (at: typeof theta, x, layers) =>
        layers.dense({ weights: at.w2 }, np.tanh(layers.dense({ weights: at.w1 }, x))),
      likelihood: categoricalLogits,
      inputs: rows([[1, 0, -1], [0.5, 2, 1], [-1, 1, 0], [2, -0.5, 0.3]]), // prettier-ignore
      targets: np.array([0, 2, 1, 0], { dtype: "int32" }),
    });
    const taps = layerTaps(objective.network!, theta);
    expect(taps.loss.item()).toBeCloseTo(1.05363884207302, 13);
    expect(taps.gradient.w1.slice([], 0).data[2]).toBeCloseTo(0.3803990082, 9);
    expect(taps.gradient.w2.slice(0).data[1]).toBeCloseTo(0.2072261031, 9);
    requireGradients(taps, grad(objective.loss)(theta));
    // The Gram matrix of the examples' gradients for the sampled labels (1, 2, 0, 0).
    const errors = taps.errorsFor(np.array([1, 2, 0, 0], { dtype: "int32" }));
    const gram = taps.inputs.map((a, i) => {
      const [x, e] = [a.reshape([4, -1]), errors[i]!.reshape([4, -1])];
      return np.matmul(x, np.transpose(x)).mul(np.matmul(e, np.transpose(e)).div(4));
    });
    const first = gram[0]!.add(gram[1]!).slice(0).data;
    [0.1060601978, 0.0136877972, -0.0114134347, -0.0245083184].forEach((x, i) =>
      expect(first[i]).toBeCloseTo(x, 9),
    );
  });

  test("biases, a layer used twice, positions, and convolutions", () => {
    const draw = (name: string, shape: number[]) =>
      random.normal(random.key(name.length), shape, f64).mul(0.5);
    const theta = {
      kernel: draw("k", [3, 2, 2, 3]),
      shift: draw("sh", [3]),
      shared: { weights: draw("wei", [4, 4]), bias: draw("bias", [4]) },
      out: { weights: draw("outwe", [12, 2]), bias: draw("outbia", [2]) },
      gain: draw("gainsss", []),
    };
    const network = (at: typeof theta, x: Tensor, layers: Layers): Tensor => {
      const seen = np.tanh(
        layers.convolution({ kernel: at.kernel, bias: at.shift }, x, { stride: 2, padding: "same" }),
      );
      const once = np.tanh(layers.dense(at.shared, seen.reshape([5, 3, 4])));
      const twice = layers.dense(at.shared, once).mul(at.gain);
      return layers.dense(at.out, twice.reshape([5, 12]));
    };
    const objective = networkObjective({
      network,
      likelihood: gaussianLikelihood,
      inputs: draw("inputs..", [5, 2, 4, 4]),
      targets: draw("targets..", [5, 2]),
    });
    const run = compiled("taps", (at: typeof theta) => {
      const { gradient, inputs, errors, loss } = layerTaps(objective.network!, at);
      return { gradient, inputs, errors, loss };
    });
    const { registration } = layerTaps(objective.network!, theta);
    requireGradients({ ...run(theta), registration } as LayerTaps<typeof theta>, grad(objective.loss)(theta));
    expect(
      registration.blocks.map(({ name, inputs, outputs, positions }) => [name, inputs, outputs, positions]),
    ).toEqual([
      ["kernel", 13, 3, 4],
      ["shared.weights", 5, 4, 6],
      ["out.weights", 13, 2, 1],
    ]);
    expect(registration.parameters.map(({ path, block }) => [path, block])).toContainEqual([
      "gain",
      undefined,
    ]);
    expect(plainLayers.dense(theta.out, np.ones([1, 12], f64)).shape).toEqual([1, 2]);
  });
});
