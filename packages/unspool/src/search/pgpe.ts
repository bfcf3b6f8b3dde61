/**
 * PGPE: parameter-exploring policy gradients with mirrored samples; a standard deviation of each number of its own is learned
 * beside the mean (Sehnke et al. 2010, "Parameter-exploring policy gradients", section 3.3; ranks and the limit on the change
 * as in later implementations: Toklu, Liskowski and Srivastava 2020).
 *
 *     g = 1 / n · sum over pairs of (r⁺ - r⁻) eps,    b = mean of all r
 *     s ← s + sigmaRate / n · sum over pairs of (r⁺ + r⁻ - 2 b) (eps² - s²) / s,    by at most `mostChange` s
 *
 * r are centred ranks, 1/2 for the best of n candidates, and the mean goes along g by an optimizer.
 */
import type { Tensor, Tree } from "../array/index.ts";
import { OptionError, requireKnownOptions, requirePositive } from "../errors.ts";
import { mirrored, pairsOf } from "./mirrored.ts";
import { type OptimizerChoice, optimizerOf } from "./optimizerChoice.ts";
import { type SigmaOptions, requireEvenCandidates, requireSigma } from "./options.ts";
import { centredRanks } from "./ranks.ts";
import type { Search } from "./search.ts";
import {
  type VectorRules,
  type VectorSearchState,
  keptSpread,
  numbersOf,
  vector,
  vectorSearch,
} from "./vectorSearch.ts";

export interface PgpeOptions extends SigmaOptions {
  /** Candidates per step, in mirrored pairs. Default 32. */
  population?: number;
  /** What steps along the gradient: a name of the registry with options. Default: Adam with a learning rate of 0.02. */
  optimizer?: OptimizerChoice;
  /** Learning rate of the standard deviations. Default 0.1. */
  sigmaRate?: number;
  /** Largest relative change of a standard deviation in a step. Default 0.2. */
  mostChange?: number;
}

export interface PgpeState {
  mean: Tensor;
  /** Standard deviations, [d]. */
  spread: Tensor;
  optimizer: Tree;
}

/**
 * PGPE. Recommends the mean. A box is a transformation of theta. Cost: d operations per candidate.
 */
export function pgpe<Theta>(options: PgpeOptions = {}): Search<Theta, VectorSearchState<PgpeState>> {
  requireKnownOptions("pgpe", options, [
    "sigma",
    "population",
    "optimizer",
    "sigmaRate",
    "mostChange",
    "box",
  ]);
  return vectorSearch(pgpeRules(options), options.box);
}

/** The same over vectors. */
export function pgpeRules(options: Omit<PgpeOptions, "box">): VectorRules<PgpeState> {
  const { sigma = 0.3, population = 32, sigmaRate = 0.1, mostChange = 0.2 } = options;
  const { optimizer: choice = { name: "adam", learningRate: 0.02 } } = options;
  requireSigma("pgpe", sigma);
  requireEvenCandidates("pgpe", population);
  requirePositive("pgpe", "sigmaRate", sigmaRate);
  if (!(mostChange > 0 && mostChange < 1))
    throw new OptionError("pgpe", "mostChange", mostChange, "a number between 0 and 1");
  const optimizer = optimizerOf("pgpe", choice);
  return {
    name: "pgpe",
    recipe: { sigma, population, optimizer: { ...choice }, sigmaRate, mostChange },
    bounds: "transform",
    init({ start }) {
      const mean = vector(start);
      const spread = vector(new Float64Array(start.length).fill(sigma));
      return { mean, spread, optimizer: optimizer.init(mean) };
    },
    ask(own, stream) {
      const [mean, spread] = [numbersOf(own.mean), numbersOf(own.spread)];
      return { candidates: mirrored(mean, spread, population, () => stream.normal()), own };
    },
    tell(own, candidates, losses) {
      const [mean, spread] = [numbersOf(own.mean), numbersOf(own.spread)];
      const pairs = pairsOf(mean, candidates, centredRanks(losses));
      const count = losses.length;
      // Ranks rise with the better candidate, and the optimizer goes down.
      const gradient = mean.map((_, j) =>
        pairs.reduce((sum, { plus, minus, step }) => sum - ((plus - minus) * step(j)) / count, 0),
      );
      // Centred ranks have the mean 0, which is the baseline.
      const wider = spread.map((s, j) => {
        const change = pairs.reduce(
          (sum, { plus, minus, step }) => sum + ((plus + minus) * (step(j) ** 2 - s * s)) / s / count,
          0,
        );
        const limit = mostChange * s;
        const next = s + Math.min(Math.max(sigmaRate * change, -limit), limit);
        return keptSpread(next, mean[j]!);
      });
      const next = optimizer.update(vector(gradient), own.optimizer, own.mean);
      const average = Math.exp(wider.reduce((sum, s) => sum + Math.log(s) / wider.length, 0));
      return {
        own: { mean: next.theta, spread: vector(wider), optimizer: next.state },
        metrics: { sigma: average },
      };
    },
    center: ({ mean }) => numbersOf(mean),
  };
}
