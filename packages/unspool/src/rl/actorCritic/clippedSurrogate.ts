/**
 * The objective of proximal policy optimisation (Schulman et al., arXiv 1707.06347, equation 7): an action's advantage times
 * how much more likely it has become, as long as that is not beyond 1 ± clip in the advantage's direction.
 *
 *     L = min(rho A, clip(rho, 1 - eps, 1 + eps) A),   rho = pi(a | s) / pi_old(a | s)
 */
import { type Tensor, np, vmap } from "../../array/index.ts";
import type { DesignPolicy } from "../design/policies/policy.ts";

/** L of each action, from log pi, log pi_old and A of one shape. */
export function clippedSurrogate(logs: Tensor, oldLogs: Tensor, advantages: Tensor, clip: number): Tensor {
  const ratio = np.exp(logs.sub(oldLogs)) as Tensor;
  const kept = np.clip(ratio, 1 - clip, 1 + clip) as Tensor;
  return np.minimum(ratio.mul(advantages), kept.mul(advantages)) as Tensor;
}

/** log pi of actions [rows, …] at observations [rows, …]: [rows]. */
export function logProbabilities<Theta>(
  policy: Pick<DesignPolicy<Theta>, "logProb">,
  theta: Theta,
  observations: Tensor,
  actions: Tensor,
): Tensor {
  return vmap((o: Tensor, a: Tensor) => policy.logProb(theta, o, a))(observations, actions) as Tensor;
}
