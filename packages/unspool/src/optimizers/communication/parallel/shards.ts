/**
 * A batch in equal parts, one per worker. What the workers do is one traced function that is mapped over the parts, in
 * one program: a simulation of workers that is exact in what they compute, with the same bits at every run.
 */
import { type Tensor, np, tree, vmap } from "../../../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { meanOverWorkers } from "../compression/reduceOver.ts";
import type { Objective } from "../../objective/objective.ts";
import type { Optimizer } from "../../optimizer.ts";
import { requireOptimizer } from "../../wrappers/wrapping.ts";

/** What the workers have of a batch. */
export interface Shards<Theta = unknown> {
  readonly workers: number;
  /** `fn` for each worker, from what is its own ([workers, …]); results [workers, …]. */
  map<Own, Out>(fn: (shard: Objective<Theta>, own: Own) => Out, own: Own): Out;
}

/** An objective whose batch can be had in parts. */
export interface ShardedObjective<Theta = unknown> extends Objective<Theta> {
  readonly shards: Shards<Theta>;
}

export interface ShardedObjectiveOptions<Theta, Batch> {
  /** A tree of tensors with a leading axis of examples. */
  batch: Batch;
  /** Parts of the batch; the number of examples must be a multiple. */
  workers: number;
  /** The objective on a batch, or on a part of it. Its loss is a mean over examples. */
  objective(batch: Batch): Objective<Theta>;
}

/**
 * The objective on a batch that workers share: worker i has the i-th part of the examples.
 *
 * @example
 * const objective = shardedObjective({
 *   batch: { inputs, targets },
 *   workers: 4,
 *   objective: (part) => networkObjective({ network, likelihood: categoricalLogits, ...part }),
 * });
 */
export function shardedObjective<Theta, Batch>(
  options: ShardedObjectiveOptions<Theta, Batch>,
): ShardedObjective<Theta> {
  requireKnownOptions("shardedObjective", options, ["batch", "workers", "objective"]);
  const { batch, workers, objective } = options;
  requireInteger("shardedObjective", "workers", workers, 1);
  const parts = tree.mapWithPath((path, leaf) => {
    const [examples, ...shape] = leaf.shape;
    if (examples === undefined || examples % workers !== 0 || examples === 0) {
      throw new ShapeError(
        "shardedObjective",
        `the batch${path === "" ? "" : ` at "${path}"`} is ${leaf.toString()}; its leading axis must be a multiple of ${workers} workers.`,
        { path },
      );
    }
    return leaf.reshape([workers, examples / workers, ...shape]);
  }, batch);
  return {
    ...objective(batch),
    shards: {
      workers,
      map: (fn, own) => mapWorkers((part: Batch, mine) => fn(objective(part), mine), parts, own),
    },
  };
}

/** The parts of an objective for that many workers. One that has none is the same for all: each sees the whole batch. */
export function shardsOf<Theta>(where: string, objective: Objective<Theta>, workers: number): Shards<Theta> {
  const { shards } = objective as Partial<ShardedObjective<Theta>>;
  if (shards === undefined) {
    const numbers = np.arange(workers);
    return { workers, map: (fn, own) => mapWorkers((_number, mine) => fn(objective, mine), numbers, own) };
  }
  if (shards.workers === workers) return shards;
  throw new ShapeError(where, `the objective is split for ${shards.workers} workers, expected ${workers}.`);
}

/** Of a tree without leaves there is nothing to map. */
function mapWorkers<Part, Own, Out>(fn: (part: Part, own: Own) => Out, parts: Part, own: Own): Out {
  if (tree.leaves(own).length > 0) return vmap(fn)(parts, own);
  return vmap((part: Part) => fn(part, own))(parts);
}

/** Bytes of one copy of the floating-point leaves. */
export function bytesOf(of: unknown): number {
  return tree
    .leaves(of)
    .reduce(
      (sum, { dtype, size }) => sum + (dtype === "float64" ? 8 : dtype === "float32" ? 4 : 0) * size,
      0,
    );
}

/** Mean over the parts of the loss at one theta. */
export function commonLoss<Theta>({ map }: Shards<Theta>, theta: Theta): Tensor {
  return meanOverWorkers(map((shard) => shard.loss(theta), {}));
}

/** A metric: so many bytes where `condition` holds, else 0. */
export function sentWhere(condition: Tensor, bytes: number): Tensor {
  return condition.astype("float64").mul(bytes);
}

/** Throws `OptionError` unless `optimizer` is one that holds no positions: theta is moved by others here. */
export function requireNoPositions(where: string, optimizer: Optimizer): void {
  requireOptimizer(where, optimizer);
  if (optimizer.moveTo === undefined) return;
  throw new OptionError(
    where,
    "optimizer",
    optimizer.name,
    "an optimizer that holds no positions in its state",
    "The average is what keeps slow weights here.",
  );
}
