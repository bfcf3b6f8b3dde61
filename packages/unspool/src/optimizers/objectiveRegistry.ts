/**
 * The optimizers of objectives by name: one line each feeds the command line, the docs and the conformance suite. To
 * add one, write its file (factory and `…Defaults`), a line here, and a line in `index.ts`.
 */
import { requireOneOf } from "../errors.ts";
import { foof, foofDefaults } from "./curvature/foof.ts";
import { kfacSimple, kfacSimpleDefaults } from "./curvature/kfacSimple.ts";
import { naturalGradient, naturalGradientDefaults } from "./curvature/naturalGradient.ts";
import type { ObjectiveOptimizer } from "./objective.ts";

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
  objectiveEntry("foof", foof, foofDefaults, "gradient descent on the outputs of layers", true),
  objectiveEntry("kfacSimple", kfacSimple, kfacSimpleDefaults, "K-FAC in parts: damping, factors, targets", true),
  objectiveEntry("naturalGradient", naturalGradient, naturalGradientDefaults, "exact natural gradient of a batch's Fisher information", true),
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
