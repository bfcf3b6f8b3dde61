/**
 * The inner optimisation of a time step: M steps of Adam on phi, each with states drawn anew,
 *
 *     maximise mean_i [ T(x_b)·x_b + reward of the window ],   T without derivative
 *
 * whose gradient by phi is that of the bound of the whole history. Trained are the pair of this step and the backward kernels of
 * the window. Campbell, Shi, Rainforth and Doucet 2021, Proposition 2 and Algorithm 1.
 */
import { type Key, type Tensor, type Tree, lax, random, scan, valueAndGrad } from "../../array/index.ts";
import { type Optimizer, adam, exponentialDecay } from "../../optimizers/index.ts";
import { type Window, type WindowParts, windowReward, windowStates } from "./window.ts";

/** How phi is optimised at a time step. */
export interface PhiRule {
  /** M. */
  steps: number;
  learningRate: number;
  /** Factor of the learning rate per step. */
  decay: number;
  /** States drawn in a step. */
  samples: number;
}

export interface PhiObjective<Theta, Phi> extends WindowParts<Theta, Phi> {
  theta: Theta;
  window: Window<Phi>;
  /** T at the base [n, dx]; undefined where the past is left out, or within the window. */
  slope: ((x: Tensor) => Tensor) | undefined;
}

/** What is maximised, one number per sample, [n]; its derivative by the phis of the links after the base is the estimate. */
export function phiObjective<Theta, Phi>(
  given: PhiObjective<Theta, Phi>,
  phis: readonly Phi[],
  noise: readonly Tensor[],
): Tensor {
  const { theta, window, slope } = given;
  const links = window.links.map((link, k) => ({ ...link, phi: phis[k]! }));
  const states = windowStates(given, { links }, noise);
  const reward = windowReward(given, theta, { ...window, links }, states);
  if (slope === undefined) return reward;
  const base = states[0]!;
  const fixed = lax.stopGradient(slope(lax.stopGradient(base) as Tensor)) as Tensor;
  return reward.add(fixed.mul(base).sum(1));
}

/** Standard normal noise for n states of each link, [n, dx]. */
export function windowNoise(key: Key, links: number, n: number, stateSize: number): Tensor[] {
  const all = random.normal(key, [links, n, stateSize], { dtype: "float64" });
  return Array.from({ length: links }, (_, k) => all.slice(k));
}

/** The phis of the links after M steps; the base of a window that does not reach the start stays as it is. */
export function optimisePhi<Theta, Phi>(given: PhiObjective<Theta, Phi>, rule: PhiRule, key: Key): Phi[] {
  const { links, reachesStart } = given.window;
  const first = reachesStart ? 0 : 1;
  const held = links.slice(0, first).map(({ phi }) => phi);
  const optimizer: Optimizer = adam({
    learningRate:
      rule.decay === 1
        ? rule.learningRate
        : exponentialDecay({ from: rule.learningRate, rate: rule.decay, steps: 1 }),
  });
  const stateSize = given.model.stateSize;
  type Carry = { phis: Phi[]; state: Tree };
  const [end] = scan(
    ({ phis, state }: Carry, _x: null, k: Tensor): [Carry, undefined] => {
      const noise = windowNoise(random.foldIn(key, k), links.length, rule.samples, stateSize);
      const loss = (own: Phi[]): Tensor =>
        phiObjective(given, [...held, ...own], noise)
          .mean()
          .neg();
      const [, gradient] = valueAndGrad(loss)(phis);
      const next = optimizer.update<Phi[]>(gradient, state, phis);
      return [{ phis: next.theta, state: next.state }, undefined];
    },
    {
      phis: links.slice(first).map(({ phi }) => phi),
      state: optimizer.init(links.slice(first).map(({ phi }) => phi)),
    },
    null,
    { length: rule.steps },
  );
  return [...held, ...end.phis];
}
