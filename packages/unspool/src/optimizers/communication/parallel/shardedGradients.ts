/**
 * ZeRO, stage 2 (Rajbhandari, Rasley, Ruwase & He, SC 2020, section 5): every worker keeps a part of the gradient and of the
 * optimizer's state, and moves its part of theta.
 *
 *     worker w:   g_w = ∇ loss_w(θ), of which it sends part p to worker p
 *     worker p:   θ_p ← optimizer_p.update(mean_w g_w,p, θ_p),   and sends θ_p to all
 *
 * Stage 1 is `shardedState`. Parts are cut from the floating-point leaves in a row, so that the optimizer must treat
 * elements apart from each other: sums over a leaf would be over a part.
 */
import { type Tensor, type Tree, tree, valueAndGrad, vmap } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { advance, counter } from "../../leaves.ts";
import { fromParts, partsOf } from "../../memory/shardedState.ts";
import { stateBytes } from "../../memory/stateBytes.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { meanOverWorkers } from "../compression/reduceOver.ts";
import { bytesOf, requireNoPositions, shardsOf } from "./shards.ts";

export interface ShardedGradientsOptions {
  /** Parts of the batch, and of gradient and state. Default 4. */
  workers?: number;
  /** Makes updates of gradients, element by element. Default "sgd". */
  optimizer?: Optimizer;
}

export type ShardedGradientsState = {
  step: Tensor;
  /** States of the parts, [workers, …]. */
  inner: Tree;
};

export const shardedGradientsDefaults: Required<ShardedGradientsOptions> = { workers: 4, optimizer: sgd() };

/**
 * Data parallelism in which a worker keeps a part of what it needs. The metric `bytesSent` is what one worker sends in the
 * step, (W - 1) / W of a gradient and of theta; `bytesKept` what it keeps of gradient and state. Takes an objective from
 * `shardedObjective`; of any other every worker sees the whole batch. Cost: the gradients of the parts, and in all the
 * optimizer's state once.
 *
 * @example
 * const optimizer = shardedGradients({ workers: 4, optimizer: adam() });
 */
export function shardedGradients(
  options: ShardedGradientsOptions = {},
): ObjectiveOptimizer<ShardedGradientsState> {
  const { workers, optimizer } = withDefaults("shardedGradients", options, shardedGradientsDefaults);
  requireInteger("shardedGradients", "workers", workers, 1);
  requireNoPositions("shardedGradients", optimizer);
  return {
    name: `shardedGradients(${optimizer.name})`,
    init: (theta) => ({
      step: counter(),
      inner: vmap((part: Tensor) => optimizer.init(part))(partsOf(theta, theta, workers)),
    }),
    step(theta, state, objective) {
      const each = shardsOf("shardedGradients", objective, workers).map((shard) => {
        const [loss, gradient] = valueAndGrad((at: typeof theta) => shard.loss(at))(theta);
        return { loss, parts: partsOf(theta, gradient, workers) };
      }, {});
      const loss = meanOverWorkers(each.loss);
      // [workers, parts, length]: the mean over workers is what each part's worker has after the exchange.
      const mean = meanOverWorkers(each.parts);
      const update = (part: Tensor, own: Tree, at: Tensor) => optimizer.update(part, own, at, { loss });
      const moved = vmap(update)(mean, state.inner, partsOf(theta, theta, workers));
      const others = (workers - 1) / workers;
      const kept = stateBytes(tree.map((leaf: Tensor) => leaf.slice(0), { mean, state: moved.state }));
      return {
        theta: fromParts(theta, moved.theta),
        state: { step: advance(state.step), inner: moved.state },
        loss,
        metrics: {
          bytesSent: tree.scalar(2 * others * bytesOf(theta), "float64"),
          bytesKept: tree.scalar(kept, "float64"),
        },
      };
    },
  };
}
