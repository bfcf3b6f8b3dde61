/**
 * A small convolutional network that classifies square images, as a task for optimizers: convolutions of stride 2 with
 * relu between them, a dense layer, cross-entropy. By default the network of the MNIST task of Maheswaranathan et al.
 * (NeurIPS 2021): 32 channels of 5 by 5, twice 16 of 3 by 3.
 */
import { type ConvolutionWeights, type Key, nn, plainLayers, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Layer, fanInNormal, initConvolution, initMlp } from "../networks/index.ts";
import { requireLabelled } from "./labelledData.ts";
import { type LabelledData, minibatch } from "./scheduleTuning.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface ImageClassificationOptions {
  /** Inputs [n, side²], row by row, of one channel. */
  data: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Channels of each convolution. Default [32, 16, 16]. */
  channels?: readonly number[];
  /** Side of each convolution's window, as many. Default 5 for the first and 3 for all others. */
  windows?: readonly number[];
  /** Examples per batch, drawn with replacement. Default 32. */
  batchSize?: number;
}

export type ImageNetwork = { convolutions: Required<ConvolutionWeights>[]; output: Layer };

/**
 * Weights start at N(0, 1 / inputs), biases at 0. The ceiling is 1.5 times the loss of guessing, 1.5 log(classes). Throws
 * `OptionError` for images that are not square.
 */
export function imageClassification(
  options: ImageClassificationOptions,
): TaskFamily<Record<string, never>, ImageNetwork, LabelledData> {
  const where = "imageClassification";
  requireKnownOptions(where, options, ["data", "classes", "channels", "windows", "batchSize"]);
  const { data, classes, channels = [32, 16, 16], batchSize = 32 } = options;
  const windows = options.windows ?? channels.map((_, i) => (i === 0 ? 5 : 3));
  requireInteger(where, "classes", classes, 2);
  requireInteger(where, "batchSize", batchSize, 1);
  requireLabelled(where, "data", data, classes);
  if (channels.length === 0) throw new OptionError(where, "channels", channels, "one number at least");
  channels.forEach((count, i) => requireInteger(where, `channels[${i}]`, count, 1));
  if (windows.length !== channels.length) {
    throw new OptionError(where, "windows", windows, `as many as channels, ${channels.length}`);
  }
  const side = Math.round(Math.sqrt(data.inputs.shape[1]!));
  if (side * side !== data.inputs.shape[1]) {
    throw new OptionError(where, "data.inputs", data.inputs.shape, "square images, [n, side²]");
  }
  const last = channels.reduce((size) => Math.ceil(size / 2), side);
  const features = last * last * channels.at(-1)!;
  return singleTask({
    name: `imageClassification ${[side, ...channels, classes].join("-")}`,
    init: (key: Key): ImageNetwork => ({
      convolutions: channels.map((outputs, i) =>
        initConvolution(random.foldIn(key, i), {
          inputs: i === 0 ? 1 : channels[i - 1]!,
          outputs,
          window: windows[i]!,
          weights: fanInNormal,
        }),
      ),
      output: initMlp(random.foldIn(key, "output"), [features, classes], { weights: fanInNormal })[0]!,
    }),
    data: (key) => minibatch(data, key, batchSize),
    loss({ convolutions, output }: ImageNetwork, batch: LabelledData) {
      const images = batch.inputs.astype(output.weights.dtype).reshape([-1, 1, side, side]);
      const seen = convolutions.reduce(
        (x, layer) => nn.relu(plainLayers.convolution(layer, x, { stride: 2, padding: "same" })),
        images,
      );
      const logits = plainLayers.dense(output, seen.reshape([-1, features]));
      return nn.softmaxCrossEntropy(logits, batch.labels);
    },
    ceiling: 1.5 * Math.log(classes),
  });
}
