/**
 * Synchronous data parallelism: every worker has a part of the batch, all have the same theta (Chen, Pan, Monga, Bengio
 * & Jozefowicz, arXiv 2016).
 *
 *     worker w:   g_w = ∇ loss_w(θ),   sends C(g_w)
 *     all:        θ ← optimizer.update(mean_w C(g_w), θ)
 *
 * With a compressor of updates (`errorFeedback(…, { units: "update" })`) every worker lets its own optimizer make an
 * update of its gradient, and sends that:
 *
 *     worker w:   Δ_w = θ - optimizer_w.update(g_w, θ),   sends C(Δ_w)
 *     all:        θ ← θ - mean_w C(Δ_w)
 *
 * Means are taken over a fixed tree of workers.
 */
import { type Tensor, type Tree, random, valueAndGrad } from "../../../array/index.ts";
import { OptionError, requireInteger } from "../../../errors.ts";
import type { Compressor } from "../compression/compressor.ts";
import { requireCompressor } from "../compression/errorFeedback.ts";
import { noCompression } from "../compression/noCompression.ts";
import { forWorkers, meanOverWorkers, reduceOver } from "../compression/reduceOver.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { advance, counter, mapFloats } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { requireOptimizer } from "../../wrappers/wrapping.ts";
import { shardsOf } from "./shards.ts";

export interface DataParallelOptions {
  /** Parts of the batch. Default 4. */
  workers?: number;
  /** Makes updates of gradients. Default "sgd". */
  optimizer?: Optimizer;
  /** What workers send instead of gradients or updates. Default "noCompression". */
  compressor?: Compressor;
}

export type DataParallelState = {
  step: Tensor;
  /** State of the optimizer; [workers, …] where updates are compressed. */
  inner: Tree;
  /** Memory of the compressor, [workers, …]. */
  compressor: Tree;
};

export const dataParallelDefaults: Required<DataParallelOptions> = {
  workers: 4,
  optimizer: sgd(),
  compressor: noCompression(),
};

/**
 * Takes an objective from `shardedObjective`; of any other every worker sees the whole batch. The metric `bytesSent`
 * is what one worker sends in the step. Cost: the gradients of the parts, and per worker the memory of the compressor.
 *
 * @example
 * const optimizer = dataParallel({
 *   workers: 4,
 *   optimizer: sgd({ learningRate: 0.2 }),
 *   compressor: errorFeedback(topK({ fraction: 0.01 })),
 * });
 */
export function dataParallel(options: DataParallelOptions = {}): ObjectiveOptimizer<DataParallelState> {
  const rule = withDefaults("dataParallel", options, dataParallelDefaults);
  const { workers, optimizer, compressor } = rule;
  requireInteger("dataParallel", "workers", workers, 1);
  requireOptimizer("dataParallel", optimizer);
  requireCompressor("dataParallel", compressor);
  const isOfUpdates = compressor.units === "update";
  const { evaluationTheta, moveTo } = optimizer;
  if (isOfUpdates && moveTo !== undefined) {
    throw new OptionError(
      "dataParallel",
      "optimizer",
      optimizer.name,
      "one without positions in its state where updates are compressed",
      'Use errorFeedback(…, { units: "gradient" }).',
    );
  }
  return {
    name: `dataParallel(${optimizer.name}, ${compressor.name})`,
    init(theta) {
      const inner = optimizer.init(theta);
      return {
        step: counter(),
        inner: isOfUpdates ? forWorkers(inner, workers) : inner,
        compressor: forWorkers(compressor.init(theta), workers),
      };
    },
    step(theta, state, objective, { key }) {
      const shards = shardsOf("dataParallel", objective, workers);
      const exchange = <T>(of: T) =>
        reduceOver(compressor, of, state.compressor, random.foldIn(key, "compressor"));
      if (!isOfUpdates) {
        const each = shards.map((shard) => {
          const [loss, gradient] = valueAndGrad((at: typeof theta) => shard.loss(at))(theta);
          return { loss, gradient };
        }, {});
        const sent = exchange(each.gradient);
        const moved = optimizer.update(sent.mean, state.inner, theta);
        return {
          theta: moved.theta,
          state: { step: advance(state.step), inner: moved.state, compressor: sent.states },
          loss: meanOverWorkers(each.loss),
          metrics: { bytesSent: sent.bytes },
        };
      }
      const each = shards.map((shard, inner: Tree) => {
        const [loss, gradient] = valueAndGrad((at: typeof theta) => shard.loss(at))(theta);
        const moved = optimizer.update(gradient, inner, theta);
        return {
          loss,
          update: mapFloats((from, to) => from.sub(to), theta, moved.theta),
          inner: moved.state,
        };
      }, state.inner);
      const sent = exchange(each.update);
      return {
        theta: mapFloats((x, d) => x.sub(d), theta, sent.mean),
        state: { step: advance(state.step), inner: each.inner, compressor: sent.states },
        loss: meanOverWorkers(each.loss),
        metrics: { bytesSent: sent.bytes },
      };
    },
    ...(evaluationTheta !== undefined &&
      !isOfUpdates && {
        evaluationTheta: (state, theta) => evaluationTheta(state.inner, theta),
      }),
  };
}
