/** Multilayer perceptrons as plain trees of parameters. */
import { type Key, type Layers, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";

export interface Layer {
  /** [inputs, outputs]. */
  weights: Tensor;
  /** [outputs]. */
  bias: Tensor;
}

/** Layers of the given sizes: weights He-normal, N(0, 2 / inputs); biases 0. */
export function initMlp(key: Key, sizes: readonly number[]): Layer[] {
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    const weights = random.normal(random.foldIn(key, i), [inputs, outputs]).mul(Math.sqrt(2 / inputs));
    return { weights, bias: np.zeros([outputs]) };
  });
}

/** Outputs [batch, outputs] for inputs [batch, inputs]; layers are computed through `on`, with `between` them ReLU. */
export function applyMlp(
  layers: readonly Layer[],
  inputs: Tensor,
  on: Layers = plainLayers,
  between: (x: Tensor) => Tensor = nn.relu,
): Tensor {
  return layers.reduce((x, layer, i) => {
    const y = on.dense(layer, x);
    return i < layers.length - 1 ? between(y) : y;
  }, inputs);
}
