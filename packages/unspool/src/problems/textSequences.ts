/** Sequences from a resident text, as batches for language models. */
import { type Key, type Tensor, np, random } from "../array/index.ts";
import { OptionError, requireInteger } from "../errors.ts";

/** What language models as tasks have in common. */
export interface TextOptions {
  /** Numbers of characters, of which at least `length` + 1. */
  text: Int32Array;
  /** Kinds of characters. Default 27. */
  symbols?: number;
  /** Characters predicted in a sequence. Default 32. */
  length?: number;
  /** Sequences per batch, from random places. Default 16. */
  batchSize?: number;
}

/** Characters and those that follow them, int32 [batch, length] each. */
export type TextBatch = { inputs: Tensor; wanted: Tensor };

export interface TextSequences {
  symbols: number;
  length: number;
  /** A batch. */
  draw(key: Key): TextBatch;
  /** 1.5 times the loss of guessing, 1.5 log(symbols). */
  ceiling: number;
}

/** Checks the options of `where`. */
export function textSequences(where: string, options: TextOptions): TextSequences {
  const { text, symbols = 27, length = 32, batchSize = 16 } = options;
  requireInteger(where, "symbols", symbols, 2);
  requireInteger(where, "length", length, 1);
  requireInteger(where, "batchSize", batchSize, 1);
  if (text.length <= length) {
    throw new OptionError(where, "the length of text", text.length, `above length, which is ${length}`);
  }
  const strange = text.find((symbol) => !(symbol >= 0 && symbol < symbols));
  if (strange !== undefined) {
    throw new OptionError(where, "text", strange, `made of numbers from 0 to ${symbols - 1}`);
  }
  const characters = np.array(text);
  const offsets = np.array(Int32Array.from({ length: length + 1 }, (_, i) => i)).reshape([1, -1]);
  return {
    symbols,
    length,
    draw(key) {
      const starts = random.randint(key, [batchSize, 1], 0, text.length - length);
      const seen = np.take(characters, starts.add(offsets), 0);
      return { inputs: seen.slice([], [0, length]), wanted: seen.slice([], [1, length + 1]) };
    },
    ceiling: 1.5 * Math.log(symbols),
  };
}
