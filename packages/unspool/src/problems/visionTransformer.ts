/**
 * A small vision transformer that classifies square images, as a task for optimizers: patches through a dense layer, plus
 * embeddings of their places, blocks of attention, a norm, the mean over patches, a dense layer, cross-entropy (Dosovitskiy
 * et al., ICLR 2021, at CPU size, with the mean in place of a class token).
 */
import { type EmbeddingWeights, type Key, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type Layer,
  type LayerNormWeights,
  type TransformerBlockWeights,
  fanInNormal,
  initEmbedding,
  initLayerNorm,
  initMlp,
  initTransformerBlock,
  layerNorm,
  transformerBlock,
} from "../networks/index.ts";
import { requireLabelled } from "./labelledData.ts";
import { type LabelledData, minibatch } from "./scheduleTuning.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface VisionTransformerOptions {
  /** Inputs [n, side²], row by row, of one channel. */
  data: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Side of a patch, which divides that of the images. */
  patch: number;
  /** Numbers that stand for a patch. Default 32. */
  features?: number;
  /** Of the attention, which divide the features. Default 2. */
  heads?: number;
  /** Default 1. */
  blocks?: number;
  /** Examples per batch, drawn with replacement. Default 32. */
  batchSize?: number;
}

export type VisionTransformer = {
  /** [patch², features]. */
  patches: Layer;
  places: EmbeddingWeights;
  blocks: TransformerBlockWeights[];
  norm: LayerNormWeights;
  output: Layer;
};

/** Standard deviation of the places' embeddings before training, as in the paper's code. */
const placeSigma = 0.02;

/**
 * Hidden layers have four times as many units as there are features. The ceiling is 1.5 times the loss of guessing.
 *
 * @throws OptionError for images that are not square, and sizes that do not divide each other.
 *
 * @example
 * const family = visionTransformer({ data: mnist.train, classes: 10, patch: 7 });
 */
export function visionTransformer(
  options: VisionTransformerOptions,
): TaskFamily<Record<string, never>, VisionTransformer, LabelledData> {
  const where = "visionTransformer";
  const known = ["data", "classes", "patch", "features", "heads", "blocks", "batchSize"] as const;
  requireKnownOptions(where, options, known);
  const { data, classes, patch, features = 32, heads = 2, blocks = 1, batchSize = 32 } = options;
  requireInteger(where, "classes", classes, 2);
  requireLabelled(where, "data", data, classes);
  for (const [name, count] of Object.entries({ patch, features, heads, blocks, batchSize }))
    requireInteger(where, name, count, 1);
  const side = Math.round(Math.sqrt(data.inputs.shape[1]!));
  if (side * side !== data.inputs.shape[1])
    throw new OptionError(where, "data.inputs", data.inputs.shape, "square images, [n, side²]");
  if (side % patch !== 0)
    throw new OptionError(where, "patch", patch, `a divisor of the images' side ${side}`);
  if (features % heads !== 0)
    throw new OptionError(where, "heads", heads, `a divisor of the ${features} features`);
  const across = side / patch;
  const count = across * across;
  const places = np.array(Int32Array.from({ length: count }, (_, i) => i)).reshape([1, -1]);
  /** [batch, patches, patch²] of images [batch, side²]. */
  const patchesOf = (images: Tensor): Tensor =>
    np
      .transpose(images.reshape([-1, across, patch, across, patch]), [0, 1, 3, 2, 4])
      .reshape([-1, count, patch * patch]);
  const dense = (key: Key, inputs: number, outputs: number): Layer =>
    initMlp(key, [inputs, outputs], { weights: fanInNormal })[0]!;
  return singleTask({
    name: `visionTransformer ${side}/${patch}-${features} x ${blocks}`,
    init: (key: Key): VisionTransformer => ({
      patches: dense(random.foldIn(key, "patches"), patch * patch, features),
      places: initEmbedding(random.foldIn(key, "places"), { entries: count, features, sigma: placeSigma }),
      blocks: Array.from({ length: blocks }, (_, i) =>
        initTransformerBlock(random.foldIn(key, i), { features }),
      ),
      norm: initLayerNorm(features),
      output: dense(random.foldIn(key, "output"), features, classes),
    }),
    data: (key) => minibatch(data, key, batchSize),
    loss(model: VisionTransformer, batch: LabelledData) {
      const images = batch.inputs.astype(model.output.weights.dtype);
      const embedded = plainLayers
        .dense(model.patches, patchesOf(images))
        .add(plainLayers.embedding(model.places, places));
      const seen = model.blocks.reduce((x, block) => transformerBlock(block, x, { heads }), embedded);
      const logits = plainLayers.dense(model.output, layerNorm(model.norm, seen).mean(1));
      return nn.softmaxCrossEntropy(logits, batch.labels);
    },
    ceiling: 1.5 * Math.log(classes),
  });
}
