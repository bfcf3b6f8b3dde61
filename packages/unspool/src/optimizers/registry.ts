/**
 * The optimizers by name: one line each feeds the command line, the docs and the conformance suite. To add an
 * optimizer, write its file (factory and `…Defaults`), a line here, and a line in `index.ts`.
 */
import type { Tree } from "../array/index.ts";
import { OptionError, requireOneOf } from "../errors.ts";
import { accumulate, accumulateDefaults } from "./accumulate.ts";
import { adagrad, adagradDefaults } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { adamDefaults } from "./adamMoments.ts";
import { adamw, adamwDefaults } from "./adamw.ts";
import { clipByGlobalNorm, clipByGlobalNormDefaults } from "./clipByGlobalNorm.ts";
import { clipByValue, clipByValueDefaults } from "./clipByValue.ts";
import { emaAverage, emaAverageDefaults } from "./emaAverage.ts";
import { lookahead, lookaheadDefaults } from "./lookahead.ts";
import { masked, maskedDefaults } from "./masked.ts";
import { lossScale, lossScaleDefaults } from "./memory/lossScale.ts";
import { quantizedState, quantizedStateDefaults } from "./memory/quantizedState.ts";
import { shardedState, shardedStateDefaults } from "./memory/shardedState.ts";
import { momentum, momentumDefaults } from "./momentum.ts";
import { nesterov, nesterovDefaults } from "./nesterov.ts";
import type { Optimizer } from "./optimizer.ts";
import { polyakAverage, polyakAverageDefaults } from "./polyakAverage.ts";
import { rmsprop, rmspropDefaults } from "./rmsprop.ts";
import { createSchedule } from "./schedules/registry.ts";
import { sgd, sgdDefaults } from "./sgd.ts";

/** Options as a config file has them. */
export type OptimizerConfig = Record<string, unknown>;

export interface OptimizerEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Whether it stands around another optimizer, which is then its option `inner`. */
  readonly isWrapper: boolean;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: OptimizerConfig): Optimizer;
}

// prettier-ignore
export const optimizers: readonly OptimizerEntry[] = [
  rule("sgd", sgd, sgdDefaults, "plain gradient descent"),
  rule("momentum", momentum, momentumDefaults, "heavy ball"),
  rule("nesterov", nesterov, nesterovDefaults, "Nesterov's accelerated gradient"),
  rule("rmsprop", rmsprop, rmspropDefaults, "gradients divided by their recent size"),
  rule("adagrad", adagrad, adagradDefaults, "gradients divided by all gradients so far"),
  rule("adam", adam, adamDefaults, "momentum divided by recent size, without bias"),
  rule("adamw", adamw, adamwDefaults, "Adam with decoupled weight decay"),
  wrapper("lookahead", lookahead, lookaheadDefaults, "k steps forward, 1 step back"),
  wrapper("clipByGlobalNorm", clipByGlobalNorm, clipByGlobalNormDefaults, "shortens long gradients"),
  wrapper("clipByValue", clipByValue, clipByValueDefaults, "limits every element of the gradient"),
  wrapper("accumulate", accumulate, accumulateDefaults, "one update from the mean of several gradients"),
  wrapper("masked", masked, maskedDefaults, "trains some leaves of theta only"),
  wrapper("polyakAverage", polyakAverage, polyakAverageDefaults, "evaluates the mean of iterates"),
  wrapper("emaAverage", emaAverage, emaAverageDefaults, "evaluates a running mean of iterates"),
  wrapper("lossScale", lossScale, lossScaleDefaults, "skips steps that are not finite, scales gradients for half precision"),
  wrapper("quantizedState", quantizedState, quantizedStateDefaults, "keeps moments in 8 bits per element"),
  wrapper("shardedState", shardedState, shardedStateDefaults, "state in parts, one per worker"),
];

/** Names of all optimizers. */
export const optimizerNames: readonly string[] = optimizers.map(({ name }) => name);

/** The entry of a name. Throws `OptionError` with the nearest name for any other. */
export function optimizerEntry(name: string): OptimizerEntry {
  requireOneOf("createOptimizer", "name", name, optimizerNames);
  return optimizers.find((candidate) => candidate.name === name)!;
}

/**
 * An optimizer from data. A hyperparameter may be a record with the name of a schedule and its options; the `inner`
 * of a wrapper is a name, a record with `name` and options, or an optimizer. Default inner: sgd.
 *
 * @example
 * createOptimizer("lookahead", {
 *   k: 5,
 *   inner: { name: "adam", learningRate: { schedule: "cosineDecay", from: 0.01, steps: 500 } },
 * });
 */
export function createOptimizer(name: string, options: OptimizerConfig = {}): Optimizer {
  return optimizerEntry(name).create(options);
}

function rule<Options extends object>(
  name: string,
  factory: (options: Options) => Optimizer,
  defaults: Required<Options>,
  summary: string,
): OptimizerEntry {
  // The factory checks names and values of what it is given.
  const create = (options: OptimizerConfig): Optimizer => factory(withSchedules(options) as Options);
  return { name, summary, isWrapper: false, defaults: { ...defaults }, create };
}

function wrapper<Options extends object>(
  name: string,
  factory: (inner: Optimizer, options: Options) => Optimizer,
  defaults: Required<Options>,
  summary: string,
): OptimizerEntry {
  const create = ({ inner = "sgd", ...options }: OptimizerConfig): Optimizer =>
    factory(innerOptimizer(name, inner), withSchedules(options) as Options);
  return { name, summary, isWrapper: true, defaults: { inner: "sgd", ...defaults }, create };
}

/** @internal The optimizer of a name, of a record with `name` and options, or itself. */
export function innerOptimizer(where: string, inner: unknown, option = "inner"): Optimizer {
  if (typeof inner === "string") return createOptimizer(inner);
  if (typeof inner === "object" && inner !== null) {
    if ("update" in inner) return inner as Optimizer<Tree>;
    const { name, ...options } = inner as OptimizerConfig;
    if (typeof name === "string") return createOptimizer(name, options);
  }
  throw new OptionError(
    where,
    option,
    inner,
    "the name of an optimizer, or a record with `name` and options",
  );
}

/** Records that name a schedule become that schedule. */
function withSchedules(options: OptimizerConfig): OptimizerConfig {
  const created = Object.entries(options).map(([name, value]) => {
    if (typeof value !== "object" || value === null || !("schedule" in value)) return [name, value] as const;
    const { schedule, ...rest } = value as OptimizerConfig;
    return [name, createSchedule(String(schedule), rest)] as const;
  });
  return Object.fromEntries(created);
}
