/** Learned optimizers by name: one line each feeds files, experiments, docs and the conformance suite. */
import { type Registry, registry } from "../../registry.ts";
import { learnableAdam, learnableAdamDefaults } from "./learnable.ts";
import {
  learnableMomentum,
  learnableMomentumDefaults,
  learnableSgd,
  learnableSgdDefaults,
} from "./learnable.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";
import { type LearnedSumOptions, learnedSum } from "./learnedSum.ts";
import { mlpLopt, mlpLoptDefaults } from "./mlpLopt.ts";
import { nnAdam, nnAdamDefaults } from "./nnAdam.ts";
import { rnnMlpLopt, rnnMlpLoptDefaults } from "./rnnMlpLopt.ts";
import { smallFc, smallFcDefaults } from "./smallFc.ts";
import { star, starDefaults } from "./star.ts";

export interface LearnedOptimizerEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): LearnedOptimizer;
}

// prettier-ignore
const registered: Registry<LearnedOptimizerEntry> = registry("createLearnedOptimizer", [
  entry("smallFc", smallFc, smallFcDefaults, "a tiny network at every parameter, fed with factored squares"),
  entry("star", star, starDefaults, "smallFc made stable by a nominal step and a preconditioned output"),
  entry("mlpLopt", mlpLopt, mlpLoptDefaults, "the earlier, wider network at every parameter"),
  entry("rnnMlpLopt", rnnMlpLopt, rnnMlpLoptDefaults, "an LSTM per tensor that speaks with a network at every parameter"),
  entry("nnAdam", nnAdam, nnAdamDefaults, "an LSTM per tensor that moves Adam's hyperparameters"),
  entry("learnableSgd", learnableSgd, learnableSgdDefaults, "gradient descent with a rate to learn"),
  entry("learnableMomentum", learnableMomentum, learnableMomentumDefaults, "heavy ball with rate and decay to learn"),
  entry("learnableAdam", learnableAdam, learnableAdamDefaults, "Adam with its four hyperparameters to learn"),
  summed("learnedSum", ["smallFc", "learnableAdam"], "the sum of several learned optimizers"),
]);

export const learnedOptimizers: readonly LearnedOptimizerEntry[] = registered.entries;

/** Names of all learned optimizers. */
export const learnedOptimizerNames: readonly string[] = registered.names;

/** A learned optimizer from data. Throws `OptionError` for an unknown name, with the nearest one. */
export function createLearnedOptimizer(
  name: string,
  options: Record<string, unknown> = {},
): LearnedOptimizer {
  return registered.create(name, options);
}

function entry<Options extends object, Meta>(
  name: string,
  factory: (options: Options) => LearnedOptimizer<Meta>,
  defaults: Required<Options>,
  summary: string,
): LearnedOptimizerEntry {
  const create = (options: Record<string, unknown>) => factory(options as Options);
  return { name, summary, defaults: { ...defaults }, create };
}

/** `learnedSum`, whose parts may be data: names, or records with `name` and options. */
function summed(name: string, parts: readonly string[], summary: string): LearnedOptimizerEntry {
  const part = (given: unknown): unknown => {
    if (typeof given === "string") return createLearnedOptimizer(given);
    if (typeof given !== "object" || given === null || !("name" in given) || "optimizer" in given)
      return given;
    const { name: of, ...options } = given as Record<string, unknown>;
    return createLearnedOptimizer(String(of), options);
  };
  const create = (options: Record<string, unknown>): LearnedOptimizer => {
    const { parts: given = parts } = options;
    const made = Array.isArray(given) ? given.map(part) : given;
    return learnedSum({ ...options, parts: made as Required<LearnedSumOptions>["parts"] });
  };
  return { name, summary, defaults: { parts }, create };
}
