/**
 * Evolution strategies as OpenAI has them: mirrored perturbations of a fixed size, losses replaced by their ranks, and
 * Adam along the estimated gradient (Salimans, Ho, Chen, Sidor and Sutskever 2017, arXiv:1703.03864, algorithm 1).
 *
 *     g = 1 / (n sigma) · sum over candidates of r_i eps_i + weightDecay · m,    r centred ranks, -1/2 to 1/2
 */
import type { Tensor, Tree } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import { mirrored } from "./mirrored.ts";
import { type OptimizerChoice, optimizerOf } from "./optimizerChoice.ts";
import { type SigmaOptions, requireEvenCandidates, requireSigma } from "./options.ts";
import { centredRanks } from "./ranks.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";
export interface OpenaiEsOptions extends SigmaOptions {
  /** Standard deviation of the perturbations, which stays as it is. Default 0.02. */
  sigma?: number;
  /** Candidates per step, in mirrored pairs. Default 32. */
  population?: number;
  /** What steps along the gradient: a name of the registry with options. Default: Adam with a learning rate of 0.01. */
  optimizer?: OptimizerChoice;
  /** Pull of the mean to 0, per unit of the gradient. Default 0.005. */
  weightDecay?: number;
}

export interface OpenaiEsState {
  mean: Tensor;
  optimizer: Tree;
}

/**
 * OpenAI's ES. Recommends the mean. A box is a transformation of theta. Cost: d operations per candidate.
 */
export function openaiEs<Theta>(
  options: OpenaiEsOptions = {},
): Search<Theta, VectorSearchState<OpenaiEsState>> {
  requireKnownOptions("openaiEs", options, ["sigma", "population", "optimizer", "weightDecay", "box"]);
  return vectorSearch(openaiEsRules(options), options.box);
}

/** The same over vectors. */
export function openaiEsRules(options: Omit<OpenaiEsOptions, "box">): VectorRules<OpenaiEsState> {
  const { sigma = 0.02, population = 32, weightDecay = 0.005 } = options;
  const { optimizer: choice = { name: "adam", learningRate: 0.01 } } = options;
  requireSigma("openaiEs", sigma);
  requireEvenCandidates("openaiEs", population);
  if (!Number.isFinite(weightDecay) || weightDecay < 0)
    throw new OptionError("openaiEs", "weightDecay", weightDecay, "a finite number of at least 0");
  const optimizer = optimizerOf("openaiEs", choice);
  return {
    name: "openaiEs",
    recipe: { sigma, population, optimizer: { ...choice }, weightDecay },
    bounds: "transform",
    init({ start }) {
      const mean = vector(start);
      return { mean, optimizer: optimizer.init(mean) };
    },
    ask(own, stream) {
      const mean = numbersOf(own.mean);
      return { candidates: mirrored(mean, sigma, population, () => stream.normal()), own };
    },
    tell(own, candidates, losses) {
      const mean = numbersOf(own.mean);
      const ranks = centredRanks(losses);
      const gradient = mean.map((m) => weightDecay * m);
      const scale = 1 / (losses.length * sigma * sigma);
      // The best has rank 1/2: down the loss is along it.
      candidates.forEach((x, i) => {
        const j = i % mean.length;
        gradient[j]! -= scale * ranks[Math.floor(i / mean.length)]! * (x - mean[j]!);
      });
      const next = optimizer.update(vector(gradient), own.optimizer, own.mean);
      return { own: { mean: next.theta, optimizer: next.state } };
    },
    center: ({ mean }) => numbersOf(mean),
  };
}
