/**
 * What resampling adds to the gradient of log Z: ancestors are drawn by weights that depend on the parameters, and are
 * credited by their score (Lawson et al., NeurIPS 2022, appendix; Maddison et al., NeurIPS 2017). With a_t the log-probability
 * of the ancestors of step t and l_s what step s adds to log Z,
 *
 *     scoreFunction               (sum of all a_t) · sg(sum of l_s after the first resampling)
 *     scoreFunctionRaoBlackwell   sum over t of  a_t · sg(sum of l_s, s > t)
 *
 * as a pseudo-loss P, which enters as P - sg(P): it has a derivative and no value. Draws that carry no derivatives are
 * credited alike, with what comes from their own step on.
 */
import { type Tensor, lax, np } from "../../array/index.ts";
import type { Sweep } from "./particleSweep.ts";

/** How the derivative of log Z treats ancestors; "none" takes them for constants, which is biased. */
export type ResamplingGradient = "none" | "scoreFunction" | "scoreFunctionRaoBlackwell";

/** The names; papers and other code say none (FIVO-b, SIXO-b), score_fn, and score_fn_rb (FIVO-u, SIXO-u). */
export const resamplingGradients: readonly ResamplingGradient[] = [
  "none",
  "scoreFunction",
  "scoreFunctionRaoBlackwell",
];

/** log Z with the derivative that belongs to the treatment. */
export function creditedEvidence(sweep: Sweep, treatment: ResamplingGradient): Tensor {
  const { logEvidence } = sweep;
  const terms: Tensor[] = [];
  if (treatment === "scoreFunction") terms.push(sweep.logAncestors.sum().mul(afterFirst(sweep)));
  if (treatment === "scoreFunctionRaoBlackwell") terms.push(sweep.logAncestors.mul(later(sweep)).sum());
  const fromHere = later(sweep).add(lax.stopGradient(sweep.logIncrements) as Tensor);
  terms.push(sweep.logDraws.mul(fromHere).sum());
  return terms.reduce((sum, term) => sum.add(term).sub(lax.stopGradient(term) as Tensor), logEvidence);
}

/** What steps after each one add to log Z, [T]; no derivative. */
function later({ logIncrements, logEvidence }: Sweep): Tensor {
  const upToHere = np.cumsum(logIncrements) as Tensor;
  return lax.stopGradient(logEvidence.sub(upToHere)) as Tensor;
}

/** What steps after the first that has resampled add to log Z, scalar; no derivative. */
function afterFirst({ logIncrements, resampled }: Sweep): Tensor {
  const count = np.cumsum(resampled.astype("int32")) as Tensor;
  const isFirst = np.logicalAnd(resampled, count.equal(1)) as Tensor;
  const isAfter = np.logicalAnd(count.greater(0), np.logicalNot(isFirst)) as Tensor;
  return lax.stopGradient((np.where(isAfter, logIncrements, 0) as Tensor).sum()) as Tensor;
}
