/**
 * Stale-synchronous parallelism, simulated: workers of different speed, of which the fastest may be a bounded number of
 * steps ahead of the slowest (Ho et al., NeurIPS 2013).
 *
 *     each tick:  a worker with nothing to do starts if its clock ≤ slowest clock + bound:  w_i ← θ
 *                 a worker whose work takes period_i ticks is done:   θ ← optimizer.update(∇ loss_i(w_i), θ),
 *                                                                     clock_i ← clock_i + 1
 *
 * Workers that are done in one tick go in order of their number. A step of this optimizer is one tick. With bound 0 all
 * wait for the slowest; with a large one nobody ever waits, which is asynchronous SGD.
 */
import { type Tensor, type Tree, np, tree, grad } from "../../../array/index.ts";
import { OptionError, requireInteger } from "../../../errors.ts";
import { forWorkers } from "../compression/reduceOver.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { advance, counter } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { bytesOf, commonLoss, requireNoPositions, shardsOf } from "./shards.ts";

export interface StaleSynchronousOptions {
  /** Ticks that a step of each worker takes; their number is that of the workers. Default [1,1,1,3]. */
  periods?: readonly number[];
  /** Steps that a worker may be ahead of the slowest. Default 2. */
  bound?: number;
  /** On the server. Default "sgd". */
  optimizer?: Optimizer;
}

export type StaleSynchronousState = {
  step: Tensor;
  inner: Tree;
  /** w: what each worker works on, [workers, …]. */
  local: Tree;
  /** Steps done, int32 [workers]. */
  clocks: Tensor;
  /** Ticks until done, int32 [workers]; 0: waiting. */
  left: Tensor;
};

export const staleSynchronousDefaults: Required<StaleSynchronousOptions> = {
  periods: [1, 1, 1, 3],
  bound: 2,
  optimizer: sgd(),
};

/**
 * The metrics are `bytesSent` per worker, `clockSpread`
 * (fastest minus slowest), and `waiting`, the workers that may not start. Cost: the gradients of all workers and a loss at every
 * tick (there is no branch in a compiled step), one theta per worker.
 */
export function staleSynchronous(
  options: StaleSynchronousOptions = {},
): ObjectiveOptimizer<StaleSynchronousState> {
  const where = "staleSynchronous";
  const { periods, bound, optimizer } = withDefaults(where, options, staleSynchronousDefaults);
  if (!Array.isArray(periods) || periods.length === 0) {
    throw new OptionError(where, "periods", periods, "a list of integers of at least 1, one per worker");
  }
  periods.forEach((period, i) => requireInteger(where, `periods[${i}]`, period, 1));
  requireInteger(where, "bound", bound, 0);
  requireNoPositions(where, optimizer);
  const workers = periods.length;
  const int = (values: readonly number[]) => np.array(Int32Array.from(values));
  const zero = int([0]).reshape([]);
  return {
    name: `${where}(${optimizer.name})`,
    init: (theta) => ({
      step: counter(),
      inner: optimizer.init(theta),
      local: forWorkers(theta as Tree, workers),
      clocks: int(periods.map(() => 0)),
      left: int(periods.map(() => 0)),
    }),
    step(theta, state, objective) {
      type Theta = typeof theta;
      const isFree = state.left.equal(zero);
      const isAllowed = state.clocks.lessEqual(state.clocks.min().add(int([bound]).reshape([])));
      const starts = np.logicalAnd(isFree, isAllowed);
      const local = tree.map(
        (own, x) => np.where(starts.reshape([workers, ...x.shape.map(() => 1)]), x, own),
        state.local,
        theta,
      );
      const busy = np.where(starts, int(periods), state.left);
      const left = np.where(busy.greater(zero), busy.sub(int([1]).reshape([])), zero);
      const isDone = np.logicalAnd(busy.greater(zero), left.equal(zero)) as Tensor;
      const shards = shardsOf(where, objective, workers);
      const gradients = shards.map((shard, at: Theta) => {
        const gradient = grad((x: Theta) => shard.loss(x))(at);
        return gradient;
      }, local as Theta);
      let server: { theta: Theta; inner: Tree } = { theta, inner: state.inner };
      for (let worker = 0; worker < workers; worker++) {
        const gradient = tree.map((g) => g.slice(worker), gradients);
        const moved = optimizer.update(gradient, server.inner, server.theta);
        server = tree.select(
          isDone.slice(worker),
          { theta: moved.theta, inner: moved.state },
          server,
        ) as typeof server;
      }
      const clocks = state.clocks.add(isDone.astype("int32"));
      const float = (count: Tensor) => count.astype("float64");
      return {
        theta: server.theta,
        state: { step: advance(state.step), inner: server.inner, local, clocks, left },
        loss: commonLoss(shards, theta),
        metrics: {
          bytesSent: float(isDone.astype("int32").sum()).mul(bytesOf(theta) / workers),
          clockSpread: float(clocks.max().sub(clocks.min())),
          waiting: float(np.logicalAnd(isFree, np.logicalNot(isAllowed)).astype("int32").sum()),
        },
      };
    },
  };
}
