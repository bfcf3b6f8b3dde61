/**
 * Quasi-random search: candidates that fill the space more evenly than random ones, from a Halton sequence that is scrambled by the
 * key (Halton 1960, Owen 2017; as a baseline of searches: Bousquet et al. 2017, "Critical Hyper-Parameters").
 */
import type { Tensor } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type HaltonDimension, haltonDimensions, haltonNumber } from "./halton.ts";
import { normalQuantile } from "./normalDistribution.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface QuasiRandomSearchOptions extends SigmaOptions {
  /** Candidates per step. Default 16. */
  population?: number;
  /** Digits are permuted at random, by the key of the start. Default true. */
  isScrambled?: boolean;
}

export interface QuasiRandomSearchState {
  start: Tensor;
  /** Points made so far. */
  index: number;
  /** The words that the digits are permuted by, [2]. */
  seed: Tensor;
  low: Tensor | null;
  high: Tensor | null;
}

/**
 * Quasi-random search. Recommends the best candidate so far. In a finite box candidates fill it evenly; otherwise they are normal
 * with the standard deviation sigma around the start, through the normal quantiles. Cost: about 20 d operations per candidate.
 */
export function quasiRandomSearch<Theta>(
  options: QuasiRandomSearchOptions = {},
): Search<Theta, VectorSearchState<QuasiRandomSearchState>> {
  requireKnownOptions("quasiRandomSearch", options, ["sigma", "population", "isScrambled", "box"]);
  return vectorSearch(quasiRandomSearchRules(options), options.box);
}

/** The same over vectors. */
export function quasiRandomSearchRules(
  options: Omit<QuasiRandomSearchOptions, "box">,
): VectorRules<QuasiRandomSearchState> {
  const where = "quasiRandomSearch";
  const { sigma = 0.3, population = 16, isScrambled = true } = options;
  requireSigma(where, sigma);
  requireInteger(where, "population", population, 1);
  if (typeof isScrambled !== "boolean")
    throw new OptionError(where, "isScrambled", isScrambled, "true or false");
  /** A memo: the tables follow from the seed and the number of dimensions. */
  const tables = new WeakMap<Tensor, HaltonDimension[]>();
  const tableOf = ({ seed, start }: QuasiRandomSearchState): HaltonDimension[] => {
    const table = tables.get(seed) ?? haltonDimensions(start.size, isScrambled ? seed.data : undefined);
    tables.set(seed, table);
    return table;
  };
  return {
    name: where,
    recipe: { sigma, population, isScrambled },
    bounds: "inside",
    canFail: true,
    init: ({ start, box, stream }) => ({
      start: vector(start),
      index: 0,
      seed: vector(Float64Array.of(stream.integer(2 ** 32), stream.integer(2 ** 32))),
      low: box ? vector(box.low) : null,
      high: box ? vector(box.high) : null,
    }),
    ask(own) {
      const dimensions = tableOf(own);
      const start = numbersOf(own.start);
      const size = start.length;
      const candidates = Float64Array.from({ length: population * size }, (_, i) => {
        const j = i % size;
        // The point 0 of the sequence as it was is the corner, which has no quantile.
        const u = haltonNumber(own.index + Math.floor(i / size) + 1, dimensions[j]!);
        const [low, high] = [own.low?.data[j] ?? -Infinity, own.high?.data[j] ?? Infinity];
        if (Number.isFinite(high - low)) return low + (high - low) * u;
        const normal = start[j]! + sigma * normalQuantile(Math.max(u, Number.EPSILON));
        return Math.min(Math.max(normal, low), high);
      });
      return { candidates, own: { ...own, index: own.index + population } };
    },
    tell: (own) => ({ own }),
  };
}
