/**
 * A recurrent network that predicts each next character of a text, as a task for optimizers: embedding, one layer of LSTM
 * or GRU, a dense layer, cross-entropy in nats. One of the kinds of tasks on which learned optimizers are judged (Metz et
 * al., CoLLAs 2022). With the characters as the loop, and not training, it is `characterModel`.
 */
import { type Key, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import {
  type GruWeights,
  type Layer,
  type LstmWeights,
  fanInNormal,
  gru,
  initEmbedding,
  initGru,
  initLstm,
  initMlp,
  lstm,
  recurrent,
} from "../networks/index.ts";
import { type TaskFamily, singleTask } from "./task.ts";
import { type TextBatch, type TextOptions, textSequences } from "./textSequences.ts";

export interface RecurrentLanguageModelOptions extends TextOptions {
  /** Numbers that stand for a character. Default 16. */
  embedding?: number;
  /** Of the recurrent layer. Default 32. */
  units?: number;
  /** Default "gru". */
  cell?: "gru" | "lstm";
}

export type RecurrentLanguageModel = {
  embedding: { table: Tensor };
  cell: GruWeights | LstmWeights;
  read: Layer;
};

/**
 * Each sequence starts from a state of zeros. The ceiling is 1.5 times the loss of guessing.
 *
 * @throws OptionError for a text that is too short or of other characters, and sizes that are none.
 *
 * @example
 * const { text } = markovText({ length: 10_000, key: random.key(0) });
 * const problem = metaTraining(star(), recurrentLanguageModel({ text }));
 */
export function recurrentLanguageModel(
  options: RecurrentLanguageModelOptions,
): TaskFamily<Record<string, never>, RecurrentLanguageModel, TextBatch> {
  const where = "recurrentLanguageModel";
  const known = ["text", "symbols", "length", "batchSize", "embedding", "units", "cell"] as const;
  requireKnownOptions(where, options, known);
  const { embedding = 16, units = 32, cell = "gru" } = options;
  requireInteger(where, "embedding", embedding, 1);
  requireInteger(where, "units", units, 1);
  requireOneOf(where, "cell", cell, ["gru", "lstm"]);
  const { symbols, draw, ceiling } = textSequences(where, options);
  const initCell = cell === "gru" ? initGru : initLstm;
  const outputsOf = (weights: GruWeights | LstmWeights, xs: Tensor): Tensor =>
    cell === "gru"
      ? recurrent(gru(weights as GruWeights), xs).outputs
      : recurrent(lstm(weights as LstmWeights), xs).outputs;
  return singleTask({
    name: `recurrentLanguageModel ${cell} ${symbols}-${embedding}-${units}`,
    init: (key: Key): RecurrentLanguageModel => ({
      embedding: initEmbedding(random.foldIn(key, "embedding"), { entries: symbols, features: embedding }),
      cell: initCell(random.foldIn(key, "cell"), { inputs: embedding, units }),
      read: initMlp(random.foldIn(key, "read"), [units, symbols], { weights: fanInNormal })[0]!,
    }),
    data: draw,
    loss({ embedding: table, cell: weights, read }: RecurrentLanguageModel, { inputs, wanted }: TextBatch) {
      const byTime = np.transpose(inputs);
      const states = outputsOf(weights, plainLayers.embedding(table, byTime));
      const logits = plainLayers.dense(read, states.reshape([-1, units]));
      return nn.softmaxCrossEntropy(logits, np.transpose(wanted).reshape([-1]));
    },
    ceiling,
  });
}
