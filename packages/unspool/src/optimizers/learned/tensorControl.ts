/**
 * A network that is evaluated once per tensor and sets how a rule moves it, as the LSTM per tensor of Metz et al. 2020
 * and of VeLO (Metz et al. 2022) does, here without a memory of its own:
 *
 *     y = W2 tanh(W1 [features; time] + b1) + b2
 *     lengths: exp(clip(y_1, ±5)), exp(clip(y_2, ±5));   shares of momenta: softmax(y_3 …)
 *
 * Features: for each momentum the logarithm of its size against that of the gradient, which tells how steady gradients
 * are; of the parameters the logarithm of their size and number; whether they are a matrix.
 */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { type NetworkLayer, initLayers } from "./learnedOptimizer.ts";
import type { ParameterView } from "./parameterFeatures.ts";
import { timeFeatureCount } from "./perParameterNetwork.ts";

const units = 8;

/** Parameters at 0 would never move: their size counts as at least about this. */
const leastSize = 0.03;

/** The last layer starts at 0: lengths of 1, equal shares. */
export function initTensorControl(key: Key, momenta: number): NetworkLayer[] {
  const [first] = initLayers(random.foldIn(key, "control"), [momenta + 3 + timeFeatureCount, units]);
  const outputs = momenta + 2;
  return [first!, { weights: np.zeros([units, outputs]), bias: np.zeros([outputs]) }];
}

export interface TensorControl {
  /** Factors of the steps, scalars. */
  nominal: Tensor;
  learned: Tensor;
  /** Of the momenta, which add up to 1. */
  shares: Tensor[];
}

/** What the network says of one tensor. */
export function tensorControl(layers: readonly NetworkLayer[], view: ParameterView): TensorControl {
  const [first, last] = layers as [NetworkLayer, NetworkLayer];
  const inputs = np.concatenate([np.stack(featuresOf(view)), view.time]);
  const hidden = np.tanh(np.matmul(inputs, first.weights).add(first.bias));
  const outputs = np.matmul(hidden, last.weights).add(last.bias);
  const length = (i: number): Tensor => np.exp(np.clip(outputs.slice(i), -5, 5) as Tensor);
  const logits = view.momenta.map((_, k) => np.exp(np.clip(outputs.slice(k + 2), -10, 10) as Tensor));
  const total = logits.reduce((sum, x) => sum.add(x));
  return { nominal: length(0), learned: length(1), shares: logits.map((x) => x.div(total)) };
}

/** Root mean square of the parameters of a tensor, with the least size under the root. */
export function parameterSize(parameter: Tensor): Tensor {
  return np.sqrt(
    np
      .square(parameter)
      .mean()
      .add(leastSize ** 2),
  );
}

function featuresOf({ parameter, momenta, scale }: ParameterView): Tensor[] {
  const { dtype } = parameter;
  const steadiness = momenta.map((m) => np.log(np.square(m.mul(scale)).mean().add(1e-4)).mul(0.3));
  return [
    ...steadiness,
    np.log(parameterSize(parameter)).mul(0.5),
    tree.scalar(0.2 * Math.log(parameter.size) - 1, dtype),
    tree.scalar(parameter.ndim > 1 ? 1 : -1, dtype),
  ];
}
