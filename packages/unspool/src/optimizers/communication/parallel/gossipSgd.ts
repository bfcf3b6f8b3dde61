/**
 * Decentralised SGD, D-PSGD (Lian, Zhang, Zhang, Hsieh, Zhang & Liu, NeurIPS 2017, Algorithm 1), simulated in rounds:
 * workers average with their neighbours only.
 *
 *     w_i ← Σ_j P_ij w_j - Δ_i,   Δ_i = w_i - optimizer_i.update(∇ loss_i(w_i), w_i)
 *
 * P is doubly stochastic: rows and columns sum to 1, so the mean of the workers moves by the mean of their updates. Its
 * second largest eigenvalue is the rate at which they agree.
 */
import { type Tensor, type Tree, np, tree, grad } from "../../../array/index.ts";
import { OptionError, requireInteger } from "../../../errors.ts";
import { forWorkers, meanOverWorkers } from "../compression/reduceOver.ts";
import { asType, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { sgd } from "../../rules/sgd.ts";
import { bytesOf, commonLoss, requireNoPositions, shardsOf } from "./shards.ts";

export interface GossipSgdOptions {
  /** Parts of the batch. Default 4. */
  workers?: number;
  /**
   * Who hears whom: "ring" (both neighbours and oneself with equal weights), "complete", or the rows of P. Default
   * "ring".
   */
  mixing?: "ring" | "complete" | readonly (readonly number[])[];
  /** What each worker trains with; its state stays with the worker. Default "sgd". */
  optimizer?: Optimizer;
}

export type GossipSgdState = {
  step: Tensor;
  /** w, [workers, …]. */
  local: Tree;
  /** States of the workers' optimizers, [workers, …]. */
  inner: Tree;
};

export const gossipSgdDefaults: Required<GossipSgdOptions> = { workers: 4, mixing: "ring", optimizer: sgd() };

/**
 * Theta is the mean of the workers' parameters. The metric `bytesSent` is one
 * theta per neighbour, mean over workers. Cost: the gradients of the parts and a loss, one theta and one optimizer state per
 * worker.
 */
export function gossipSgd(options: GossipSgdOptions = {}): ObjectiveOptimizer<GossipSgdState> {
  const { workers, mixing, optimizer } = withDefaults("gossipSgd", options, gossipSgdDefaults);
  requireInteger("gossipSgd", "workers", workers, 1);
  requireNoPositions("gossipSgd", optimizer);
  const rows = typeof mixing === "string" ? namedMixing(mixing, workers) : mixing;
  requireDoublyStochastic(rows, workers);
  const links = rows.flatMap((row, i) => row.filter((weight, j) => i !== j && weight > 0)).length / workers;
  const matrix = np.array(rows.map((row) => [...row]) as number[][], { dtype: "float64" });
  const mixed = (leaf: Tensor): Tensor => {
    if (!isFloatLeaf(leaf)) return leaf;
    const flat = leaf.reshape([workers, leaf.size / workers]);
    return np.matmul(asType(matrix, leaf.dtype), flat).reshape([...leaf.shape]);
  };
  return {
    name: `gossipSgd(${optimizer.name})`,
    init: (theta) => ({
      step: counter(),
      local: forWorkers(theta as Tree, workers),
      inner: forWorkers(optimizer.init(theta), workers),
    }),
    step(theta, state, objective) {
      type Theta = typeof theta;
      const shards = shardsOf("gossipSgd", objective, workers);
      const each = shards.map(
        (shard, { at, inner }: { at: Theta; inner: Tree }) => {
          const gradient = grad((x: Theta) => shard.loss(x))(at);
          const moved = optimizer.update(gradient, inner, at);
          return { update: mapFloats((from, to) => from.sub(to), at, moved.theta), inner: moved.state };
        },
        { at: state.local as Theta, inner: state.inner },
      );
      const local = mapFloats((w, d) => w.sub(d), tree.map(mixed, state.local), each.update);
      return {
        theta: meanOverWorkers(local) as Theta,
        state: { step: advance(state.step), local, inner: each.inner },
        loss: commonLoss(shards, theta),
        metrics: { bytesSent: tree.scalar(links * bytesOf(theta), "float64") },
      };
    },
  };
}

function namedMixing(name: string, workers: number): number[][] {
  const all = Array.from({ length: workers }, (_, i) => i);
  if (name === "complete" || (name === "ring" && workers <= 3))
    return all.map(() => all.map(() => 1 / workers));
  if (name === "ring") {
    return all.map((i) =>
      all.map((j) => ([0, 1, workers - 1].includes((j - i + workers) % workers) ? 1 / 3 : 0)),
    );
  }
  throw new OptionError("gossipSgd", "mixing", name, '"ring", "complete" or the rows of a matrix');
}

function requireDoublyStochastic(rows: readonly (readonly number[])[], workers: number): void {
  const isOne = (sum: number) => Math.abs(sum - 1) < 1e-9;
  const isSquare =
    Array.isArray(rows) && rows.length === workers && rows.every((row) => row.length === workers);
  const total = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0);
  const isStochastic =
    isSquare &&
    rows.every((row) => row.every((x: number) => x >= 0) && isOne(total(row))) &&
    rows.every((_, j) => isOne(total(rows.map((row) => row[j]!))));
  if (isStochastic) return;
  throw new OptionError(
    "gossipSgd",
    "mixing",
    rows,
    `a doubly stochastic matrix of ${workers} by ${workers}: numbers of at least 0, rows and columns of sum 1`,
  );
}
