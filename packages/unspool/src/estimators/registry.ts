/**
 * The estimators by name: one entry each feeds the command line, the docs and the conformance suite. An entry takes
 * from a common set of options those that mean something to it, so that `estimator` can be a config value.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import type { Problem } from "../unroll/index.ts";
import { type EsOptions, pairOptionNames, wholeOptionNames } from "./es/esOptions.ts";
import { bptt } from "./derivatives/bptt.ts";
import { dodge } from "./derivatives/dodge.ts";
import type { GradientEstimator } from "./estimator.ts";
import { fullEs } from "./es/fullEs.ts";
import { type GpesOptions, gpes } from "./es/gpes.ts";
import { mixture } from "./around/mixture.ts";
import { nres } from "./es/nres.ts";
import { pes } from "./es/pes.ts";
import { pesAnalytic } from "./es/pesAnalytic.ts";
import { reparameterisedEs, reparameterisedOptionNames } from "./es/reparameterisedEs.ts";
import { rtrl } from "./derivatives/rtrl.ts";
import { type TbpttOptions, tbptt } from "./derivatives/tbptt.ts";
import { telescopingPes } from "./es/telescopingPes.ts";
import type { EstimatorTraits } from "./traits.ts";
import { truncatedEs } from "./es/truncatedEs.ts";
import { uoro } from "./derivatives/uoro.ts";

/** All options that any estimator knows; each takes its own. */
export type EstimatorOptions = EsOptions &
  Pick<GpesOptions, "noisePeriod"> &
  Pick<TbpttOptions, "tasks" | "checkpoints">;

export interface EstimatorEntry extends EstimatorTraits {
  readonly name: EstimatorName;
  /** What else it is called in the papers. */
  readonly aliases?: readonly EstimatorAlias[];
  /** One line for lists. */
  readonly summary: string;
  readonly options: readonly (keyof EstimatorOptions)[];
  create<Theta, State, Batch>(
    problem: Problem<Theta, State, Batch>,
    options: EstimatorOptions,
  ): GradientEstimator<Theta>;
}

/** An estimator that no registry holds, with what others must know of it: it is compared beside those that do. */
export interface ComparedEstimator extends EstimatorTraits {
  readonly name: string;
  readonly options: readonly (keyof EstimatorOptions)[];
  create(problem: Problem, options: EstimatorOptions): GradientEstimator;
}

const windowOptions = ["truncation", "resets", "objective", "executor"] as const;
const taskOptions = [...windowOptions, "tasks"] as const;
const esOptions = [...wholeOptionNames, "truncation", "resets"] as const;

const anyEnds = ["staggered", "random-offset", "random-length"] as const;
/** Windows end where trajectories do. */
const evenEnds = ["staggered", "random-offset"] as const;

/** Those with a tangent per number of theta are tried unasked up to this many numbers. */
const mostTangents = 64;

const antitheticPairs = { kind: "es", cost: { perUnit: 2 }, scalesWithSigma: true } as const;
const windowedEs = { ...antitheticPairs, isUnbiased: true, isWhole: false, resets: anyEnds } as const;
const perTask = { cost: { perUnit: 1 } } as const;
const oneTask = { ...perTask, isDeterministic: true, variance: "zero" } as const;
const evenWindows = { isWhole: false, needsDivisor: true, resets: evenEnds } as const;

// prettier-ignore
const registered: Registry<EstimatorEntry> = registry("createEstimator", [
  { name: "fullEs", aliases: ["es"], summary: "ES over whole trajectories",
    ...antitheticPairs, isUnbiased: true, isWhole: true, finalCounterpart: "telescopingPes", variance: "noiseReuse", preference: 50, options: wholeOptionNames, create: fullEs },
  { name: "truncatedEs", aliases: ["tes"], summary: "ES on windows, blind to earlier ones",
    ...windowedEs, isUnbiased: false, cost: { perUnit: 3 }, variance: "truncated", preference: 90, options: esOptions, create: truncatedEs },
  { name: "pes", summary: "persistent ES: unbiased from windows",
    ...windowedEs, finalCounterpart: "telescopingPes", variance: "persistent", preference: 40, standsFor: "endless", options: esOptions, create: pes },
  { name: "pesAnalytic", summary: "PES with the window's own part by backpropagation",
    kind: "mixed", isUnbiased: true, isWhole: false, needsDivisor: true, cost: { perUnit: 2, shared: 1 }, variance: "analytic", preference: 70, standsFor: "endless", options: ["sigma", "pairs", "truncation", "objective", "noise", "keepsPairs", "executor"], create: pesAnalytic },
  { name: "telescopingPes", summary: "PES for the loss at the end of a trajectory",
    ...windowedEs, objective: "final", needsDivisor: true, resets: evenEnds, options: esOptions.filter((name) => name !== "objective"), create: telescopingPes },
  { name: "nres", aliases: ["es-single"], summary: "noise-reuse ES (ES-Single): one perturbation per trajectory",
    ...windowedEs, variance: "noiseReuse", preference: 30, standsFor: "finite", options: esOptions, create: nres },
  { name: "gpes", summary: "generalised PES: perturbations redrawn every noisePeriod steps",
    ...windowedEs, variance: "persistent", options: [...esOptions, "noisePeriod"], create: gpes },
  { name: "bptt", summary: "backpropagation through the whole horizon",
    ...oneTask, kind: "reverse", isUnbiased: true, isWhole: true, preference: 10, standsFor: "finite", options: ["tasks", "checkpoints", "objective", "executor"], create: bptt },
  { name: "tbptt", summary: "backpropagation through windows",
    ...oneTask, ...evenWindows, kind: "reverse", isUnbiased: false, preference: 60, standsFor: "endless", options: [...taskOptions, "checkpoints"], create: tbptt },
  { name: "rtrl", summary: "real-time recurrent learning: the exact influence matrix",
    ...oneTask, ...evenWindows, kind: "forward", isUnbiased: true, largestTheta: mostTangents, preference: 20, options: taskOptions, create: rtrl },
  { name: "uoro", summary: "RTRL with a random influence matrix of rank one",
    ...perTask, ...evenWindows, kind: "forward", isUnbiased: true, preference: 100, options: taskOptions, create: uoro },
  { name: "dodge", summary: "exact derivative along a random direction",
    ...perTask, ...evenWindows, kind: "forward", isUnbiased: true, variance: "noiseReuse", preference: 110, options: [...taskOptions, "noise"], create: dodge },
  { name: "mixture", summary: "derivatives and ES over whole trajectories, weighted by their variances",
    kind: "mixed", isUnbiased: true, isWhole: true, cost: { perUnit: 2 }, largestTheta: mostTangents, preference: 80, standsFor: "finite", options: pairOptionNames, create: mixture },
  { name: "reparameterisedEs", summary: "backpropagation at perturbed thetas, averaged",
    kind: "reverse", isUnbiased: true, isWhole: true, cost: { perUnit: 2 }, variance: "zero", options: reparameterisedOptionNames, create: reparameterisedEs },
], {
  ignoresCase: true,
  elsewhere: "A search (cmaEs, snes, …) is no estimator, for it has no gradient: searchMethod(name, problem) makes a method of one.",
});

export const estimators: readonly EstimatorEntry[] = registered.entries;

export type EstimatorName =
  | "fullEs"
  | "truncatedEs"
  | "pes"
  | "pesAnalytic"
  | "telescopingPes"
  | "nres"
  | "gpes"
  | "bptt"
  | "tbptt"
  | "rtrl"
  | "uoro"
  | "dodge"
  | "mixture"
  | "reparameterisedEs";

/** Names of all estimators. */
export const estimatorNames: readonly EstimatorName[] = registered.names;

/** What else they are called in the papers. */
export const estimatorAliases: Readonly<Record<EstimatorAlias, EstimatorName>> = registered.aliases;

export type EstimatorAlias = "tes" | "es-single" | "es";

/** The entry of a name or alias (`tes`, `es`, `es-single`; case does not matter). */
export function estimatorEntry(name: string): EstimatorEntry {
  return registered.entry(name);
}

const allOptions = [...new Set(registered.entries.flatMap(({ options }) => options))];

/**
 * An estimator by name. Options that the estimator does not know are left out, so one set of options can serve a
 * comparison; options that are undefined take the estimator's default.
 */
export function createEstimator<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  options: EstimatorOptions = {},
): GradientEstimator<Theta> {
  requireKnownOptions("createEstimator", options, allOptions);
  const entry = estimatorEntry(name);
  const known = entry.options.flatMap((option) =>
    options[option] === undefined ? [] : [[option, options[option]]],
  );
  return entry.create(problem, Object.fromEntries(known) as EstimatorOptions);
}
