/**
 * A small transformer that predicts each next character of a text, as a task for optimizers: embeddings of characters and
 * places, causal blocks, a norm, a dense layer, cross-entropy in nats (Radford et al. 2019, at CPU size). One of the kinds
 * of tasks on which learned optimizers are judged (Metz et al., CoLLAs 2022; Harrison et al., NeurIPS 2022).
 */
import { type EmbeddingWeights, type Key, nn, np, plainLayers, random } from "../array/index.ts";
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
import { type TaskFamily, singleTask } from "./task.ts";
import { type TextBatch, type TextOptions, textSequences } from "./textSequences.ts";

export interface TransformerLanguageModelOptions extends TextOptions {
  /** Numbers that stand for a character. Default 32. */
  features?: number;
  /** Of the attention, which divide the features. Default 2. */
  heads?: number;
  /** Default 1. */
  blocks?: number;
}

export type TransformerLanguageModel = {
  characters: EmbeddingWeights;
  places: EmbeddingWeights;
  blocks: TransformerBlockWeights[];
  norm: LayerNormWeights;
  read: Layer;
};

/** Standard deviation of embeddings before training, GPT-2's. */
const embeddingSigma = 0.02;

/**
 * Hidden layers have four times as many units as there are features. The ceiling is 1.5 times the loss of guessing.
 *
 * @throws OptionError for a text that is too short or of other characters, and sizes that are none.
 *
 * @example
 * const { text } = markovText({ length: 10_000, key: random.key(0) });
 * const problem = metaTraining(star(), transformerLanguageModel({ text, length: 16 }));
 */
export function transformerLanguageModel(
  options: TransformerLanguageModelOptions,
): TaskFamily<Record<string, never>, TransformerLanguageModel, TextBatch> {
  const where = "transformerLanguageModel";
  const known = ["text", "symbols", "length", "batchSize", "features", "heads", "blocks"] as const;
  requireKnownOptions(where, options, known);
  const { features = 32, heads = 2, blocks = 1 } = options;
  for (const [name, count] of Object.entries({ features, heads, blocks }))
    requireInteger(where, name, count, 1);
  if (features % heads !== 0)
    throw new OptionError(where, "heads", heads, `a divisor of the ${features} features`);
  const { symbols, length, draw, ceiling } = textSequences(where, options);
  const table = (key: Key, entries: number): EmbeddingWeights =>
    initEmbedding(key, { entries, features, sigma: embeddingSigma });
  const places = np.array(Int32Array.from({ length }, (_, i) => i)).reshape([1, -1]);
  return singleTask({
    name: `transformerLanguageModel ${symbols}-${features} x ${blocks}`,
    init: (key: Key): TransformerLanguageModel => ({
      characters: table(random.foldIn(key, "characters"), symbols),
      places: table(random.foldIn(key, "places"), length),
      blocks: Array.from({ length: blocks }, (_, i) =>
        initTransformerBlock(random.foldIn(key, i), { features }),
      ),
      norm: initLayerNorm(features),
      read: initMlp(random.foldIn(key, "read"), [features, symbols], { weights: fanInNormal })[0]!,
    }),
    data: draw,
    loss(model: TransformerLanguageModel, { inputs, wanted }: TextBatch) {
      const embedded = plainLayers
        .embedding(model.characters, inputs)
        .add(plainLayers.embedding(model.places, places));
      const seen = model.blocks.reduce(
        (x, block) => transformerBlock(block, x, { heads, isCausal: true }),
        embedded,
      );
      const logits = plainLayers.dense(model.read, layerNorm(model.norm, seen).reshape([-1, features]));
      return nn.softmaxCrossEntropy(logits, wanted.reshape([-1]));
    },
    ceiling,
  });
}
