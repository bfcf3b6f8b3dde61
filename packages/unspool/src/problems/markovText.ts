/**
 * Text from a Markov chain of characters: something with structure to predict, whose entropy is known.
 *
 *     P(next = j | now = i) ∝ (j + 1)^-skew · exp(structure · n_ij),   n_ij ~ N(0, 1)
 *
 * so that, as in natural text, some characters are frequent (by Zipf's law) and each has its successors.
 */
import { type Key, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";

export interface MarkovTextOptions {
  /** Characters of the text. */
  length: number;
  /** Kinds of characters. Default 27. */
  symbols?: number;
  /** 0 for characters that do not depend on the one before; the larger, the more predictable. Default 1. */
  structure?: number;
  /** 0 for characters that are equally frequent. Default 1.5. */
  skew?: number;
  /** Source of the chain; the text is another draw from it. */
  key: Key;
}

export interface MarkovText {
  text: Int32Array;
  /** Mean of -log P(next | now) in nats: no model predicts better on average. */
  entropy: number;
}

/** Powers of the chain after which it has forgotten where it started. */
const mixingSteps = 200;

/** A chain and a text from it. */
export function markovText(options: MarkovTextOptions): MarkovText {
  requireKnownOptions("markovText", options, ["length", "symbols", "structure", "skew", "key"]);
  const { length, symbols = 27, structure = 1, skew = 1.5, key } = options;
  requireInteger("markovText", "length", length, 1);
  requireInteger("markovText", "symbols", symbols, 1);
  for (const [name, value] of Object.entries({ structure, skew })) {
    if (!Number.isFinite(value)) throw new OptionError("markovText", name, value, "finite");
  }
  const chain = transitions(key, symbols, structure, skew);
  const draws = random.uniform(random.foldIn(key, "text"), [length]).data;
  const text = new Int32Array(length);
  let now = Math.floor(draws[0]! * symbols);
  for (let t = 0; t < length; t++) {
    if (t > 0) now = pick(chain[now]!, draws[t]!);
    text[t] = now;
  }
  return { text, entropy: entropyRate(chain) };
}

function transitions(key: Key, symbols: number, structure: number, skew: number): Float64Array[] {
  const normals = random.normal(random.foldIn(key, "chain"), [symbols, symbols]).data;
  return Array.from({ length: symbols }, (_, i) => {
    const weights = Float64Array.from({ length: symbols }, (__, j) =>
      Math.exp(structure * normals[i * symbols + j]! - skew * Math.log(j + 1)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  });
}

function pick(probabilities: Float64Array, u: number): number {
  let sum = 0;
  const found = probabilities.findIndex((probability) => (sum += probability) > u);
  return found < 0 ? probabilities.length - 1 : found;
}

function entropyRate(chain: readonly Float64Array[]): number {
  let share = new Float64Array(chain.length).fill(1 / chain.length);
  for (let k = 0; k < mixingSteps; k++) {
    const next = new Float64Array(chain.length);
    chain.forEach((row, i) => row.forEach((probability, j) => (next[j]! += share[i]! * probability)));
    share = next;
  }
  return chain.reduce(
    (sum, row, i) => sum - share[i]! * row.reduce((h, p) => h + (p > 0 ? p * Math.log(p) : 0), 0),
    0,
  );
}
