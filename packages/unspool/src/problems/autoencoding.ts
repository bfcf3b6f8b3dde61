/**
 * An autoencoder as a task for optimizers: a multilayer perceptron that gives its inputs back through layers of which one is
 * narrow (Hinton & Salakhutdinov, Science 2006). The loss is the squared error, mean over examples and inputs.
 */
import { type Key, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { type Layer, applyMlp, fanInNormal, initMlp } from "../networks/index.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface AutoencodingOptions {
  /** [n, features]. */
  inputs: Tensor;
  /** Sizes of hidden layers, the code among them. Default [32, 8, 32]. */
  hidden?: readonly number[];
  /** Between layers. Default "relu". */
  activation?: "relu" | "tanh";
  /** Examples per batch, drawn with replacement. Default 32. */
  batchSize?: number;
}

/**
 * Weights start at N(0, 1 / inputs), biases at 0. The ceiling is 1.5 times the loss of giving back the mean of all inputs.
 *
 * @throws OptionError for inputs of other than two axes, and sizes that are none.
 *
 * @example
 * const family = autoencoding({ inputs: mnist.train.inputs, hidden: [64, 16, 64] });
 */
export function autoencoding(
  options: AutoencodingOptions,
): TaskFamily<Record<string, never>, Layer[], Tensor> {
  const where = "autoencoding";
  requireKnownOptions(where, options, ["inputs", "hidden", "activation", "batchSize"]);
  const { inputs, hidden = [32, 8, 32], activation = "relu", batchSize = 32 } = options;
  if (inputs.ndim !== 2 || inputs.size === 0)
    throw new OptionError(where, "the shape of inputs", inputs.shape, "[n, features], both above 0");
  hidden.forEach((units, i) => requireInteger(where, `hidden[${i}]`, units, 1));
  requireOneOf(where, "activation", activation, ["relu", "tanh"]);
  requireInteger(where, "batchSize", batchSize, 1);
  const [examples, features] = inputs.shape as [number, number];
  const sizes = [features, ...hidden, features];
  const between = activation === "relu" ? nn.relu : np.tanh;
  const away = inputs.sub(inputs.mean(0));
  return singleTask({
    name: `autoencoding ${sizes.join("-")}`,
    init: (key: Key) => initMlp(key, sizes, { weights: fanInNormal }),
    data: (key) => np.take(inputs, random.randint(key, [batchSize], 0, examples), 0),
    loss(layers: Layer[], batch: Tensor) {
      const wanted = batch.astype(layers[0]!.weights.dtype);
      const miss = applyMlp(layers, wanted, plainLayers, between).sub(wanted);
      return miss.mul(miss).mean();
    },
    ceiling: 1.5 * away.mul(away).mean().item(),
  });
}
