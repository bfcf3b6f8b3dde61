/**
 * Tuning hyperparameters of three kinds at once through a whole training run: an MLP of L hidden layers trained by SGD
 * with momentum, where every block (the weights and the biases of each layer) has a learning rate and a momentum of
 * its own, and every hidden layer a width. A layer of width fraction q uses its first floor(q · maxWidth) units; the
 * others are masked, so the loss is a step function of the widths.
 *
 * The loss of a step is the validation loss after it, on a fresh minibatch. Vicol, Metz, Sohl-Dickstein 2021 (released
 * code): L = 5, so 12 learning rates, 12 momenta and 5 widths.
 */
import { type Tensor, grad, nn, np, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type Layer, initMlp } from "../networks/index.ts";
import { requireLabelled } from "./labelledData.ts";
import { type LabelledData, type TrainingState, minibatch } from "./scheduleTuning.ts";

export interface MixedTuningOptions {
  /** What the network is trained on: inputs [n, features] with int32 labels [n]. */
  train: LabelledData;
  /** What the loss of a step is measured on. */
  validation: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Hidden layers, L. Default 5. */
  hiddenLayers?: number;
  /** Units of a hidden layer before masking. Default 100. */
  maxWidth?: number;
  /** Default 100. */
  batchSize?: number;
  /** Training steps T. Default 1000. */
  horizon?: number;
}

/** Unconstrained hyperparameters. Blocks are weights and bias of the first layer, of the second, …. */
export interface MixedTheta {
  /** [2 L + 2]: logarithms. */
  logLearningRate: Tensor;
  /** [2 L + 2]: momentum = sigmoid. */
  momentumLogit: Tensor;
  /** [L]: width fraction = sigmoid. */
  widthLogit: Tensor;
  // A tree.
  [name: string]: Tensor;
}

interface Batches {
  train: LabelledData;
  score: LabelledData;
}

/** Tuning rates, momenta and widths: theta are those 5 L + 4 numbers, the state is the network and its velocity. */
export function mixedTuning(options: MixedTuningOptions): Problem<MixedTheta, TrainingState, Batches> {
  requireKnownOptions("mixedTuning", options, [
    "train",
    "validation",
    "classes",
    "hiddenLayers",
    "maxWidth",
    "batchSize",
    "horizon",
  ]);
  const { train, validation, classes, hiddenLayers = 5, maxWidth = 100 } = options;
  const { batchSize = 100, horizon = 1000 } = options;
  for (const [name, value] of Object.entries({ hiddenLayers, maxWidth, batchSize })) {
    requireInteger("mixedTuning", name, value, 1);
  }
  const hidden = Array.from({ length: hiddenLayers }, () => maxWidth);
  requireLabelled("mixedTuning", "train", train, classes);
  requireLabelled("mixedTuning", "validation", validation, classes);
  const sizes = [train.inputs.shape[1]!, ...hidden, classes];
  return defineProblem({
    name: "mixedTuning",
    horizon,
    isDifferentiable: false,
    init(_theta, key) {
      const layers = initMlp(key, sizes);
      return { layers, velocity: tree.map(np.zerosLike, layers) };
    },
    data: (key): Batches => ({
      train: minibatch(train, random.foldIn(key, 0), batchSize),
      score: minibatch(validation, random.foldIn(key, 1), batchSize),
    }),
    step(theta: MixedTheta, { layers, velocity }, { batch }) {
      const masks = widthMasks(theta, maxWidth);
      const rates = np.exp(theta.logLearningRate);
      const momenta = nn.sigmoid(theta.momentumLogit);
      const gradient = grad((moved: Layer[]) => maskedLoss(moved, masks, batch.train))(
        layers as Layer[],
      ) as Layer[];
      const faster = perBlock(gradient, (g, block, part, layer) =>
        (velocity as Layer[])[layer]![part].mul(momenta.slice(block)).add(g),
      );
      const next = perBlock(faster, (v, block, part, layer) =>
        (layers as Layer[])[layer]![part].sub(v.mul(rates.slice(block))),
      );
      return { state: { layers: next, velocity: faster }, loss: maskedLoss(next, masks, batch.score) };
    },
  });
}

/** 1 for the units in use and 0 for the others, [maxWidth] for each hidden layer. */
function widthMasks({ widthLogit }: MixedTheta, maxWidth: number): Tensor[] {
  const used = np.floor(nn.sigmoid(widthLogit).mul(maxWidth));
  const unit = np.arange(maxWidth).astype(used.dtype);
  return Array.from({ length: widthLogit.shape[0]! }, (_, layer) =>
    unit.less(used.slice(layer)).astype(used.dtype),
  );
}

function maskedLoss(
  layers: readonly Layer[],
  masks: readonly Tensor[],
  { inputs, labels }: LabelledData,
): Tensor {
  const logits = layers.reduce((x, { weights, bias }, i) => {
    const y = np.matmul(x, weights).add(bias);
    const mask = masks[i];
    return mask === undefined ? y : nn.relu(y.mul(mask));
  }, inputs.astype(layers[0]!.weights.dtype));
  return nn.softmaxCrossEntropy(logits, labels);
}

function perBlock(
  layers: readonly Layer[],
  update: (leaf: Tensor, block: number, part: keyof Layer, layer: number) => Tensor,
): Layer[] {
  return layers.map(({ weights, bias }, i) => ({
    weights: update(weights, 2 * i, "weights", i),
    bias: update(bias, 2 * i + 1, "bias", i),
  }));
}
