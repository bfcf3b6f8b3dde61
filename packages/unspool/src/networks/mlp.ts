/** Multilayer perceptrons as plain trees of parameters. */
import { type Key, type Layers, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { requireKnownOptions } from "../errors.ts";
import { type Initialiser, heNormal } from "./initialisers.ts";

export interface Layer {
  /** [inputs, outputs]. */
  weights: Tensor;
  /** [outputs]. */
  bias: Tensor;
}

export interface InitMlpOptions {
  /** How weights are drawn. Default `heNormal`, N(0, 2 / inputs). */
  weights?: Initialiser;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** Layers of the given sizes: random weights, biases 0. The i-th layer has the key `foldIn(key, i)`. */
export function initMlp(key: Key, sizes: readonly number[], options: InitMlpOptions = {}): Layer[] {
  requireKnownOptions("initMlp", options, ["weights", "dtype"]);
  const { weights = heNormal, dtype = "float32" } = options;
  return sizes.slice(1).map((outputs, i) => ({
    weights: weights(random.foldIn(key, i), [sizes[i]!, outputs], dtype),
    bias: np.zeros([outputs], { dtype }),
  }));
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
