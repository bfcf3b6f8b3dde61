/**
 * A function whose derivative is that of the expected return by design and policy (Bolland et al. 2022): for each trajectory
 *
 *     sum_t r_t + (R - b) sum_t (log pi(a_t | s_t) + log P(xi_t | s_t, a_t)),   R and b constants
 *
 * with R the return and b the mean of the batch's. By `credit: "to-go"` step t is weighted by the rewards from t on, less their
 * mean, which has the same expectation: scores have mean 0 given the past.
 */
import { type Tensor, np } from "../../array/index.ts";
import { type StepTerms, stopped } from "./trajectories.ts";

export interface CreditRule {
  credit: "full" | "to-go";
  baseline: "mean" | "leaveOneOut" | "none";
}

/** Of each trajectory, [B]. */
export interface SurrogateTerms {
  /** R. */
  returns: Tensor;
  /** sum_t r_t with its derivative: the path term. */
  path: Tensor;
  /** The terms with scores. */
  score: Tensor;
  /** sum_t of the policy's entropies; 0 without. */
  entropy: Tensor;
}

/** The parts of the surrogate, from terms [T, B]. */
export function designSurrogate(terms: StepTerms, rule: CreditRule): SurrogateTerms {
  const path = terms.reward.sum(0);
  const weights = creditWeights(stopped(terms.reward), rule);
  const scores = [terms.logPolicy, terms.logDisturbance].filter((x) => x !== undefined);
  const none = np.zerosLike(path);
  const score =
    scores.length === 0
      ? none
      : weightedScores(
          scores.reduce((a, b) => a.add(b)),
          weights,
        );
  return { returns: stopped(path), path, score, entropy: terms.entropy?.sum(0) ?? none };
}

/** sum_t of scores [T, B], by weights [B] or [T, B]. */
export function weightedScores(scores: Tensor, weights: Tensor): Tensor {
  return weights.ndim === 1 ? scores.sum(0).mul(weights) : scores.mul(weights).sum(0);
}

/** R - b: [B] for whole returns, [T, B] for those from each step on. */
export function creditWeights(rewards: Tensor, { credit, baseline }: CreditRule): Tensor {
  const returns = credit === "full" ? rewards.sum(0) : fromEachOn(rewards);
  if (baseline === "none") return returns;
  const centred = returns.sub(returns.mean(-1, { keepdims: true }));
  const batch = rewards.shape[1]!;
  // R_b less the mean of the others' returns: independent of the trajectory, so that no bias of order 1 / B is left.
  return baseline === "leaveOneOut" ? centred.mul(batch / (batch - 1)) : centred;
}

/** Sums of rewards [T, B] from each step on. */
export function fromEachOn(rewards: Tensor): Tensor {
  return np.flip(np.cumsum(np.flip(rewards, 0), 0) as Tensor, 0) as Tensor;
}
