/**
 * AdaGrad (Duchi, Hazan & Singer 2011), diagonal form.
 *
 *     s ← s + g²
 *     theta ← theta - learningRate · g / (√s + eps)
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdagradOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Added to the root. Default 1e-10. */
  eps?: Hyperparameter;
  /** Where the sum of squares starts. Default 0. */
  initialSum?: number;
}

export type AdagradState = {
  step: Tensor;
  /** Sum of squared gradients. */
  sum: Tree;
};

export const adagradDefaults: Required<AdagradOptions> = { learningRate: 0.01, eps: 1e-10, initialSum: 0 };

/** Gradient descent with step sizes that fall with the gradients seen so far. Cost: two passes, one copy of theta. */
export function adagrad(options: AdagradOptions = {}): Optimizer<AdagradState & Skipping> {
  const rule = withDefaults("adagrad", options, adagradDefaults);
  const { learningRate, eps, initialSum } = rule;
  requireHyperparameter("adagrad", "learningRate", learningRate, positive);
  requireHyperparameter("adagrad", "eps", eps, positive);
  if (!Number.isFinite(initialSum) || initialSum < 0) {
    throw new OptionError("adagrad", "initialSum", initialSum, "a number of at least 0");
  }
  const start = (leaf: Tensor): Tensor => (isFloatLeaf(leaf) ? np.fullLike(leaf, initialSum) : leaf);
  return skipOverflow<AdagradState>(
    {
      name: "adagrad",
      init: (theta) => ({ step: counter(), sum: tree.map(start, zeros(theta)) }),
      update(gradient, state, theta) {
        requireGradient("adagrad", theta, gradient, state);
        const rate = atStep(learningRate, state.step);
        const floor = atStep(eps, state.step);
        const sum = mapFloats((s, g) => s.add(g.mul(g)), state.sum, gradient);
        return {
          theta: mapFloats(
            (x, g, s) => x.sub(g.mul(rate(x)).div(root(s).add(floor(x)))),
            theta,
            gradient,
            sum,
          ),
          state: { step: advance(state.step), sum },
        };
      },
    },
    { options: rule },
  );
}
