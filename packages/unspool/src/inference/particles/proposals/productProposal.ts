/**
 * The transition times a normal factor with parameters of its own at every step, for models with normal transitions of
 * independent numbers (Lawson et al., NeurIPS 2022, section 5.2):
 *
 *     q_t ∝ N(x_t; m_t, s_t^2) p(x_t | x_{t-1})
 *
 * It belongs to one series: its parameters know what they have to explain.
 */
import { type Key, type Tensor, lax, np, random } from "../../../array/index.ts";
import { type Distribution, diagonalNormal } from "../../../distributions/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { type GaussianMoments, productOfGaussians } from "./productOfGaussians.ts";
import type { Proposal } from "./proposal.ts";

/** [T, dx] each; s = max(exp(logSd), least). */
export type ProductProposalParams = { mean: Tensor; logSd: Tensor };

export interface ProductProposalOptions {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** Standard deviation of the first parameters around 0. Default 0.01. */
  spread?: number;
  /** The least s. Default 1e-12. */
  leastSd?: number;
  /** Whether the transition's mean and variance are constants in it: its parameters are then not moved through q. Default false. */
  stopsPriorGradient?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** The proposal. Cost: 2 T dx parameters. */
export function productProposal(
  options: ProductProposalOptions,
): Proposal<unknown, ProductProposalParams, ProductProposalParams> {
  const where = "productProposal";
  requireKnownOptions(where, options, [
    "steps",
    "stateSize",
    "spread",
    "leastSd",
    "stopsPriorGradient",
    "dtype",
  ]);
  const { steps, stateSize, spread = 0.01, leastSd = 1e-12, stopsPriorGradient = false } = options;
  const { dtype = "float32" } = options;
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "stateSize", stateSize, 1);
  requirePositive(where, "leastSd", leastSd);
  const draw = (key: Key, name: string): Tensor =>
    random.normal(random.foldIn(key, name), [steps, stateSize], { dtype }).mul(spread);
  return {
    name: "productProposal",
    init: (key) => ({ mean: draw(key, "mean"), logSd: draw(key, "logSd") }),
    rows: (params) => params,
    propose(_, { prior, row }) {
      const sd = np.maximum(np.exp(row.logSd), leastSd) as Tensor;
      return priorTimes(prior, { mean: row.mean, variance: sd.mul(sd) }, stopsPriorGradient);
    },
  };
}

/** The normal distribution whose density is that of `prior` times a factor. */
export function priorTimes(
  prior: Distribution,
  factor: GaussianMoments,
  stopsPriorGradient: boolean,
): Distribution {
  const own = { mean: prior.mean(), variance: prior.variance() };
  const fixed = (x: Tensor): Tensor => (stopsPriorGradient ? (lax.stopGradient(x) as Tensor) : x);
  const { mean, variance } = productOfGaussians(
    { mean: fixed(own.mean), variance: fixed(own.variance) },
    factor,
  );
  return diagonalNormal({ mean, logSd: (np.log(variance) as Tensor).mul(0.5) });
}
