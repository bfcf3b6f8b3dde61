/**
 * LookSAM (Liu, Mai, Chen, Hsieh & You, CVPR 2022, Algorithm 1): what SAM adds to the gradient changes slowly, so it
 * is computed at every k-th step only and added, rescaled, at the others.
 *
 *     g ← ∇L(theta)
 *     every k steps:  g_s ← SAM's gradient;   g_v ← g_s - (g · g_s) g / ‖g‖²;   theta ← inner.update(g_s, theta)
 *     else:           theta ← inner.update(g + alpha · ‖g‖ / ‖g_v‖ · g_v, theta)
 *
 * Nothing is added where g_v = 0. Norms are over all leaves.
 */
import { type Tensor, type Tensors, type Tree, np, valueAndGrad, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { addScaled } from "../floatVector.ts";
import { atLeast0, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, dot, globalNorm, isAt, zeros } from "../leaves.ts";
import type { ObjectiveOptimizer, Phase } from "./objective.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type SamOptions, requireSamOptions, samDefaults, samGradients } from "./sam.ts";
import { type WrappedState, evaluationOf, requireOptimizer } from "../wrappers/wrapping.ts";

export interface LookSamOptions extends SamOptions {
  /** Steps from one computation of SAM's gradient to the next. Default 5. */
  k?: number;
  /** Length of what is added, in lengths of the gradient. Default 0.7. */
  alpha?: Hyperparameter;
}

export type LookSamState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Steps since SAM's gradient was computed: int32 scalar, 0 where it is due. */
  count: Tensor;
  /** g_v, from 0. */
  across: Tree;
};

export const lookSamDefaults: Required<LookSamOptions> = { ...samDefaults, k: 5, alpha: 0.7 };

/**
 * LookSAM around any rule for gradients. Cost: one gradient and a second one every k steps (two at every step where
 * the phase is not known beforehand); one copy of theta.
 *
 * @example
 * const step = compiledStep(lookSam(momentum({ learningRate: 0.1 }), { rho: 0.1, k: 5 }), objectiveOf);
 */
export function lookSam<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: LookSamOptions = {},
): ObjectiveOptimizer<LookSamState<Inner>> {
  requireOptimizer("lookSam", inner);
  const { k, alpha, ...ascent } = withDefaults("lookSam", options, lookSamDefaults);
  const rule = requireSamOptions("lookSam", ascent);
  requireInteger("lookSam", "k", k, 1);
  requireHyperparameter("lookSam", "alpha", alpha, atLeast0);
  return {
    name: `lookSam(${inner.name})`,
    ...evaluationOf<LookSamState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      count: counter(),
      inner: inner.init(theta),
      across: zeros(theta),
    }),
    phaseAt: (step): Phase => ({ ascend: step % k === 0 }),
    step(theta, state, objective, { phase }) {
      const weight = atStep(alpha, state.step);
      type Parts = { loss: Tensor; gradient: Tree; across: Tree };
      const ascend = (): Parts => {
        const { loss, gradient, ascended } = samGradients(rule, theta, state.step, objective);
        const square = dot(gradient, gradient);
        const along = dot(gradient, ascended).div(orOne(square));
        const across = addScaled(ascended as Tree, along.neg(), gradient);
        return { loss, gradient: ascended as Tree, across };
      };
      const reuse = (): Parts => {
        const [loss, plain] = valueAndGrad((at: typeof theta) => objective.loss(at))(theta);
        const ratio = globalNorm(plain).div(orOne(globalNorm(state.across)));
        const gradient = addScaled(plain as Tree, ratio.mul(weight(ratio)), state.across);
        return { loss, gradient, across: state.across };
      };
      const due = phase?.["ascend"];
      const isDue = isAt(state.count, 0);
      const { loss, gradient, across } =
        due === undefined ? tree.select(isDue, ascend(), reuse()) : due ? ascend() : reuse();
      const moved = inner.update(gradient as Tensors<typeof theta>, state.inner, theta, { loss });
      const count = advance(state.count);
      return {
        theta: moved.theta,
        state: {
          step: advance(state.step),
          count: np.where(isAt(count, k), counter(), count),
          inner: moved.state,
          across,
        },
        loss,
        metrics: {},
      };
    },
  };
}

/** x, or 1 where it is 0: quotients of zeros become 0. */
function orOne(x: Tensor): Tensor {
  return np.where(x.lessEqual(0), np.onesLike(x), x);
}
