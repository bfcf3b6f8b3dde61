/** What optimizers are trained and judged on: parameters to be trained, batches, a loss; drawn from a family. */
import { requireKnownOptions } from "../errors.ts";
import type { Key, Tensor } from "../array/index.ts";

/**
 * A family of tasks of the same shapes. What a draw decides (`Config`: targets, curvatures, scales) is a tree of
 * tensors and stays the same through one training run; a single task has an empty one.
 */
export interface TaskFamily<Config = unknown, Parameters = unknown, Batch = unknown> {
  readonly name: string;
  /** Draws a task. */
  sample(key: Key): Config;
  /** Parameters before training. */
  init(config: Config, key: Key): Parameters;
  /** Draws a batch from resident data. */
  data?(key: Key): Batch;
  /** Scalar. */
  loss(config: Config, parameters: Parameters, batch: Batch): Tensor;
  /** Losses above it, and those that are not numbers, count as this when optimizers are judged. */
  readonly ceiling: number;
}

/** A task without a draw. */
export interface TaskOptions<Parameters, Batch> {
  /** Stands in errors and reports. */
  name: string;
  /** The parameters that a run starts from. */
  init(key: Key): Parameters;
  /** The batch of a step. Default: none. */
  data?(key: Key): Batch;
  /** Of a batch: a scalar. */
  loss(parameters: Parameters, batch: Batch): Tensor;
  /** Default Infinity. */
  ceiling?: number;
}

/** A family of one task. */
export function singleTask<Parameters, Batch = undefined>(
  options: TaskOptions<Parameters, Batch>,
): TaskFamily<Record<string, never>, Parameters, Batch> {
  requireKnownOptions("singleTask", options, ["name", "init", "data", "loss", "ceiling"]);
  const { name, init, data, loss, ceiling = Infinity } = options;
  return {
    name,
    sample: () => ({}),
    init: (_config, key) => init(key),
    ...(data !== undefined && { data }),
    loss: (_config, parameters, batch) => loss(parameters, batch),
    ceiling,
  };
}
