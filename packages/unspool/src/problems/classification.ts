/** Networks that classify, as tasks for optimizers: dense layers on labelled examples, cross-entropy. */
import { type Key, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { requireInteger, requireOneOf, requireKnownOptions } from "../errors.ts";
import { type Layer, applyMlp } from "../networks/index.ts";
import { type LabelledData, minibatch } from "./scheduleTuning.ts";
import { requireLabelled } from "./labelledData.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface ClassificationOptions {
  /** Inputs [n, features] with int32 labels [n]. */
  data: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Sizes of hidden layers; none for softmax regression. Default [32]. */
  hidden?: readonly number[];
  /** Default "relu". */
  activation?: "relu" | "tanh";
  /** Examples per batch, drawn with replacement. Default 32. */
  batchSize?: number;
}

/**
 * Weights start at N(0, 1 / inputs), biases at 0. The ceiling is 1.5 times the loss of guessing, 1.5 log(classes).
 */
export function classification(
  options: ClassificationOptions,
): TaskFamily<Record<string, never>, Layer[], LabelledData> {
  requireKnownOptions("classification", options, ["data", "classes", "hidden", "activation", "batchSize"]);
  const { data, classes, hidden = [32], activation = "relu", batchSize = 32 } = options;
  requireInteger("classification", "classes", classes, 2);
  requireInteger("classification", "batchSize", batchSize, 1);
  requireOneOf("classification", "activation", activation, ["relu", "tanh"]);
  requireLabelled("classification", "data", data, classes);
  const sizes = [data.inputs.shape[1]!, ...hidden, classes];
  const between = activation === "relu" ? nn.relu : np.tanh;
  return singleTask({
    name: `classification ${sizes.join("-")}`,
    init: (key) => fanInLayers(key, sizes),
    data: (key) => minibatch(data, key, batchSize),
    loss: (layers: Layer[], batch: LabelledData) =>
      nn.softmaxCrossEntropy(
        applyMlp(layers, batch.inputs.astype(layers[0]!.weights.dtype), plainLayers, between),
        batch.labels,
      ),
    ceiling: 1.5 * Math.log(classes),
  });
}

function fanInLayers(key: Key, sizes: readonly number[]): Layer[] {
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    const weights: Tensor = random
      .normal(random.foldIn(key, i), [inputs, outputs])
      .mul(1 / Math.sqrt(inputs));
    return { weights, bias: np.zeros([outputs]) };
  });
}
