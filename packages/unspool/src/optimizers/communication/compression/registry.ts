/**
 * The compressors by name: one line each feeds the docs, the experiments and the tests. To add one, write its file
 * (factory and `…Defaults`), a line here, and a line in `optimizers/index.ts`.
 */
import { type Registry, registry } from "../../../registry.ts";
import { aboveThreshold, aboveThresholdDefaults } from "./aboveThreshold.ts";
import type { CompressedUnits, Compressor } from "./compressor.ts";
import { deepGradientCompression, deepGradientCompressionDefaults } from "./deepGradientCompression.ts";
import { errorFeedback } from "./errorFeedback.ts";
import { majorityVote, majorityVoteDefaults } from "./majorityVote.ts";
import { naturalCompression, naturalCompressionDefaults } from "./naturalCompression.ts";
import { noCompression, noCompressionDefaults } from "./noCompression.ts";
import { oneBit, oneBitDefaults } from "./oneBit.ts";
import { powerSgd, powerSgdDefaults } from "./powerSgd.ts";
import { qsgd, qsgdDefaults } from "./qsgd.ts";
import { randomK, randomKDefaults } from "./randomK.ts";
import { scaledSign, scaledSignDefaults } from "./scaledSign.ts";
import { ternGrad, ternGradDefaults } from "./ternGrad.ts";
import { topK, topKDefaults } from "./topK.ts";

export interface CompressorEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): Compressor;
}

// prettier-ignore
const registered: Registry<CompressorEntry> = registry("createCompressor", [
  entry("noCompression", noCompression, noCompressionDefaults, "the gradient itself"),
  entry("majorityVote", majorityVote, majorityVoteDefaults, "the sign that most workers have"),
  entry("scaledSign", scaledSign, scaledSignDefaults, "signs and one length per leaf"),
  entry("oneBit", oneBit, oneBitDefaults, "one bit per element, two values per column"),
  entry("qsgd", qsgd, qsgdDefaults, "a few levels, rounded at random"),
  entry("ternGrad", ternGrad, ternGradDefaults, "-1, 0 or 1 times the largest element, at random"),
  entry("naturalCompression", naturalCompression, naturalCompressionDefaults, "powers of two, rounded at random"),
  entry("topK", topK, topKDefaults, "the largest elements"),
  entry("randomK", randomK, randomKDefaults, "elements drawn at random, the same for all workers"),
  entry("aboveThreshold", aboveThreshold, aboveThresholdDefaults, "elements from a given size on"),
  entry("deepGradientCompression", deepGradientCompression, deepGradientCompressionDefaults, "the largest elements of accumulated momentum"),
  entry("powerSgd", powerSgd, powerSgdDefaults, "low-rank factors by power iteration"),
]);

export const compressors: readonly CompressorEntry[] = registered.entries;

/** Names of all compressors. */
export const compressorNames: readonly string[] = registered.names;

/** A name with options; `errorFeedback` puts that wrapper around it (true: on updates). */
export interface NamedCompressor {
  name: string;
  errorFeedback?: CompressedUnits | boolean;
  [option: string]: unknown;
}

/** What `createCompressor` takes: a name, as it is or in `errorFeedback(…)`, or a compressor, which passes as it is. */
export type CompressorConfig = string | NamedCompressor | Compressor;

/**
 * A compressor from data. Throws `OptionError` for an unknown name, with the nearest one.
 *
 * @example
 * createCompressor({ name: "topK", fraction: 0.01, errorFeedback: "update" });
 */
export function createCompressor(config: CompressorConfig): Compressor {
  if (typeof config !== "string" && "compress" in config) return config as Compressor;
  const inside = typeof config === "string" ? /^errorFeedback\((\w+)\)$/.exec(config)?.[1] : undefined;
  if (inside !== undefined) return createCompressor({ name: inside, errorFeedback: true });
  const {
    name,
    errorFeedback: units = false,
    ...options
  } = typeof config === "string" ? ({ name: config } as NamedCompressor) : (config as NamedCompressor);
  const compressor = registered.create(name, options);
  if (units === false) return compressor;
  return errorFeedback(compressor, units === true ? {} : { units });
}

function entry<Options extends object>(
  name: string,
  factory: (options: Options) => unknown,
  defaults: Required<Options>,
  summary: string,
): CompressorEntry {
  // The factory checks names and values of what it is given.
  const create = (options: Record<string, unknown>) => factory(options as Options) as Compressor;
  return { name, summary, defaults: { ...defaults }, create };
}
