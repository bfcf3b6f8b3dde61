/**
 * Schedule-free averaging (Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky, NeurIPS 2024): what `scheduleFreeSgd` and
 * `scheduleFreeAdamw` share. Gradients are taken at theta = y, between the iterates z and their mean x.
 *
 *     z ← z - r · u;   c = t^timePower · R^ratePower / Σ (the same);   x ← x + c · (z - x);   y = z + beta1 · (x - z)
 *
 * with r the learning rate, R the largest so far, u the step of the rule at y, and t from 1. x is kept beside z instead
 * of being taken back out of y, so that beta1 may be 0 or change.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type ValueFor, asType, atLeast0, atStep, belowOne } from "../hyperparameter.ts";
import { requireHyperparameter } from "../hyperparameter.ts";
import { advance, counter, mapFloats, thetaEntries } from "../leaves.ts";
import type { Hyperparameter } from "../optimizer.ts";

export interface ScheduleFreeOptions {
  /** Place of theta between the iterates (0) and their mean (1). Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of theta that is added to the direction of a step. Default 0. */
  weightDecay?: Hyperparameter;
  /** Power of the learning rate in the weights of the mean, which a warm-up keeps small. Default 2. */
  ratePower?: number;
  /** Power of the number of the step in the weights of the mean. Default 0. */
  timePower?: number;
}

export const scheduleFreeDefaults: Required<ScheduleFreeOptions> = {
  beta1: 0.9,
  weightDecay: 0,
  ratePower: 2,
  timePower: 0,
};

export type ScheduleFreeState = {
  step: Tensor;
  /** z. */
  base: Tree;
  /** x, which is evaluated. */
  average: Tree;
  /** Sum of the weights in x: float scalar. */
  weight: Tensor;
  /** Largest learning rate so far: float scalar. */
  topRate: Tensor;
};

export function requireScheduleFree(where: string, options: Required<ScheduleFreeOptions>): void {
  requireHyperparameter(where, "beta1", options.beta1, belowOne);
  requireHyperparameter(where, "weightDecay", options.weightDecay, atLeast0);
  for (const name of ["ratePower", "timePower"] as const) {
    const power = options[name];
    if (!(typeof power === "number" && Number.isFinite(power) && power >= 0))
      throw new OptionError(where, name, power, "a number of at least 0");
  }
}

export function initScheduleFree(where: string, theta: unknown): ScheduleFreeState {
  thetaEntries(where, theta);
  const dtype = tree.floatType(theta);
  return {
    step: counter(),
    base: theta as Tree,
    average: theta as Tree,
    weight: tree.scalar(0, dtype),
    topRate: tree.scalar(0, dtype),
  };
}

/** The next theta and state for a `direction` at theta, before weight decay, and a learning rate. */
export function scheduleFreeStep<Theta>(
  options: Required<ScheduleFreeOptions> & { learningRate: Hyperparameter },
  theta: Theta,
  direction: unknown,
  state: ScheduleFreeState,
): { theta: Theta; state: ScheduleFreeState } {
  const [rate, decay, beta1] = [options.learningRate, options.weightDecay, options.beta1].map((h) =>
    atStep(h, state.step),
  ) as [ValueFor, ValueFor, ValueFor];
  const step = advance(state.step);
  const topRate = np.maximum(state.topRate, rate(state.topRate)) as Tensor;
  const time = step.astype(topRate.dtype);
  const now = power(topRate, options.ratePower).mul(power(time, options.timePower));
  const weight = state.weight.add(now);
  // A learning rate of 0 so far: nothing has moved, and the mean stays.
  const isEmpty = weight.equal(0);
  const part = now.div(np.where(isEmpty, np.onesLike(weight), weight));
  const base = mapFloats(
    (z, u, y) => z.sub(u!.add(y!.mul(decay(z))).mul(rate(z))),
    state.base,
    direction,
    theta,
  );
  const average = mapFloats((x, z) => x.add(z!.sub(x).mul(asType(part, x.dtype))), state.average, base);
  return {
    theta: mapFloats((_y, z, x) => z!.add(x!.sub(z!).mul(beta1(z!))), theta, base, average),
    state: { step, base, average, weight, topRate },
  };
}

/** The mean of the iterates. */
export function scheduleFreeAverage<Theta>(state: ScheduleFreeState, _theta: Theta): Theta {
  return state.average as Theta;
}

/** Iterates and mean at `theta`. */
export function scheduleFreeMoveTo<State extends ScheduleFreeState>(state: State, theta: unknown): State {
  return { ...state, base: theta as Tree, average: theta as Tree };
}

/** x^p of positive numbers, and 0 at 0, with derivatives that are finite there. */
function power(x: Tensor, p: number): Tensor {
  if (p === 0) return np.onesLike(x);
  if (p === 1) return x;
  if (p === 2) return x.mul(x);
  const isZero = x.lessEqual(0);
  const safe = np.where(isZero, np.onesLike(x), x);
  return np.where(isZero, np.zerosLike(x), np.exp(np.log(safe).mul(p)));
}
