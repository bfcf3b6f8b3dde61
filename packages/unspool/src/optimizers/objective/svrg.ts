/**
 * Stochastic variance-reduced gradients (Johnson & Zhang, NeurIPS 2013): the noise of a batch is measured at a
 * snapshot of theta, where the gradient of all data is known, and subtracted.
 *
 *     every k steps:  snapshot ← theta;   mean ← ∇f(theta), over all data;   theta ← inner.update(mean, theta)
 *     else:           theta ← inner.update(∇f_i(theta) - ∇f_i(snapshot) + mean, theta)
 *
 * f_i is the objective on the step's batch. At a snapshot the batch cancels, so that step needs the data alone: hand
 * it in as the step's objective where `phaseAt(step).snapshot` says so, or as `full`.
 */
import { type Tensor, type Tensors, type Tree, np, valueAndGrad, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, zeros } from "../leaves.ts";
import type { Objective, ObjectiveOptimizer, Phase } from "./objective.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, evaluationOf, requireOptimizer } from "../wrappers/wrapping.ts";

export interface SvrgOptions {
  /** Steps from one snapshot to the next. Default 100; the paper takes two to five times the number of batches. */
  k?: number;
}

export type SvrgState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Steps since the snapshot: int32 scalar, 0 where one is due. */
  count: Tensor;
  snapshot: Tree;
  /** Gradient of the full objective at the snapshot. */
  mean: Tree;
};

export const svrgDefaults: Required<SvrgOptions> = { k: 100 };

/**
 * SVRG around any rule for gradients. Cost: two gradients of a batch, and every k steps one of all data instead (at
 * every step besides where the phase is not known beforehand); two copies of theta.
 *
 * @example
 * const optimizer = svrg(sgd({ learningRate: 0.1 }), { k: 200 });
 * const step = compiledStep(optimizer, objectiveOf);
 * const batchAt = (i: number) => (optimizer.phaseAt!(i).snapshot ? all : minibatch(all, random.foldIn(key, i), 32));
 */
export function svrg<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: SvrgOptions = {},
): ObjectiveOptimizer<SvrgState<Inner>> {
  requireOptimizer("svrg", inner);
  const { k } = withDefaults("svrg", options, svrgDefaults);
  requireInteger("svrg", "k", k, 1);
  return {
    name: `svrg(${inner.name})`,
    ...evaluationOf<SvrgState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      count: counter(),
      inner: inner.init(theta),
      snapshot: theta as Tree,
      mean: zeros(theta),
    }),
    phaseAt: (step): Phase => ({ snapshot: step % k === 0 }),
    step(theta, state, objective, { phase, full = objective }) {
      type Parts = { loss: Tensor; gradient: Tree; snapshot: Tree; mean: Tree };
      const gradientOf = (of: Objective<typeof theta>, at: typeof theta): [Tensor, Tree] =>
        valueAndGrad((x: typeof theta) => of.loss(x))(at) as [Tensor, Tree];
      const takeSnapshot = (): Parts => {
        const [loss, mean] = gradientOf(full, theta);
        return { loss, gradient: mean, snapshot: theta as Tree, mean };
      };
      const correct = (): Parts => {
        const [loss, here] = gradientOf(objective, theta);
        const [, there] = gradientOf(objective, state.snapshot as typeof theta);
        const gradient = mapFloats((g, s, m) => g.sub(s!).add(m!), here, there, state.mean);
        return { loss, gradient, snapshot: state.snapshot, mean: state.mean };
      };
      const due = phase?.["snapshot"];
      const { loss, gradient, snapshot, mean } =
        due === undefined
          ? tree.select(isAt(state.count, 0), takeSnapshot(), correct())
          : due
            ? takeSnapshot()
            : correct();
      const moved = inner.update(gradient as Tensors<typeof theta>, state.inner, theta, { loss });
      const count = advance(state.count);
      return {
        theta: moved.theta,
        state: {
          step: advance(state.step),
          count: np.where(isAt(count, k), counter(), count),
          inner: moved.state,
          snapshot,
          mean,
        },
        loss,
        metrics: {},
      };
    },
  };
}
