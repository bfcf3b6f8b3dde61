/**
 * Random search: candidates that know nothing of each other, uniform in a box or normal around the start (Bergstra and
 * Bengio 2012). What every other method has to beat.
 */
import type { Tensor } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface RandomSearchOptions extends SigmaOptions {
  /** Candidates per step. Default 16. */
  population?: number;
}

export interface RandomSearchState {
  start: Tensor;
  /** Bounds, where there are any. */
  low: Tensor | null;
  high: Tensor | null;
}

/**
 * Random search. Recommends the best candidate so far. In a finite box candidates are uniform in it; otherwise they have the
 * standard deviation sigma around the start. Cost: d draws per candidate.
 */
export function randomSearch<Theta>(
  options: RandomSearchOptions = {},
): Search<Theta, VectorSearchState<RandomSearchState>> {
  requireKnownOptions("randomSearch", options, ["sigma", "population", "box"]);
  const { sigma = 0.3, population = 16, box } = options;
  requireSigma("randomSearch", sigma);
  requireInteger("randomSearch", "population", population, 1);
  return vectorSearch<Theta, RandomSearchState>(
    {
      name: "randomSearch",
      recipe: { sigma, population },
      bounds: "inside",
      canFail: true,
      init: ({ start, box: bounds }) => ({
        start: vector(start),
        low: bounds ? vector(bounds.low) : null,
        high: bounds ? vector(bounds.high) : null,
      }),
      ask(own, stream) {
        const start = numbersOf(own.start);
        const size = start.length;
        const candidates = Float64Array.from({ length: population * size }, (_, i) => {
          const [low, high] = [own.low?.data[i % size] ?? -Infinity, own.high?.data[i % size] ?? Infinity];
          if (Number.isFinite(high - low)) return low + (high - low) * stream.uniform();
          return Math.min(Math.max(start[i % size]! + sigma * stream.normal(), low), high);
        });
        return { candidates, own };
      },
      tell: (own) => ({ own }),
    },
    box,
  );
}
