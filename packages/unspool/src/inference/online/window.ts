/**
 * The last steps of a filter: their variational pairs and observations, states drawn through them, and the reward
 *
 *     Σ_k [log f(x_k | x_{k-1}) + log g(y_k | x_k) - log q_k(x_{k-1} | x_k)] + log q_b(x_b) - log q_t(x_t),   k = b + 1 … t
 *
 * of which the filter densities in between cancel. A window that reaches the first observation has log mu(x_0) + log g(y_0 | x_0)
 * in the place of log q_b(x_b). With one step it is r_t of Campbell, Shi, Rainforth and Doucet 2021, Proposition 1.
 */
import type { Tensor } from "../../array/index.ts";
import { observationLogProb } from "../stateSpace/observations.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import type { OnlineObjective } from "./onlineObjective.ts";
import type { VariationalFamily } from "./variationalFamily.ts";

/** One time step: what was learned and what was seen. */
export interface Link<Phi = unknown> {
  phi: Phi;
  /** [dy]. */
  y: Tensor;
  /** bool []. */
  observed: Tensor;
}

/** Links of b … t: the first is the base, of which a window that does not reach the start has only the filter density. */
export interface Window<Phi = unknown> {
  links: readonly Link<Phi>[];
  /** int32 []: the step of the last link. */
  t: Tensor;
  /** The first link is step 0. */
  reachesStart: boolean;
}

export interface WindowParts<Theta, Phi> {
  model: StateSpaceModel<Theta>;
  family: VariationalFamily<Phi>;
  objective: Pick<OnlineObjective, "usesKernel" | "usesFilter">;
}

/** States [n, dx] of the links, drawn backward from the last; `noise` [n, dx] for each. */
export function windowStates<Theta, Phi>(
  { family, objective }: WindowParts<Theta, Phi>,
  { links }: Pick<Window<Phi>, "links">,
  noise: readonly Tensor[],
): Tensor[] {
  const last = links.length - 1;
  const states: Tensor[] = [];
  states[last] = family.sample(links[last]!.phi, noise[last]!);
  for (let k = last; k > 0; k--) {
    states[k - 1] = objective.usesKernel
      ? family.samplePast(links[k]!.phi, states[k]!, noise[k - 1]!)
      : family.sample(links[k - 1]!.phi, noise[k - 1]!);
  }
  return states;
}

/** The log-densities of the model along the window, [n]: what the score is of. */
export function windowLogJoint<Theta, Phi>(
  { model }: Pick<WindowParts<Theta, Phi>, "model">,
  theta: Theta,
  { links, t, reachesStart }: Window<Phi>,
  states: readonly Tensor[],
): Tensor | undefined {
  const last = links.length - 1;
  const at = (k: number): Tensor => (k === last ? t : t.sub(last - k));
  const observation = (k: number): Tensor =>
    observationLogProb(model.emission(theta, states[k]!, at(k)), links[k]!.y, links[k]!.observed);
  const terms = links.flatMap((_, k) => {
    if (k > 0) return [model.transition(theta, states[k - 1]!, at(k)).logProb(states[k]!), observation(k)];
    return reachesStart ? [model.initial(theta).logProb(states[0]!), observation(0)] : [];
  });
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => sum.add(term));
}

/** The reward of the window, [n]. */
export function windowReward<Theta, Phi>(
  parts: WindowParts<Theta, Phi>,
  theta: Theta,
  window: Window<Phi>,
  states: readonly Tensor[],
): Tensor {
  const { family, objective } = parts;
  const { links, reachesStart } = window;
  const last = links.length - 1;
  const joint = windowLogJoint(parts, theta, window, states)!;
  let reward = joint.sub(family.logProb(links[last]!.phi, states[last]!));
  if (objective.usesKernel) {
    for (let k = last; k > 0; k--) {
      reward = reward.sub(family.logProbPast(links[k]!.phi, states[k - 1]!, states[k]!));
    }
  }
  return !reachesStart && objective.usesFilter
    ? reward.add(family.logProb(links[0]!.phi, states[0]!))
    : reward;
}
