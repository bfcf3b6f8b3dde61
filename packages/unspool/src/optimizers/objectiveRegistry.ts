/**
 * The optimizers of objectives by name: one line each feeds the command line, the docs and the conformance suite. To
 * add one, write its file (factory and `…Defaults`), a line here, and a line in `index.ts`.
 */
import { requireOneOf } from "../errors.ts";
import { adaHessian, adaHessianDefaults } from "./adaHessian.ts";
import { entropySgd, entropySgdDefaults } from "./entropySgd.ts";
import { lbfgs, lbfgsDefaults } from "./lbfgs.ts";
import { lookSam, lookSamDefaults } from "./lookSam.ts";
import { newtonCg, newtonCgDefaults } from "./newtonCg.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { innerOptimizer, withSchedules } from "./registry.ts";
import { sam, samDefaults } from "./sam.ts";
import { svrg, svrgDefaults } from "./svrg.ts";

export interface ObjectiveOptimizerEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Whether it needs an objective whose network can be seen (`networkObjective`). */
  readonly needsNetwork: boolean;
  /** Whether it stands around an optimizer of gradients, which is then its option `inner`. */
  readonly isWrapper: boolean;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): ObjectiveOptimizer;
}

// prettier-ignore
export const objectiveOptimizers: readonly ObjectiveOptimizerEntry[] = [
  objectiveWrapper("sam", sam, samDefaults, "gradients at the worst point nearby (SAM, ASAM)"),
  objectiveWrapper("lookSam", lookSam, lookSamDefaults, "SAM whose ascent is computed every few steps"),
  objectiveWrapper("svrg", svrg, svrgDefaults, "gradients corrected by those of a snapshot"),
  objectiveEntry("entropySgd", entropySgd, entropySgdDefaults, "towards the mean of a Langevin walk: wide valleys"),
  objectiveEntry("adaHessian", adaHessian, adaHessianDefaults, "Adam with the diagonal of the Hessian"),
  objectiveEntry("lbfgs", lbfgs, lbfgsDefaults, "quasi-Newton from the last steps and gradients"),
  objectiveEntry("newtonCg", newtonCg, newtonCgDefaults, "Hessian-free: conjugate gradients on damped curvature"),
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
  const create = (options: Record<string, unknown>) => factory(withSchedules(options) as Options);
  return { name, summary, needsNetwork: isCurvature, isWrapper: false, defaults: { ...defaults }, create };
}

/** @internal An entry around an optimizer of gradients: a name, a record with `name` and options, or an optimizer. */
export function objectiveWrapper<Options extends object>(
  name: string,
  factory: (inner: Optimizer, options: Options) => ObjectiveOptimizer,
  defaults: Required<Options>,
  summary: string,
): ObjectiveOptimizerEntry {
  const create = ({ inner = "sgd", ...options }: Record<string, unknown>) =>
    factory(innerOptimizer(name, inner), withSchedules(options) as Options);
  return {
    name,
    summary,
    needsNetwork: false,
    isWrapper: true,
    defaults: { inner: "sgd", ...defaults },
    create,
  };
}
