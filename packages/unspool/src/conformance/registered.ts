/**
 * What the conformance suites must know of an entry of a registry: all of it stands on the entry's line, so that a new one
 * goes through the suite as it is registered. A check that fails names that line.
 */
import { type EstimatorEntry, type ResetKind, innerStepsOf } from "../estimators/index.ts";
import type { ObjectiveOptimizerEntry, OptimizerEntry, ConformanceTraits } from "../optimizers/index.ts";
import type { ResetPolicy } from "../unroll/index.ts";
import type { EstimatorSubject } from "./estimatorSubject.ts";
import type { ObjectiveOptimizerSubject } from "./objectiveSubject.ts";
import type { OptimizerSubject } from "./optimizerSubject.ts";

const policies: Readonly<Record<ResetKind, ResetPolicy>> = {
  staggered: "staggered",
  "random-offset": "random-offset",
  "random-length": { minLength: 2, maxLength: 5 },
};

/** `file` has the entries; fields of a subject that have another name there are `renamed`. */
function placeIn(file: string, name: string, renamed: Readonly<Record<string, string>> = {}) {
  return (field: string): string => `${file}: ${renamed[field] ?? field} of "${name}"`;
}

/** An estimator of the registry, with sigma 0.1 where it has one. */
export function registeredEstimator(entry: EstimatorEntry): EstimatorSubject {
  const { name, isWhole, isUnbiased, objective = "steps", resets = [], variance, options } = entry;
  // Its own draws add nothing to the gradients of the quadratic systems: what is left to average are those of a problem.
  const few = variance === "zero" && entry.isDeterministic !== true ? { replicates: 16, particles: 64 } : {};
  return {
    name,
    placeOf: placeIn("estimators/registry.ts", name, {
      create: "options",
      expectation: "isUnbiased",
      innerSteps: "cost",
    }),
    isWhole,
    expectation: isUnbiased ? "unbiased" : "truncated",
    objective: objective === "steps" ? "sum" : "final",
    resets: resets.map((kind) => policies[kind]),
    ...(variance !== undefined && { variance }),
    ...few,
    innerSteps: (particles, steps) => innerStepsOf(entry, particles, steps),
    create(problem, { particles, ...request }) {
      const given = { ...request, sigma: 0.1, pairs: particles, tasks: particles };
      const known = Object.entries(given).filter(([option]) => (options as string[]).includes(option));
      return entry.create(problem, Object.fromEntries(known));
    },
  };
}

/** An optimizer of gradients of the registry; wrappers stand around sgd. */
export function registeredOptimizer(entry: OptimizerEntry): OptimizerSubject {
  const { name, isWrapper, settings = {}, hasDecay, isPerLeaf, stepsOfDescent } = entry;
  return {
    name,
    placeOf: placeIn("optimizers/registry.ts", name, { create: "hyperparameters and settings" }),
    hyperparameters: hyperparametersOf(entry, isWrapper),
    ...set({ hasDecay, isPerLeaf, stepsOfDescent }),
    create: (hyperparameters) =>
      entry.create({
        ...settings,
        ...(isWrapper ? { inner: { name: "sgd", ...hyperparameters } } : hyperparameters),
      }),
  };
}

/** An optimizer of objectives of the registry. What stands around an optimizer of gradients stands around sgd. */
export function registeredObjectiveOptimizer(entry: ObjectiveOptimizerEntry): ObjectiveOptimizerSubject {
  const { name, needsNetwork, settings = {}, movesAtRest, isDifferentiable, stepsOfDescent } = entry;
  const around = ["inner", "optimizer"].find((option) => option in entry.defaults);
  return {
    name,
    placeOf: placeIn("optimizers/objective/objectiveRegistry.ts", name, {
      create: "hyperparameters and settings",
    }),
    needsNetwork,
    hyperparameters: hyperparametersOf(entry, around !== undefined),
    ...set({ movesAtRest, isDifferentiable, stepsOfDescent }),
    create({ learningRate, ...others }) {
      if (around === undefined) return entry.create({ ...settings, ...set({ learningRate }), ...others });
      return entry.create({ ...settings, ...others, [around]: { name: "sgd", ...set({ learningRate }) } });
    },
  };
}

/** Those of the entry, or a learning rate, or all numbers that there are, at their defaults. */
function hyperparametersOf(
  { hyperparameters, defaults }: ConformanceTraits & { defaults: Readonly<Record<string, unknown>> },
  isAround: boolean,
): Readonly<Record<string, number>> {
  if (hyperparameters !== undefined) return hyperparameters;
  const numbers = Object.entries(defaults).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  if (isAround || numbers.length === 0 || "learningRate" in defaults) return { learningRate: 0.05 };
  return Object.fromEntries(numbers);
}

/** Those fields that are not undefined. */
function set<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
