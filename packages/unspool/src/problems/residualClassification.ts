/**
 * A small residual network that classifies square images, as a task for optimizers (He, Zhang, Ren & Sun, CVPR 2016, at CPU
 * size and without normalisation): a convolution, blocks x ← x + convolution(relu(convolution(relu(x)))), the mean over all
 * places, a dense layer, cross-entropy. The second convolution of a block starts at 0, so that the network starts as one
 * without blocks, whatever their number (Zhang, Dauphin & Ma, ICLR 2019).
 */
import {
  type ConvolutionWeights,
  type Key,
  type Tensor,
  nn,
  np,
  plainLayers,
  random,
} from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Layer, fanInNormal, initConvolution, initMlp } from "../networks/index.ts";
import { requireLabelled } from "./labelledData.ts";
import { type LabelledData, minibatch } from "./scheduleTuning.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface ResidualClassificationOptions {
  /** Inputs [n, side²], row by row, of one channel. */
  data: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Channels of all convolutions. Default 8. */
  channels?: number;
  /** Default 2. */
  blocks?: number;
  /** Examples per batch, drawn with replacement. Default 32. */
  batchSize?: number;
}

export type ConvolutionBlock = {
  first: Required<ConvolutionWeights>;
  second: Required<ConvolutionWeights>;
};

export type ResidualNetwork = {
  stem: Required<ConvolutionWeights>;
  blocks: ConvolutionBlock[];
  output: Layer;
};

/**
 * Windows are 3 by 3, of stride 1. The ceiling is 1.5 times the loss of guessing, 1.5 log(classes).
 *
 * @throws OptionError for images that are not square, and sizes that are none.
 *
 * @example
 * const family = residualClassification({ data: mnist.train, classes: 10, channels: 4 });
 */
export function residualClassification(
  options: ResidualClassificationOptions,
): TaskFamily<Record<string, never>, ResidualNetwork, LabelledData> {
  const where = "residualClassification";
  requireKnownOptions(where, options, ["data", "classes", "channels", "blocks", "batchSize"]);
  const { data, classes, channels = 8, blocks = 2, batchSize = 32 } = options;
  requireInteger(where, "classes", classes, 2);
  requireInteger(where, "channels", channels, 1);
  requireInteger(where, "blocks", blocks, 0);
  requireInteger(where, "batchSize", batchSize, 1);
  requireLabelled(where, "data", data, classes);
  const side = Math.round(Math.sqrt(data.inputs.shape[1]!));
  if (side * side !== data.inputs.shape[1])
    throw new OptionError(where, "data.inputs", data.inputs.shape, "square images, [n, side²]");
  const convolution = (key: Key, inputs: number): Required<ConvolutionWeights> =>
    initConvolution(key, { inputs, outputs: channels, window: 3 });
  const seenBy = (weights: ConvolutionWeights, x: Tensor): Tensor =>
    plainLayers.convolution(weights, x, { padding: "same" });
  return singleTask({
    name: `residualClassification ${side}-${channels} x ${blocks}`,
    init: (key: Key): ResidualNetwork => ({
      stem: convolution(random.foldIn(key, "stem"), 1),
      blocks: Array.from({ length: blocks }, (_, i): ConvolutionBlock => {
        const { kernel, bias } = convolution(random.foldIn(key, i), channels);
        return {
          first: { kernel, bias },
          second: { kernel: np.zerosLike(kernel), bias: np.zerosLike(bias) },
        };
      }),
      output: initMlp(random.foldIn(key, "output"), [channels, classes], { weights: fanInNormal })[0]!,
    }),
    data: (key) => minibatch(data, key, batchSize),
    loss({ stem, blocks: all, output }: ResidualNetwork, batch: LabelledData) {
      const images = batch.inputs.astype(output.weights.dtype).reshape([-1, 1, side, side]);
      const seen = all.reduce(
        (x, { first, second }) => x.add(seenBy(second, nn.relu(seenBy(first, nn.relu(x))))),
        seenBy(stem, images),
      );
      const logits = plainLayers.dense(output, nn.relu(seen).mean([2, 3]));
      return nn.softmaxCrossEntropy(logits, batch.labels);
    },
    ceiling: 1.5 * Math.log(classes),
  });
}
