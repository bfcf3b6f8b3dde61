/**
 * Asynchronous SGD, simulated: gradients arrive late by a fixed number of steps (Recht, Ré, Wright & Niu, NeurIPS 2011;
 * Dean et al., NeurIPS 2012), with a learning rate that knows it (Zhang, Gupta, Lian & Liu, IJCAI 2016).
 *
 *     g = ∇ loss(θ_{t - τ}),   θ_{t+1} = optimizer.update(g / max(1, τ), θ_t)          staleness-aware
 *     g = ∇ loss(θ_{t - τ}),   θ_{t+1} = optimizer.update(g, θ_t)                      plain
 *
 * τ is what W workers that take turns make of it: W - 1. The real thing depends on who answers first; this is what it
 * computes if all are equally fast, and the same at every run. In the first τ steps the gradient is that of the start.
 */
import { type Tensor, type Tree, np, tree, grad } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import { requireBoolean, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, mapFloats } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { requireOptimizer } from "../../wrappers/wrapping.ts";
import { bytesOf } from "./shards.ts";

export interface StaleGradientsOptions {
  /** Steps τ that a gradient is late. Default 3. */
  staleness?: number;
  /** Divides gradients by τ. Default false. Without effect on optimizers that normalise gradients, such as Adam. */
  isAware?: boolean;
  /** Of the late gradients. Default "sgd". */
  optimizer?: Optimizer;
}

export type StaleGradientsState = {
  step: Tensor;
  inner: Tree;
  /** θ_{t-τ} … θ_t, [τ + 1, …]. */
  history: Tree;
};

export const staleGradientsDefaults: Required<StaleGradientsOptions> = {
  staleness: 3,
  isAware: false,
  optimizer: sgd(),
};

/**
 * The metric `bytesSent` is the gradient of the worker whose turn it is. Cost: one
 * gradient and a loss, τ + 1 copies of theta.
 */
export function staleGradients(options: StaleGradientsOptions = {}): ObjectiveOptimizer<StaleGradientsState> {
  const { staleness, isAware, optimizer } = withDefaults("staleGradients", options, staleGradientsDefaults);
  requireInteger("staleGradients", "staleness", staleness, 0);
  requireBoolean("staleGradients", "isAware", isAware);
  requireOptimizer("staleGradients", optimizer);
  const { evaluationTheta } = optimizer;
  const part = isAware && staleness > 1 ? 1 / staleness : 1;
  return {
    name: `staleGradients(${optimizer.name})`,
    init: (theta) => ({
      step: counter(),
      inner: optimizer.init(theta),
      history: tree.map(
        (x) => np.stack(Array.from({ length: staleness + 1 }, () => x)) as Tensor,
        theta,
      ) as Tree,
    }),
    step(theta, state, objective) {
      const old = tree.map((past) => past.slice(0), state.history) as typeof theta;
      const gradient = grad((at: typeof theta) => objective.loss(at))(old);
      const scaled = part === 1 ? gradient : mapFloats((g) => g.mul(part), gradient);
      const moved = optimizer.update(scaled, state.inner, theta);
      const history = tree.map(
        (past, x) => np.concatenate([past.slice([1, staleness + 1]), x.reshape([1, ...x.shape])]) as Tensor,
        state.history,
        moved.theta,
      );
      return {
        theta: moved.theta,
        state: { step: advance(state.step), inner: moved.state, history },
        loss: objective.loss(theta),
        metrics: { bytesSent: tree.scalar(bytesOf(theta), "float64") },
      };
    },
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (state, theta) => evaluationTheta(state.inner, theta),
    }),
  };
}
