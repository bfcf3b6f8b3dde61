/**
 * The gradient by theta of log p(y_t | y_0 … y_{t-1}), of which the past enters by S:
 *
 *     g = E_{q_t}[S(x_b) + Σ_{k=b+1}^{t} s_k] - E_{q_{t-1}}[S(x_b) + Σ_{k=b+1}^{t-1} s_k],   s_k = ∂(log f + log g)/∂theta
 *
 * with the thetas of earlier steps in S: recursive maximum likelihood. Campbell, Shi, Rainforth and Doucet 2021, section 3.6.
 */
import { type Tensor, grad, tree } from "../../array/index.ts";
import { fromVector } from "./pastFunctions.ts";
import { type Window, type WindowParts, windowLogJoint, windowStates } from "./window.ts";

export interface ThetaGradientInputs<Theta, Phi> {
  theta: Theta;
  window: Window<Phi>;
  /** S at the base [n, dx]: [n, numbers in theta]; undefined where the past is left out, or within the window. */
  score: ((x: Tensor) => Tensor) | undefined;
  /** Standard normal noise [n, dx] for each link, and for each link but the last. */
  noise: readonly Tensor[];
  earlierNoise: readonly Tensor[];
}

/** g, in the structure of theta, float64. */
export function thetaGradient<Theta, Phi>(
  parts: WindowParts<Theta, Phi>,
  { theta, window, score, noise, earlierNoise }: ThetaGradientInputs<Theta, Phi>,
): Theta {
  const now = windowStates(parts, window, noise);
  const meanJoint = (own: Window<Phi>, states: readonly Tensor[], at: Theta): Tensor | undefined =>
    windowLogJoint(parts, at, own, states)?.mean();
  const links = window.links.slice(0, -1);
  if (links.length === 0) return grad((at: Theta) => meanJoint(window, now, at)!)(theta) as Theta;

  const earlier: Window<Phi> = { ...window, links, t: window.t.sub(1) };
  const then = windowStates(parts, earlier, earlierNoise);
  const difference = (at: Theta): Tensor => {
    const past = meanJoint(earlier, then, at);
    const whole = meanJoint(window, now, at)!;
    return past === undefined ? whole : whole.sub(past);
  };
  const own = grad(difference)(theta) as Theta;
  if (score === undefined) return own;
  return tree.add(own, fromVector(theta, score(now[0]!).mean(0).sub(score(then[0]!).mean(0))));
}
