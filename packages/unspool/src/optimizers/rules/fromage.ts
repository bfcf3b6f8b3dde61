/**
 * Fromage: Frobenius matched gradient descent (Bernstein, Vahdat, Yue & Liu, NeurIPS 2020, algorithm 1). Every leaf moves by
 * the same part of its own length, and what a step at a right angle adds to that length is taken out again.
 *
 *     theta ← (theta - learningRate · ‖theta‖ / ‖g‖ · g) / √(1 + learningRate²)
 *
 * Where either norm is 0 the ratio is 1, as in the authors' code: a leaf without a gradient shrinks.
 */
import { type Tensor, np } from "../../array/index.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, globalNorm, mapFloats, requireGradient, thetaEntries } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { trustRatio } from "./trustRatio.ts";

export interface FromageOptions {
  /** Length of a step in units of the length of its leaf. Default 0.01, the authors' for all their networks. */
  learningRate?: Hyperparameter;
}

export type FromageState = { step: Tensor };

export const fromageDefaults: Required<FromageOptions> = { learningRate: 0.01 };

/** A learning rate that means the same for every layer. Cost: three passes, no copy of theta. */
export function fromage(options: FromageOptions = {}): Optimizer<FromageState> {
  const rule = withDefaults("fromage", options, fromageDefaults);
  requireHyperparameter("fromage", "learningRate", rule.learningRate, positive);
  return {
    name: "fromage",
    init(theta) {
      thetaEntries("fromage", theta);
      return { step: counter() };
    },
    update(gradient, { step }, theta) {
      requireGradient("fromage", theta, gradient, { step });
      const rate = atStep(rule.learningRate, step);
      const next = mapFloats(
        (x, g) => {
          const length = rate(x);
          const moved = x.sub(g!.mul(trustRatio(globalNorm(x), globalNorm(g!))).mul(length));
          const root =
            typeof length === "number" ? Math.hypot(1, length) : np.sqrt(length.mul(length).add(1));
          return moved.div(root);
        },
        theta,
        gradient,
      );
      return { theta: next, state: { step: advance(step) } };
    },
  };
}
