/**
 * AdaHessian (Yao, Gholami, Shen, Mustafa, Keutzer & Mahoney, AAAI 2021): Adam whose second moment is that of the
 * Hessian's diagonal, estimated by Hutchinson's method along one vector z of random signs.
 *
 *     D ← z ⊙ (H z), averaged over the window of each convolution kernel
 *     m ← beta1 · m + (1 - beta1) · g;    m̂ = m / (1 - beta1^t)
 *     s ← beta2 · s + (1 - beta2) · D²;   ŝ = s / (1 - beta2^t)
 *     theta ← theta - learningRate · m̂ / (√(ŝ + epsRoot) + eps)
 */
import { type Tensor, type Tensors, np, random, valueAndGrad } from "../../array/index.ts";
import { type AdamOptions, type AdamState, adamDirection, initMoments } from "../rules/adamMoments.ts";
import { requireAdamOptions } from "../rules/adamMoments.ts";
import { hessianProduct } from "../curvature/curvatureProducts.ts";
import { floatLeaves, withFloatLeaves } from "../floatVector.ts";
import { asType, atStep, requireBoolean, withDefaults } from "../hyperparameter.ts";
import { mapFloats } from "../leaves.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Hyperparameter } from "../optimizer.ts";

export interface AdaHessianOptions extends AdamOptions {
  /** Default 0.15. */
  learningRate?: Hyperparameter;
  /** Added to the root. Default 0.0001. */
  eps?: Hyperparameter;
  /** Whether D is averaged over the last two axes of leaves with four: convolution kernels. Default true. */
  isSpatial?: boolean;
}

export const adaHessianDefaults: Required<AdaHessianOptions> = {
  learningRate: 0.15,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-4,
  epsRoot: 0,
  isSpatial: true,
};

/**
 * AdaHessian. Cost: one gradient and one product with the Hessian (about two gradients more), two copies of theta.
 *
 * @example
 * const step = compiledStep(adaHessian({ learningRate: 0.1 }), objectiveOf);
 */
export function adaHessian(options: AdaHessianOptions = {}): ObjectiveOptimizer<AdamState> {
  const { isSpatial, ...rule } = withDefaults("adaHessian", options, adaHessianDefaults);
  requireAdamOptions("adaHessian", rule);
  requireBoolean("adaHessian", "isSpatial", isSpatial);
  return {
    name: "adaHessian",
    init: (theta) => initMoments(theta),
    step(theta, state, objective, { key }) {
      const [loss, gradient] = valueAndGrad((at: typeof theta) => objective.loss(at))(theta);
      const signs = floatLeaves(theta).map((leaf, i) =>
        asType(random.rademacher(random.foldIn(key, i), leaf.shape), leaf.dtype),
      );
      const diagonal = hessianProduct(objective, theta, signs).map((product, i) => {
        const d = product.mul(signs[i]!);
        return isSpatial && d.ndim === 4 ? overWindow(d) : d;
      });
      const spread = withFloatLeaves(theta, diagonal) as Tensors<typeof theta>;
      const next = adamDirection<typeof theta>(rule, gradient, state, spread);
      const rate = atStep(rule.learningRate, state.step);
      return {
        theta: mapFloats((x, d) => x.sub(d.mul(rate(x))), theta, next.direction),
        state: next.state,
        loss,
        metrics: {},
      };
    },
  };
}

/** The mean over the last two axes, at each of their places. */
function overWindow(d: Tensor): Tensor {
  return np.broadcastTo(d.mean([2, 3], { keepdims: true }), [...d.shape]);
}
