/**
 * Local SGD: workers train by themselves and average their parameters every H steps (Stich, ICLR 2019; McMahan et al.,
 * AISTATS 2017, as FedAvg), with SlowMo's momentum between averages (Wang, Tantia, Ballas & Rabbat, ICLR 2020).
 *
 *     H times:   w_i ← optimizer_i.update(∇ loss_i(w_i), w_i)
 *     then:      w̄ = mean_i w_i,   u ← outerMomentum · u + (φ - w̄),   φ ← φ - outerRate · u,   w_i ← φ
 *
 * φ are the parameters that all had at the last average. SlowMo divides φ - w̄ by the learning rate and multiplies the
 * step by it again, which is the same for a constant rate. Post-local SGD (Lin, Stich, Patel & Jaggi, ICLR 2020):
 * the first steps are averaged one by one.
 */
import { type Tensor, type Tree, np, grad, tree } from "../../../array/index.ts";
import { requireInteger, requirePositive } from "../../../errors.ts";
import { forWorkers, meanOverWorkers } from "../compression/reduceOver.ts";
import { belowOne, requireHyperparameter, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, zeros } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { bytesOf, commonLoss, requireNoPositions, sentWhere, shardsOf } from "./shards.ts";

export interface LocalSgdOptions {
  /** Parts of the batch. Default 4. */
  workers?: number;
  /** Steps H between averages. Default 4. */
  localSteps?: number;
  /** Steps at the start that are averaged one by one. Default 0; more is post-local SGD. */
  synchronousSteps?: number;
  /** What each worker trains with; its state stays with the worker. Default "sgd". */
  optimizer?: Optimizer;
  /** Momentum of the averages, SlowMo's beta. Default 0: plain averaging, and no memory for it. */
  outerMomentum?: number;
  /** Step size of the averages, SlowMo's alpha. Default 1. */
  outerRate?: number;
}

export type LocalSgdState = {
  step: Tensor;
  /** Steps since the last average: int32 scalar. */
  count: Tensor;
  /** w, [workers, …]. */
  local: Tree;
  /** States of the workers' optimizers, [workers, …]. */
  inner: Tree;
  /** φ. */
  common: Tree;
  /** u. If there is outer momentum. */
  outerVelocity?: Tree;
};

export const localSgdDefaults: Required<LocalSgdOptions> = {
  workers: 4,
  localSteps: 4,
  synchronousSteps: 0,
  optimizer: sgd(),
  outerMomentum: 0,
  outerRate: 1,
};

/**
 * H times fewer exchanges. Theta is the mean of the workers' parameters. The
 * metric `bytesSent` is one copy of theta where the step ends in an average, else 0. Cost: the gradients of the parts and a loss,
 * and of memory one theta and one optimizer state per worker, and one to two copies more.
 */
export function localSgd(options: LocalSgdOptions = {}): ObjectiveOptimizer<LocalSgdState> {
  const rule = withDefaults("localSgd", options, localSgdDefaults);
  const { workers, localSteps, synchronousSteps, optimizer, outerMomentum, outerRate } = rule;
  requireInteger("localSgd", "workers", workers, 1);
  requireInteger("localSgd", "localSteps", localSteps, 1);
  requireInteger("localSgd", "synchronousSteps", synchronousSteps, 0);
  requireHyperparameter("localSgd", "outerMomentum", outerMomentum, belowOne);
  requirePositive("localSgd", "outerRate", outerRate);
  requireNoPositions("localSgd", optimizer);
  return {
    name: `localSgd(${optimizer.name})`,
    init: (theta) => ({
      step: counter(),
      count: counter(),
      local: forWorkers(theta as Tree, workers),
      inner: forWorkers(optimizer.init(theta), workers),
      common: theta as Tree,
      ...(outerMomentum > 0 && { outerVelocity: zeros(theta) }),
    }),
    step(theta, state, objective) {
      type Theta = typeof theta;
      const shards = shardsOf("localSgd", objective, workers);
      const each = shards.map(
        (shard, { at, inner }: { at: Theta; inner: Tree }) => {
          const gradient = grad((x: Theta) => shard.loss(x))(at);
          const moved = optimizer.update(gradient, inner, at);
          return { at: moved.theta, inner: moved.state };
        },
        { at: state.local as Theta, inner: state.inner },
      );
      const count = advance(state.count);
      const isEarly = state.step.less(np.array(synchronousSteps, { dtype: "int32" }));
      const isSync = np.logicalOr(isEarly, isAt(count, localSteps));
      const mean = meanOverWorkers(each.at) as Tree;
      const way = mapFloats((from, to) => from.sub(to), state.common, mean);
      const outerVelocity =
        outerMomentum > 0
          ? mapFloats((d, u) => u.mul(outerMomentum).add(d), way, state.outerVelocity!)
          : undefined;
      const isPlain = outerVelocity === undefined && outerRate === 1;
      const next = isPlain
        ? mean
        : mapFloats((from, u) => from.sub(u.mul(outerRate)), state.common, outerVelocity ?? way);
      return {
        theta: tree.select(isSync, next, mean) as Theta,
        state: {
          step: advance(state.step),
          count: np.where(isSync, counter(), count),
          local: tree.select(isSync, forWorkers(next, workers), each.at) as Tree,
          inner: each.inner,
          common: tree.select(isSync, next, state.common),
          ...(outerVelocity && { outerVelocity: tree.select(isSync, outerVelocity, state.outerVelocity!) }),
        },
        loss: commonLoss(shards, theta),
        metrics: { bytesSent: sentWhere(isSync, bytesOf(theta)) },
      };
    },
  };
}
