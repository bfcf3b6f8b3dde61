/**
 * The optimizers of objectives by name: one line each feeds the command line, the docs and the conformance suite. To
 * add one, write its file (factory and `…Defaults`), a line here, and a line in `index.ts`.
 */
import { requireOneOf } from "../errors.ts";
import { type CompressorConfig, createCompressor } from "./compression/registry.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import { dataParallel, dataParallelDefaults } from "./parallel/dataParallel.ts";
import { elasticAveraging, elasticAveragingDefaults } from "./parallel/elasticAveraging.ts";
import { gossipSgd, gossipSgdDefaults } from "./parallel/gossipSgd.ts";
import { localSgd, localSgdDefaults } from "./parallel/localSgd.ts";
import { oneBitAdam, oneBitAdamDefaults } from "./parallel/oneBitAdam.ts";
import { staleGradients, staleGradientsDefaults } from "./parallel/staleGradients.ts";
import { staleSynchronous, staleSynchronousDefaults } from "./parallel/staleSynchronous.ts";
import { innerOptimizer } from "./registry.ts";

export interface ObjectiveOptimizerEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Whether it needs an objective whose network can be seen (`networkObjective`). */
  readonly needsNetwork: boolean;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): ObjectiveOptimizer;
}

// prettier-ignore
export const objectiveOptimizers: readonly ObjectiveOptimizerEntry[] = [
  parallelEntry("dataParallel", dataParallel, dataParallelDefaults, "workers that send gradients, compressed or not"),
  parallelEntry("localSgd", localSgd, localSgdDefaults, "workers that average their parameters now and then"),
  parallelEntry("staleGradients", staleGradients, staleGradientsDefaults, "gradients that arrive late, simulated"),
  parallelEntry("staleSynchronous", staleSynchronous, staleSynchronousDefaults, "workers of different speed, simulated"),
  parallelEntry("elasticAveraging", elasticAveraging, elasticAveragingDefaults, "workers on springs around a centre"),
  parallelEntry("gossipSgd", gossipSgd, gossipSgdDefaults, "workers that average with their neighbours"),
  parallelEntry("oneBitAdam", oneBitAdam, oneBitAdamDefaults, "Adam whose momentum is sent in one bit per element"),
];

/** Names of all optimizers of objectives. */
export const objectiveOptimizerNames: readonly string[] = objectiveOptimizers.map(({ name }) => name);

/** An optimizer of objectives from data. Throws `OptionError` for an unknown name, with the nearest one. */
export function createObjectiveOptimizer(
  name: string,
  options: Record<string, unknown> = {},
): ObjectiveOptimizer {
  requireOneOf("createObjectiveOptimizer", "name", name, objectiveOptimizerNames);
  return objectiveOptimizers.find((entry) => entry.name === name)!.create(options);
}

/** @internal An entry; `isCurvature` if it looks at the layers of a network. */
export function objectiveEntry<Options extends object>(
  name: string,
  factory: (options: Options) => ObjectiveOptimizer,
  defaults: Required<Options>,
  summary: string,
  isCurvature = false,
): ObjectiveOptimizerEntry {
  const create = (options: Record<string, unknown>) => factory(options as Options);
  return { name, summary, needsNetwork: isCurvature, defaults: { ...defaults }, create };
}

/** An entry whose `optimizer` and `compressor` may be data: a name, or a record with `name` and options. */
function parallelEntry<Options extends object>(
  name: string,
  factory: (options: Options) => unknown,
  defaults: Required<Options>,
  summary: string,
): ObjectiveOptimizerEntry {
  const create = (options: Record<string, unknown>): ObjectiveOptimizer => {
    const made = { ...options };
    if (made["optimizer"] !== undefined) {
      made["optimizer"] = innerOptimizer(name, made["optimizer"], "optimizer");
    }
    if (made["compressor"] !== undefined) {
      made["compressor"] = createCompressor(made["compressor"] as CompressorConfig);
    }
    return factory(made as Options) as ObjectiveOptimizer;
  };
  return { name, summary, needsNetwork: false, defaults: { ...defaults }, create };
}
