/**
 * Hessian-free optimisation (Martens, ICML 2010; Martens & Sutskever 2012): Newton's step by conjugate gradients on
 * damped curvature, of which only products with vectors are computed.
 *
 *     (C + damping · I) δ ≈ -g      `iterations` steps of preconditioned conjugate gradients, from warmStart · last δ
 *     theta ← theta + t δ           t = learningRate, halved until Armijo's condition holds; 0 if it never does
 *     ratio ← (L(theta + learningRate · δ) - L(theta)) / (change of the undamped quadratic model)
 *     damping ← 3/2 · damping where ratio < 1/4;   2/3 · damping where ratio > 3/4;   kept at rest
 *
 * C is the Gauss-Newton matrix of a network that can be seen, else the Hessian, along whose negative curvature the
 * iterations stop. The preconditioner is (D + damping)^0.75 with an estimate D of the diagonal of the Gauss-Newton
 * matrix by random signs (Chapelle & Erhan 2011).
 */
import { type Tensor, lax, np, tree, valueAndGrad } from "../../array/index.ts";
import { requireInteger, requireOneOf } from "../../errors.ts";
import { backtracking } from "./backtracking.ts";
import { belowRounding } from "./belowRounding.ts";
import { conjugateGradients } from "./conjugateGradients.ts";
import { gaussNewtonDiagonal, gaussNewtonProduct, hessianProduct } from "../curvature/curvatureProducts.ts";
import { addScaled, floatLeaves, scaled, withFloatLeaves } from "../floatVector.ts";
import {
  asType,
  atStep,
  belowOne,
  positive,
  requireBoolean,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, dot } from "../leaves.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Hyperparameter } from "../optimizer.ts";

export interface NewtonCgOptions {
  /** First step length that is tried. Default 1. */
  learningRate?: Hyperparameter;
  /** Damping at the start. Default 1. */
  damping?: number | Tensor;
  /** Whether damping follows the ratio (Levenberg and Marquardt). Default true. */
  isAdaptive?: boolean;
  /** Conjugate-gradient iterations. Default 20. */
  iterations?: number;
  /** Part of the last direction that the iterations start from. Default 0.95. */
  warmStart?: Hyperparameter;
  /** "auto": Gauss-Newton where the network is visible, else the Hessian. Default "auto". */
  curvature?: "auto" | "hessian";
  /** Whether the iterations are preconditioned, which needs the Gauss-Newton matrix. Default true. */
  isPreconditioned?: boolean;
  /** Times that the step length may be halved. Default 8. */
  halvings?: number;
}

export type NewtonCgState = {
  step: Tensor;
  damping: Tensor;
  /** δ of the last step, for each floating-point leaf. */
  direction: Tensor[];
};

export const newtonCgDefaults: Required<NewtonCgOptions> = {
  learningRate: 1,
  damping: 1,
  isAdaptive: true,
  iterations: 20,
  warmStart: 0.95,
  curvature: "auto",
  isPreconditioned: true,
  halvings: 8,
};

/** Between these the damping stays: beyond them it means no step, or none at all, in float32. */
const [leastDamping, mostDamping] = [1e-10, 1e10];

/**
 * Hessian-free optimisation. To differentiate through its steps take few iterations: after the solution is reached
 * they amplify rounding errors, and so does their derivative. Cost: one gradient, `iterations` + 1 products with the curvature (about two gradients
 * each), one more gradient for the preconditioner, `halvings` + 1 losses; one copy of theta.
 *
 * @example
 * const step = compiledStep(newtonCg({ iterations: 30 }), objectiveOf);
 */
export function newtonCg(options: NewtonCgOptions = {}): ObjectiveOptimizer<NewtonCgState> {
  const rule = requireOptions(options);
  const { iterations, halvings } = rule;
  return {
    name: "newtonCg",
    init(theta) {
      const { damping } = rule;
      const dtype = tree.floatType(theta);
      return {
        step: counter(),
        damping: typeof damping === "number" ? tree.scalar(damping, dtype) : asType(damping, dtype),
        direction: floatLeaves(theta).map((x) => np.zerosLike(x)),
      };
    },
    step(theta, state, objective, { key }) {
      const { damping } = state;
      const network = rule.curvature === "auto" ? objective.network : undefined;
      const product = (v: Tensor[]): Tensor[] =>
        network ? gaussNewtonProduct(network, theta, v) : hessianProduct(objective, theta, v);
      const lossAt = (leaves: Tensor[]): Tensor => objective.loss(withFloatLeaves(theta, leaves));
      const leaves = floatLeaves(theta);
      const [loss, gradient] = valueAndGrad(lossAt)(leaves) as [Tensor, Tensor[]];
      const downhill = scaled(-1, gradient);
      const diagonal =
        network && rule.isPreconditioned
          ? gaussNewtonDiagonal(network, theta, key).map((d) =>
              np.power(d.add(asType(damping, d.dtype)), 0.75),
            )
          : undefined;
      const warmStart = atStep(rule.warmStart, state.step);
      const solution = conjugateGradients(
        (v) => addScaled(product(v), damping, v),
        downhill,
        state.direction.map((d) => d.mul(warmStart(d))),
        { iterations, ...(diagonal && { preconditioner: diagonal }) },
      );
      const isDescent = dot(solution.x, gradient).less(0);
      const direction = tree.select(isDescent, solution.x, downhill);
      const slope = dot(gradient, direction);
      const from = asType(np.array(atStep(rule.learningRate, state.step)(damping)), damping.dtype);
      const { length, firstLoss } = backtracking(lossAt, { leaves, loss, direction, slope }, from, halvings);
      // δᵀ C δ from the residual r = -g - (C + damping) δ, without another product.
      const bend = dot(direction, downhill)
        .sub(dot(direction, solution.residual))
        .sub(dot(direction, direction).mul(damping));
      const expected = from.mul(slope).add(from.mul(from).mul(bend).mul(0.5));
      const nextDamping = rule.isAdaptive
        ? adapted(damping, loss, firstLoss.sub(loss), expected, isDescent)
        : damping;
      return {
        theta: withFloatLeaves(theta, addScaled(leaves, length, direction)),
        state: { step: advance(state.step), damping: nextDamping, direction },
        loss,
        metrics: { damping, stepLength: length },
      };
    },
  };
}

/**
 * Damping after a step that changed the loss by `change` where the model `expected` less than 0. At rest both are
 * rounding errors of the loss, of which there is nothing to learn: it stays.
 */
function adapted(
  damping: Tensor,
  loss: Tensor,
  change: Tensor,
  expected: Tensor,
  isModelled: Tensor,
): Tensor {
  const hasModel = np.where(isModelled, expected, np.zerosLike(expected)).less(0);
  const ratio = lax.stopGradient(change.div(np.where(hasModel, expected, np.onesLike(expected).neg())));
  const factor = np.where(
    ratio.greater(0.75),
    np.onesLike(ratio).mul(2 / 3),
    // NaN is not at least 1/4.
    np.where(ratio.greaterEqual(0.25), np.onesLike(ratio), np.onesLike(ratio).mul(3 / 2)),
  );
  const isAtRest = belowRounding(lax.stopGradient(loss) as Tensor, change, expected);
  const kept = np.where(isAtRest, np.onesLike(factor), factor);
  return np.clip(damping.mul(kept), leastDamping, mostDamping);
}

function requireOptions(options: NewtonCgOptions): Required<NewtonCgOptions> {
  const rule = withDefaults("newtonCg", options, newtonCgDefaults);
  requireHyperparameter("newtonCg", "learningRate", rule.learningRate, positive);
  requireHyperparameter("newtonCg", "damping", rule.damping, positive);
  requireBoolean("newtonCg", "isAdaptive", rule.isAdaptive);
  requireInteger("newtonCg", "iterations", rule.iterations, 1);
  requireHyperparameter("newtonCg", "warmStart", rule.warmStart, belowOne);
  requireOneOf("newtonCg", "curvature", rule.curvature, ["auto", "hessian"]);
  requireBoolean("newtonCg", "isPreconditioned", rule.isPreconditioned);
  requireInteger("newtonCg", "halvings", rule.halvings, 0);
  return rule;
}
