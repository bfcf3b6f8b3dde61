/**
 * SNES: a normal distribution with a standard deviation of each number of its own, moved along the natural gradient (Schaul,
 * Glasmachers and Schmidhuber 2011; Wierstra et al. 2014, "Natural Evolution Strategies", algorithm 6).
 *
 *     x_k = m + s ∘ z_k,    m ← m + etaMean s ∘ sum of u_k z_k,    s ← s ∘ exp(etaSigma / 2 · sum of u_k (z_k² - 1))
 */
import type { Tensor } from "../array/index.ts";
import { requireKnownOptions, requirePositive } from "../errors.ts";
import { defaultCandidates } from "./cmaWeights.ts";
import { nesUtilities } from "./nesUtilities.ts";
import { type SigmaOptions, requireCandidates, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import {
  type VectorRules,
  type VectorSearchState,
  keptSpread,
  numbersOf,
  vector,
  vectorSearch,
} from "./vectorSearch.ts";

export interface SnesOptions extends SigmaOptions {
  /** Candidates per generation. Default: 4 + floor(3 ln d). */
  population?: number;
  /** Learning rate of the mean. Default 1. */
  meanRate?: number;
  /** Learning rate of the standard deviations. Default: (3 + ln d) / (5 sqrt(d)). */
  sigmaRate?: number;
}

export interface SnesState {
  mean: Tensor;
  /** Standard deviations, [d]. */
  spread: Tensor;
}

/**
 * Separable NES. Recommends the mean. A box is a transformation of theta. Cost: d operations per candidate.
 */
export function snes<Theta>(options: SnesOptions = {}): Search<Theta, VectorSearchState<SnesState>> {
  requireKnownOptions("snes", options, ["sigma", "population", "meanRate", "sigmaRate", "box"]);
  return vectorSearch(snesRules(options), options.box);
}

/** The same over vectors. */
export function snesRules(options: Omit<SnesOptions, "box">): VectorRules<SnesState> {
  const { sigma = 0.3, population, meanRate = 1, sigmaRate } = options;
  requireSigma("snes", sigma);
  requireCandidates("snes", population);
  requirePositive("snes", "meanRate", meanRate);
  if (sigmaRate !== undefined) requirePositive("snes", "sigmaRate", sigmaRate);
  return {
    name: "snes",
    recipe: { sigma, population: population ?? null, meanRate, sigmaRate: sigmaRate ?? null },
    bounds: "transform",
    init: ({ start }) => ({
      mean: vector(start),
      spread: vector(new Float64Array(start.length).fill(sigma)),
    }),
    ask(own, stream) {
      const [mean, spread] = [numbersOf(own.mean), numbersOf(own.spread)];
      const size = mean.length;
      const count = population ?? defaultCandidates(size);
      const candidates = Float64Array.from(
        { length: count * size },
        (_, i) => mean[i % size]! + spread[i % size]! * stream.normal(),
      );
      return { candidates, own };
    },
    tell(own, candidates, losses) {
      const [mean, spread] = [numbersOf(own.mean), numbersOf(own.spread)];
      const size = mean.length;
      const rate = sigmaRate ?? (3 + Math.log(size)) / (5 * Math.sqrt(size));
      const utilities = nesUtilities(losses);
      const [shift, growth] = [new Float64Array(size), new Float64Array(size)];
      utilities.forEach((u, k) => {
        for (let j = 0; j < size; j++) {
          const z = (candidates[k * size + j]! - mean[j]!) / spread[j]!;
          shift[j]! += u * z;
          growth[j]! += u * (z * z - 1);
        }
      });
      const next = mean.map((m, j) => m + meanRate * spread[j]! * shift[j]!);
      const wider = spread.map((s, j) => keptSpread(s * Math.exp((rate / 2) * growth[j]!), next[j]!));
      const average = Math.exp(wider.reduce((sum, s) => sum + Math.log(s) / size, 0));
      return { own: { mean: vector(next), spread: vector(wider) }, metrics: { sigma: average } };
    },
    center: ({ mean }) => numbersOf(mean),
  };
}
