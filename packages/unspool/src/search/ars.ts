/**
 * Augmented random search: mirrored directions, the best of them only, and a step that is divided by the spread of their losses
 * (Mania, Guy and Recht 2018, "Simple random search provides a competitive approach to reinforcement learning", arXiv:1803.07055,
 * algorithm 2; its filter of observations belongs to the policy).
 *
 *     theta ← theta - alpha / (b s) · sum over the b best pairs of (l⁺ - l⁻) delta,    s the deviation of their 2 b losses
 */
import type { Tensor } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { mirrored, pairsOf } from "./mirrored.ts";
import { type SigmaOptions, requireEvenCandidates, requireSigma } from "./options.ts";
import { ranking } from "./ranks.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface ArsOptions extends SigmaOptions {
  /** Standard deviation of the perturbations, nu, which stays as it is. Default 0.03. */
  sigma?: number;
  /** Candidates per step, twice the number of directions. Default 16. */
  population?: number;
  /** Step size, alpha. Default 0.02. */
  stepSize?: number;
  /** Directions that are used, those with the least loss of either member. Default: all. */
  elites?: number;
}

export interface ArsState {
  theta: Tensor;
}

/**
 * Augmented random search. Recommends where it stands. A pair with a member that has failed is left out. A box is a
 * transformation of theta. Cost: d operations per candidate.
 */
export function ars<Theta>(options: ArsOptions = {}): Search<Theta, VectorSearchState<ArsState>> {
  requireKnownOptions("ars", options, ["sigma", "population", "stepSize", "elites", "box"]);
  return vectorSearch(arsRules(options), options.box);
}

/** The same over vectors. */
export function arsRules(options: Omit<ArsOptions, "box">): VectorRules<ArsState> {
  const { sigma = 0.03, population = 16, stepSize = 0.02 } = options;
  requireSigma("ars", sigma);
  requireEvenCandidates("ars", population);
  requirePositive("ars", "stepSize", stepSize);
  const { elites = population / 2 } = options;
  requireInteger("ars", "elites", elites, 1);
  if (elites > population / 2) {
    const allowed = `at most the number of directions, ${population / 2}`;
    throw new OptionError("ars", "elites", elites, allowed);
  }
  return {
    name: "ars",
    recipe: { sigma, population, stepSize, elites },
    bounds: "transform",
    init: ({ start }) => ({ theta: vector(start) }),
    ask(own, stream) {
      const theta = numbersOf(own.theta);
      return { candidates: mirrored(theta, sigma, population, () => stream.normal()), own };
    },
    tell(own, candidates, losses) {
      const theta = numbersOf(own.theta);
      const step = arsDirection(theta, candidates, losses, elites);
      const next = theta.map((x, j) => x - (stepSize * step[j]!) / sigma);
      return { own: { theta: vector(next) } };
    },
    center: ({ theta }) => numbersOf(theta),
  };
}

/** 1 / (b s) · sum of (l⁺ - l⁻) (x⁺ - theta) over the b best pairs: not divided where all losses are equal. */
function arsDirection(
  theta: Float64Array,
  candidates: Float64Array,
  losses: Float64Array,
  elites: number,
): Float64Array {
  const all = pairsOf(theta, candidates, losses);
  const pairs = all.filter(({ plus, minus }) => Number.isFinite(plus) && Number.isFinite(minus));
  const kept = ranking(pairs.map(({ plus, minus }) => Math.min(plus, minus)))
    .slice(0, elites)
    .map((i) => pairs[i]!);
  if (kept.length === 0) return new Float64Array(theta.length);
  const told = kept.flatMap(({ plus, minus }) => [plus, minus]);
  const mean = told.reduce((sum, loss) => sum + loss / told.length, 0);
  const deviation = Math.sqrt(told.reduce((sum, loss) => sum + (loss - mean) ** 2 / told.length, 0));
  const scale = 1 / (kept.length * (deviation > 0 ? deviation : 1));
  return theta.map((_, j) =>
    kept.reduce((sum, { plus, minus, step }) => sum + scale * (plus - minus) * step(j), 0),
  );
}
