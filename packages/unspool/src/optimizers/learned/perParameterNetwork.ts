/** A small network that is evaluated at every parameter, with weights that all of them share. */
import { type Tensor, nn, np } from "../../array/index.ts";
import type { NetworkLayer } from "./learnedOptimizer.ts";

/** Up to this many hidden units the network is written out as sums of scaled tensors, which fuse into one loop. */
const widestFused = 8;

/** Time scales of the features of time. */
const timeScales = [1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5] as const;

/** tanh(t / τ - 1) for eleven τ from 1 to 1e5: [11]. */
export function timeFeatures(step: Tensor, dtype: "float32" | "float64"): Tensor {
  const rates = np.array(
    timeScales.map((scale) => 1 / scale),
    { dtype },
  );
  return np.tanh(rates.mul(step.astype(dtype)).sub(1));
}

/** sin(t / (π τ)) for the same eleven τ: [11]. */
export function waveFeatures(step: Tensor, dtype: "float32" | "float64"): Tensor {
  const rates = np.array(
    timeScales.map((scale) => 1 / (Math.PI * scale)),
    { dtype },
  );
  return np.sin(rates.mul(step.astype(dtype)));
}

export const timeFeatureCount: number = timeScales.length;

/** x divided by its root mean square over the tensor. */
export function normalised(x: Tensor): Tensor {
  return x.div(np.sqrt(x.mul(x).mean().add(1e-5)));
}

/** How the network is computed: as sums of scaled tensors, or as products of matrices. */
export type NetworkForm = "sums" | "matrices";

/**
 * Outputs, each of the shape of the features, of a ReLU network with inputs `features` (one tensor per input, all of
 * one shape) and then `shared` [n], which are the same at every parameter. Both forms are the same but for rounding; by
 * itself it takes the one that is faster for its widths.
 */
export function perParameterNetwork(
  layers: readonly NetworkLayer[],
  features: readonly Tensor[],
  shared: Tensor,
  form?: NetworkForm,
): Tensor[] {
  const [first, ...rest] = layers as [NetworkLayer, ...NetworkLayer[]];
  const own = first.weights.slice([0, features.length]);
  const bias = np
    .matmul(shared, first.weights.slice([features.length, first.weights.shape[0]!]))
    .add(first.bias);
  const all = [{ weights: own, bias }, ...rest];
  const isNarrow = layers.slice(0, -1).every(({ weights }) => weights.shape[1]! <= widestFused);
  return (form ?? (isNarrow ? "sums" : "matrices")) === "sums"
    ? writtenOut(all, features)
    : asMatrices(all, features);
}

function writtenOut(layers: readonly NetworkLayer[], features: readonly Tensor[]): Tensor[] {
  return layers.reduce<readonly Tensor[]>((inputs, { weights, bias }, level) => {
    const outputs = Array.from({ length: weights.shape[1]! }, (_, j) =>
      inputs.reduce((sum, x, i) => sum.add(x.mul(weights.slice(i, j))), bias.slice(j)),
    );
    return level < layers.length - 1 ? outputs.map((y) => nn.relu(y)) : outputs;
  }, features) as Tensor[];
}

function asMatrices(layers: readonly NetworkLayer[], features: readonly Tensor[]): Tensor[] {
  const { shape } = features[0]!;
  const stacked = np.stack(
    features.map((x) => x.reshape([-1])),
    1,
  );
  const outputs = layers.reduce((x, { weights, bias }, level) => {
    const y = np.matmul(x, weights).add(bias);
    return level < layers.length - 1 ? nn.relu(y) : y;
  }, stacked);
  return Array.from({ length: outputs.shape[1]! }, (_, j) => outputs.slice([], j).reshape([...shape]));
}
