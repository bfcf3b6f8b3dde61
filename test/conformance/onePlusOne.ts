/**
 * A method that is no gradient descent: a (1+1) evolution strategy, asked for a candidate and told its loss. Its step
 * size, in its state, follows the one-fifth success rule (Rechenberg 1973; factors of Auger 2009).
 */
import { type Key, type Method, type Tensor, random, tree } from "unspool";

export interface OnePlusOneState {
  /** Standard deviation of the next candidate. */
  sigma: number;
  /** The loss of theta; Infinity before it was measured. */
  best: number;
}

/** A candidate theta + sigma n, n standard normal. */
export function ask<Theta>(theta: Theta, { sigma }: OnePlusOneState, key: Key): Theta {
  let leaf = 0;
  const moved = (x: Tensor): Tensor =>
    x.add(
      random
        .normal(random.foldIn(key, leaf++), [...x.shape])
        .astype(x.dtype)
        .mul(sigma),
    );
  return tree.map(moved, theta);
}

/** The better of theta and the candidate; sigma grows by success and shrinks by failure. */
export function tell<Theta>(
  theta: Theta,
  { sigma, best }: OnePlusOneState,
  candidate: Theta,
  loss: number,
): { theta: Theta; state: OnePlusOneState } {
  const factor = Math.exp(1 / 3);
  return loss <= best
    ? { theta: candidate, state: { sigma: sigma * factor, best: loss } }
    : { theta, state: { sigma: sigma * factor ** -0.25, best } };
}

/** Minimises `loss`, which is told one candidate a step. A candidate whose loss is not finite has failed. */
export function onePlusOne<Theta>(
  loss: (theta: Theta) => number,
  { sigma = 0.3 }: { sigma?: number } = {},
): Method<Theta, OnePlusOneState> {
  return {
    name: "onePlusOne",
    recipe: () => ({ onePlusOne: { sigma, loss: loss.name } }),
    init: (theta) => ({ sigma, best: loss(theta) }),
    step(theta, state, key) {
      const candidate = ask(theta, state, key);
      const next = tell(theta, state, candidate, loss(candidate));
      const { best, sigma: after } = next.state;
      return { ...next, loss: best, metrics: { innerSteps: 1, sigma: after } };
    },
  };
}
