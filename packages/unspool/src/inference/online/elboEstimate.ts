/**
 * What an online filter says of the bound at a time step: of the whole history by the value function,
 *
 *     L_t ≈ E_{q_t}[V(x_b) + reward of the window],
 *
 * ("RELBO"), or the reward of the last step alone, whose running sum is the estimate of the objectives that leave the past out.
 * Campbell, Shi, Rainforth and Doucet 2021, Proposition 1.
 */
import type { Tensor } from "../../array/index.ts";
import { type Window, type WindowParts, windowReward, windowStates } from "./window.ts";

export interface ElboInputs<Theta, Phi> {
  theta: Theta;
  window: Window<Phi>;
  /** V at the base [n, dx]: [n, 1]; undefined within the window. */
  value: ((x: Tensor) => Tensor) | undefined;
  /** Standard normal noise [n, dx] for each link. */
  noise: readonly Tensor[];
}

/** The bound of all ("relbo"), or what this step adds to a sum ("sum"): float64 []. */
export function elboEstimate<Theta, Phi>(
  parts: WindowParts<Theta, Phi> & { elbo: "relbo" | "sum" },
  { theta, window, value, noise }: ElboInputs<Theta, Phi>,
): Tensor {
  const states = windowStates(parts, window, noise);
  if (parts.elbo === "relbo") {
    const reward = windowReward(parts, theta, window, states);
    return (value === undefined ? reward : reward.add(value(states[0]!).reshape([reward.shape[0]!]))).mean();
  }
  const last: Window<Phi> = {
    links: window.links.slice(-2),
    t: window.t,
    reachesStart: window.links.length === 1,
  };
  return windowReward(parts, theta, last, states.slice(-2)).mean();
}
