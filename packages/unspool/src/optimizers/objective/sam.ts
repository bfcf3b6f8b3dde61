/**
 * Sharpness-aware minimisation (Foret, Kleiner, Mobahi & Neyshabur, ICLR 2021), and its adaptive form (ASAM: Kwon,
 * Kim, Park & Choi, ICML 2021): the gradient at the worst point in a ball around theta goes to any other optimizer.
 *
 *     g ← ∇L(theta)
 *     e ← rho · T² g / ‖T g‖        T = 1 (SAM), T = |theta| + eta elementwise (ASAM); e = 0 where g = 0
 *     theta ← inner.update(∇L(theta + e), theta)
 *
 * Norms are over all leaves. No derivative is taken of e with respect to theta.
 */
import { type Tensor, type Tensors, type Tree, np, valueAndGrad } from "../../array/index.ts";
import {
  type ValueFor,
  atLeast0,
  atStep,
  positive,
  requireBoolean,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { addScaled } from "../floatVector.ts";
import { advance, counter, globalNorm, mapFloats } from "../leaves.ts";
import type { Objective, ObjectiveOptimizer } from "./objective.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, evaluationOf, requireOptimizer } from "../wrappers/wrapping.ts";

export interface SamOptions {
  /** Radius of the ball. Default 0.05; ASAM needs about ten times as much. */
  rho?: Hyperparameter;
  /** Whether the ball scales with the size of each parameter (ASAM). Default false. */
  adaptive?: boolean;
  /** ASAM: added to the size of parameters. Default 0.01. */
  eta?: Hyperparameter;
}

export const samDefaults: Required<SamOptions> = { rho: 0.05, adaptive: false, eta: 0.01 };

/**
 * SAM around any rule for gradients. Cost: two gradients, two passes over theta, and the inner optimizer's own.
 *
 * @example
 * const step = compiledStep(sam(momentum({ learningRate: 0.1 }), { rho: 0.05 }), objectiveOf);
 */
export function sam<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: SamOptions = {},
): ObjectiveOptimizer<WrappedState<Inner>> {
  requireOptimizer("sam", inner);
  const rule = requireSamOptions("sam", withDefaults("sam", options, samDefaults));
  return {
    name: `sam(${inner.name})`,
    ...evaluationOf<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    step(theta, state, objective) {
      const { loss, ascended } = samGradients(rule, theta, state.step, objective);
      const moved = inner.update(ascended, state.inner, theta, { loss });
      return {
        theta: moved.theta,
        state: { step: advance(state.step), inner: moved.state },
        loss,
        metrics: {},
      };
    },
  };
}

export function requireSamOptions(where: string, rule: Required<SamOptions>): Required<SamOptions> {
  requireHyperparameter(where, "rho", rule.rho, atLeast0);
  requireBoolean(where, "adaptive", rule.adaptive);
  requireHyperparameter(where, "eta", rule.eta, positive);
  return rule;
}

/** The loss and gradient at theta, and the gradient at the worst point nearby. */
export function samGradients<Theta>(
  rule: Required<SamOptions>,
  theta: Theta,
  step: Tensor,
  objective: Objective<Theta>,
): { loss: Tensor; gradient: Tensors<Theta>; ascended: Tensors<Theta> } {
  const differentiate = valueAndGrad((at: Theta) => objective.loss(at));
  const [loss, gradient] = differentiate(theta);
  const scale = rule.adaptive ? sizes(theta, atStep(rule.eta, step)) : undefined;
  const times = (x: unknown) => (scale ? mapFloats((s, g) => s.mul(g!), scale, x) : x);
  const norm = globalNorm(times(gradient));
  const isZero = norm.lessEqual(0);
  const rate = np.where(isZero, np.zerosLike(norm), np.reciprocal(np.where(isZero, np.onesLike(norm), norm)));
  const radius = atStep(rule.rho, step)(norm);
  const [, ascended] = differentiate(addScaled(theta, rate.mul(radius), times(times(gradient))));
  return { loss, gradient, ascended };
}

/** |theta| + eta. */
function sizes<Theta>(theta: Theta, eta: ValueFor): Theta {
  return mapFloats((x) => np.abs(x).add(eta(x)), theta);
}
