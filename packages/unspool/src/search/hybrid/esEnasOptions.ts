/** The options of `esEnas`, their defaults and checks. */
import type { Tree } from "../../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import type { Json } from "../../json.ts";
import { type Optimizer, type OptimizerConfig, createOptimizer } from "../../optimizers/index.ts";
import type { OptimizerChoice } from "../optimizerChoice.ts";
import type { Controller } from "./controllers/controller.ts";
import { type ControllerName, controllers } from "./controllers/registry.ts";
import { type EnsembleEntry, type EnsembleName, ensembles } from "./ensembles/registry.ts";
import type { EsGradient, EsGradientOptions } from "./gradients/esGradient.ts";
import { type EsGradientEntry, type EsGradientName, esGradients } from "./gradients/registry.ts";
import type { HybridSpace } from "./hybridSpace.ts";
import type { SoftConstraint } from "./softConstraint.ts";

export interface EsEnasOptions extends EsGradientOptions {
  /** Where to search: `hybridSpace({ discrete, continuous, box })`. */
  space: HybridSpace;
  /** Standard deviation of the perturbations of theta. Default 0.1. */
  sigma?: number;
  /** Length of a step along the gradient. Default 0.01. */
  alpha?: number;
  /** In place of `alpha`: a name of the optimizers with its options, schedules included. */
  optimizer?: OptimizerChoice;
  /** Directions per step, n: two evaluations each, but for "forward". Default 150. */
  pairs?: number;
  /** How the gradient of theta is estimated. Default "antithetic". */
  estimator?: EsGradientName;
  /** How directions are drawn; "asebo" draws its own. Default "gaussian". */
  ensemble?: EnsembleName;
  /**
   * What proposes choices and learns from their losses. A name has a population of as many as a step evaluates; with other
   * options, make one: `regularizedEvolution({ population: 128 })`. Default "regularizedEvolution".
   */
  controller?: ControllerName | Controller;
  /** Whether both members of a pair have the same choice: otherwise their difference is mostly that of choices. Default true. */
  shareWithinPair?: boolean;
  /** Steps from one set of proposals to the next; feedback is given for the steps that propose. Default 1. */
  proposalInterval?: number;
  /** Evaluations of theta itself per step, with choices of their own; "forward" needs at least 1. Default 0 (1). */
  exactEvaluations?: number;
  /** What a choice costs, made part of its loss: `softConstraint({ cost, target, offset })`. Default: none. */
  constraint?: SoftConstraint;
}

export interface CheckedEsEnasOptions {
  space: HybridSpace;
  sigma: number;
  pairs: number;
  optimizer: Optimizer<Tree>;
  entry: EsGradientEntry;
  gradient: EsGradient;
  ensemble: EnsembleEntry;
  controller: Controller;
  shareWithinPair: boolean;
  proposalInterval: number;
  exactEvaluations: number;
  constraint: SoftConstraint | undefined;
  recipe: { readonly [option: string]: Json };
}

const where = "esEnas";

const names = [
  ...(["space", "sigma", "alpha", "optimizer", "pairs", "estimator", "ensemble", "controller"] as const),
  ...(["shareWithinPair", "proposalInterval", "exactEvaluations", "constraint"] as const),
  ...(["topK", "sortBy", "scaleBy", "normalizeValues", "regularizer", "warmUp"] as const),
];

export function checkedEsEnasOptions(options: EsEnasOptions): CheckedEsEnasOptions {
  requireKnownOptions(where, options, names);
  const { space, sigma = 0.1, pairs = 150, estimator = "antithetic", ensemble = "gaussian" } = options;
  if (typeof space?.point !== "function")
    throw new OptionError(where, "space", space, "a hybrid space", "Make one with hybridSpace().");
  requirePositive(where, "sigma", sigma, "It is the size of the perturbations of theta: 0.01 to 1 is usual.");
  requireInteger(where, "pairs", pairs, 1);
  const entry = esGradients.entry(estimator);
  const {
    exactEvaluations = entry.needsCurrent ? 1 : 0,
    shareWithinPair = true,
    proposalInterval = 1,
  } = options;
  requireInteger(where, "exactEvaluations", exactEvaluations, entry.needsCurrent ? 1 : 0);
  requireInteger(where, "proposalInterval", proposalInterval, 1);
  if (typeof shareWithinPair !== "boolean")
    throw new OptionError(where, "shareWithinPair", shareWithinPair, "true or false");
  const gradientOptions = checkedGradientOptions(options, pairs);
  const controller = controllerOf(
    options.controller ?? "regularizedEvolution",
    // As many as a step evaluates: 450 with the authors' 150 pairs and 150 exact evaluations.
    Math.max(4, (entry.isPaired ? 2 : 1) * pairs + exactEvaluations),
  );
  const { optimizer, recipe } = optimizerOf(options);
  return {
    ...{ space, sigma, pairs, optimizer, entry, controller },
    ...{ shareWithinPair, proposalInterval, exactEvaluations, constraint: options.constraint },
    gradient: entry.create(gradientOptions),
    ensemble: ensembles.entry(ensemble),
    recipe: {
      ...{ sigma, pairs, optimizer: recipe, estimator: entry.name, ensemble, ...gradientOptions },
      ...{ shareWithinPair, proposalInterval, exactEvaluations },
      controller: { name: controller.name, ...controller.recipe },
      constraint: options.constraint === undefined ? null : { ...options.constraint.recipe },
      space: recipeOf(space),
    },
  };
}

function checkedGradientOptions(options: EsEnasOptions, pairs: number): Required<EsGradientOptions> {
  const { topK = null, sortBy = "max", scaleBy = "losses", normalizeValues = true } = options;
  const { regularizer = 0.01, warmUp = 70 } = options;
  if (topK !== null) {
    requireInteger(where, "topK", topK, 1);
    if (topK > pairs) throw new OptionError(where, "topK", topK, `at most \`pairs\`, ${pairs}`);
  }
  requireOneOf(where, "sortBy", sortBy, ["max", "diff"]);
  requireOneOf(where, "scaleBy", scaleBy, ["losses", "differences"]);
  if (typeof normalizeValues !== "boolean")
    throw new OptionError(where, "normalizeValues", normalizeValues, "true or false");
  requirePositive(where, "regularizer", regularizer);
  requireInteger(where, "warmUp", warmUp, 1);
  return { topK, sortBy, scaleBy, normalizeValues, regularizer, warmUp };
}

function controllerOf(given: ControllerName | Controller, population: number): Controller {
  if (typeof given === "string") return controllers.create(given, { population });
  const { init, propose, feedback, best } = (given ?? {}) as Partial<Controller>;
  if ([init, propose, feedback, best].every((part) => typeof part === "function")) return given;
  throw new OptionError(
    where,
    "controller",
    given,
    `a controller, or one of ${controllers.names.map((name) => JSON.stringify(name)).join(", ")}`,
  );
}

function optimizerOf({ alpha, optimizer }: EsEnasOptions): { optimizer: Optimizer<Tree>; recipe: Json } {
  if (optimizer === undefined) {
    const rate = alpha ?? 0.01;
    requirePositive(where, "alpha", rate);
    return {
      optimizer: createOptimizer("sgd", { learningRate: rate }),
      recipe: { name: "sgd", learningRate: rate },
    };
  }
  if (alpha !== undefined)
    throw new OptionError(
      where,
      "alpha",
      alpha,
      "left out beside `optimizer`",
      "Its learning rate is the step.",
    );
  if (typeof optimizer?.name !== "string" || "update" in optimizer)
    throw new OptionError(
      where,
      "optimizer",
      optimizer,
      "a record with the name of an optimizer and its options",
      'A recipe has to say all of it: { name: "adam", learningRate: 0.01 }.',
    );
  const { name, ...rest } = optimizer;
  return { optimizer: createOptimizer(name, rest as OptimizerConfig), recipe: { ...optimizer } };
}

/** Decisions in short, since a mask has many: [values, count, how many in a row]. */
function recipeOf({ discrete, continuous, box }: HybridSpace): Json {
  const runs: [number, number, number][] = [];
  for (const { values, count } of discrete.decisions) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] === values && last[1] === count) last[2]++;
    else runs.push([values, count, 1]);
  }
  const side = (bounds: Float64Array): Json =>
    Array.from(bounds, (x): Json => (Number.isFinite(x) ? x : String(x)));
  return {
    decisions: runs,
    continuous,
    box: box === undefined ? null : { low: side(box.low), high: side(box.high) },
  };
}
