/**
 * Elastic averaging SGD, in its synchronous form (Zhang, Choromanska & LeCun, NeurIPS 2015, Algorithm EASGD).
 *
 *     w_i ← w_i - η (∇ loss_i(w_i) + ρ (w_i - w̃)),   w̃ ← w̃ + η ρ Σ_i (w_i - w̃)          (all from the values before)
 *
 * Workers explore around a centre that is drawn after them; the centre is what is evaluated. It is stable only for
 * η ρ · workers ≤ 1.
 */
import { type Tensor, type Tree, tree, grad } from "../../../array/index.ts";
import { requireInteger, requirePositive } from "../../../errors.ts";
import { forWorkers, meanOverWorkers } from "../compression/reduceOver.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, mapFloats } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Hyperparameter } from "../../optimizer.ts";
import { bytesOf, commonLoss, shardsOf } from "./shards.ts";

export interface ElasticAveragingOptions {
  /** Parts of the batch. Default 4. */
  workers?: number;
  /** η. Default 0.01. */
  learningRate?: Hyperparameter;
  /** Strength ρ of the springs. Default 1. */
  elasticity?: number;
}

export type ElasticAveragingState = {
  step: Tensor;
  /** w, [workers, …]. */
  local: Tree;
};

export const elasticAveragingDefaults: Required<ElasticAveragingOptions> = {
  workers: 4,
  learningRate: 0.01,
  elasticity: 1,
};

/**
 * Theta is the centre w̃. The metric `bytesSent` is one copy of
 * theta per step. Cost: the gradients of the parts and a loss, one theta per worker.
 */
export function elasticAveraging(
  options: ElasticAveragingOptions = {},
): ObjectiveOptimizer<ElasticAveragingState> {
  const where = "elasticAveraging";
  const { workers, learningRate, elasticity } = withDefaults(where, options, elasticAveragingDefaults);
  requireInteger(where, "workers", workers, 1);
  requireHyperparameter(where, "learningRate", learningRate, positive);
  requirePositive(where, "elasticity", elasticity);
  return {
    name: where,
    init: (theta) => ({ step: counter(), local: forWorkers(theta as Tree, workers) }),
    step(theta, state, objective) {
      type Theta = typeof theta;
      const rate = atStep(learningRate, state.step);
      const shards = shardsOf(where, objective, workers);
      const each = shards.map((shard, at: Theta) => {
        const gradient = grad((x: Theta) => shard.loss(x))(at);
        const apart = mapFloats((w, centre) => w.sub(centre), at, theta);
        const next = mapFloats(
          (w, g, d) => w.sub(g.add(d.mul(elasticity)).mul(rate(w))),
          at,
          gradient,
          apart,
        );
        return { next, apart };
      }, state.local as Theta);
      const pull = meanOverWorkers(each.apart);
      return {
        theta: mapFloats((x, d) => x.add(d.mul(elasticity * workers).mul(rate(x))), theta, pull),
        state: { step: advance(state.step), local: each.next as Tree },
        loss: commonLoss(shards, theta),
        metrics: { bytesSent: tree.scalar(bytesOf(theta), "float64") },
      };
    },
  };
}
