/**
 * NovoGrad: stochastic normalised gradient descent with momentum (Ginsburg et al., arXiv 1905.11286, 2019). One
 * second moment per leaf, of the length of its gradient. Constants as in optax.
 *
 *     s ← ‖g‖² at the first update, then  beta2 · s + (1 - beta2) · ‖g‖²
 *     m ← beta1 · m + g / (√s + eps) + weightDecay · theta
 *     theta ← theta - learningRate · m
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { atLeast0, atStep, belowOne, oneMinus, positive, requireHyperparameter } from "../hyperparameter.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, descend, isAt, isFloatLeaf, requireGradient, root, zeros } from "../leaves.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface NovogradOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.25. */
  beta2?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
  /** Part of theta that is added to the first moment. Default 0. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export type NovogradState = {
  step: Tensor;
  /** Decayed sum of normalised gradients. */
  firstMoment: Tree;
  /** Running mean of ‖g‖²: a scalar per leaf. */
  squaredNorms: Tree;
};

export const novogradDefaults: Required<NovogradOptions> = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.25,
  eps: 1e-8,
  weightDecay: 0,
  decayed: () => true,
};

/** Momentum on gradients of about length 1 per leaf. Cost: three passes, one copy of theta. */
export function novograd(options: NovogradOptions = {}): Optimizer<NovogradState & Skipping> {
  const rule = withDefaults("novograd", options, novogradDefaults);
  requireHyperparameter("novograd", "learningRate", rule.learningRate, positive);
  requireHyperparameter("novograd", "beta1", rule.beta1, belowOne);
  requireHyperparameter("novograd", "beta2", rule.beta2, belowOne);
  requireHyperparameter("novograd", "eps", rule.eps, positive);
  requireHyperparameter("novograd", "weightDecay", rule.weightDecay, atLeast0);
  const isDecayed = leafPredicate("novograd", "decayed", rule.decayed);
  return skipOverflow<NovogradState>(
    {
      name: "novograd",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("novograd", "decayed", rule.decayed, theta);
        return {
          step: counter(),
          firstMoment: zeros(theta),
          squaredNorms: tree.map((x) => np.zeros([], { dtype: x.dtype }), theta) as Tree,
        };
      },
      update(gradient, state, theta) {
        requireGradient("novograd", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const [beta1, beta2, eps, decay] = [rule.beta1, rule.beta2, rule.eps, rule.weightDecay].map((h) =>
          atStep(h, state.step),
        );
        const isFirst = isAt(state.step, 0);
        const squaredNorms = tree.map(
          (s, g) => {
            if (!isFloatLeaf(s)) return s;
            const square = g.mul(g).sum();
            return np.where(isFirst, square, s.mul(beta2!(s)).add(square.mul(oneMinus(beta2!(s)))));
          },
          state.squaredNorms,
          gradient,
        );
        const firstMoment = tree.mapWithPath(
          (path, m, g, s, x) => {
            if (!isFloatLeaf(m)) return m;
            const unit = g.div(root(s).add(eps!(m)));
            const isWithout = rule.weightDecay === 0 || !isDecayed(path, x);
            return m.mul(beta1!(m)).add(isWithout ? unit : unit.add(x.mul(decay!(m))));
          },
          state.firstMoment,
          gradient,
          squaredNorms,
          theta,
        );
        return {
          theta: descend(theta, firstMoment, rate),
          state: { step: advance(state.step), firstMoment, squaredNorms },
        };
      },
    },
    { options: rule, isSummed: true },
  );
}
