/**
 * The estimators by name: one entry each feeds the command line, the docs and the conformance suite. An entry takes
 * from a common set of options those that mean something to it, so that `estimator` can be a config value.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import type { Problem } from "../unroll/index.ts";
import type { EsOptions } from "./es/antithetic.ts";
import { bptt } from "./derivatives/bptt.ts";
import { dodge } from "./derivatives/dodge.ts";
import type { GradientEstimator } from "./estimator.ts";
import { fullEs } from "./es/fullEs.ts";
import { type GpesOptions, gpes } from "./es/gpes.ts";
import { mixture } from "./around/mixture.ts";
import { nres } from "./es/nres.ts";
import { pes } from "./es/pes.ts";
import { pesAnalytic } from "./es/pesAnalytic.ts";
import { rtrl } from "./derivatives/rtrl.ts";
import { type TbpttOptions, tbptt } from "./derivatives/tbptt.ts";
import { telescopingPes } from "./es/telescopingPes.ts";
import { truncatedEs } from "./es/truncatedEs.ts";
import { uoro } from "./derivatives/uoro.ts";

/** All options that any estimator knows; each takes its own. */
export type EstimatorOptions = EsOptions &
  Pick<GpesOptions, "noisePeriod"> &
  Pick<TbpttOptions, "tasks" | "checkpoints">;

export interface EstimatorEntry {
  readonly name: EstimatorName;
  /** What else it is called in the papers. */
  readonly aliases?: readonly EstimatorAlias[];
  /** One line for lists. */
  readonly summary: string;
  /** "es": losses only. "reverse", "forward": needs a differentiable problem. "mixed": both. */
  readonly kind: "es" | "reverse" | "forward" | "mixed";
  /** Whether its mean is the gradient of the (smoothed) objective over whole trajectories at fixed theta. */
  readonly isUnbiased: boolean;
  /** Estimates whole trajectories, so it needs a finite horizon and ignores `truncation`. */
  readonly isWhole: boolean;
  readonly options: readonly (keyof EstimatorOptions)[];
  create<Theta, State, Batch>(
    problem: Problem<Theta, State, Batch>,
    options: EstimatorOptions,
  ): GradientEstimator<Theta>;
}

const window = ["truncation", "resets", "objective", "executor"] as const;
const whole = [
  "sigma",
  "pairs",
  "objective",
  "isDividedByStd",
  "nanPolicy",
  "trajectories",
  "noise",
  "executor",
] as const;
const es = [...whole, "truncation", "resets"] as const;
const analytic = ["sigma", "pairs", "truncation", "objective", "noise", "executor"] as const;

// prettier-ignore
const registered: Registry<EstimatorEntry> = registry("createEstimator", [
  { name: "fullEs", aliases: ["es"], kind: "es", isUnbiased: true, isWhole: true, summary: "ES over whole trajectories", options: whole, create: fullEs },
  { name: "truncatedEs", aliases: ["tes"], kind: "es", isUnbiased: false, isWhole: false, summary: "ES on windows, blind to earlier ones", options: es, create: truncatedEs },
  { name: "pes", kind: "es", isUnbiased: true, isWhole: false, summary: "persistent ES: unbiased from windows", options: es, create: pes },
  { name: "pesAnalytic", kind: "mixed", isUnbiased: true, isWhole: false, summary: "PES with the window's own part by backpropagation", options: analytic, create: pesAnalytic },
  { name: "telescopingPes", kind: "es", isUnbiased: true, isWhole: false, summary: "PES for the loss at the end of a trajectory", options: es.filter((name) => name !== "objective"), create: telescopingPes },
  { name: "nres", aliases: ["es-single"], kind: "es", isUnbiased: true, isWhole: false, summary: "noise-reuse ES (ES-Single): one perturbation per trajectory", options: es, create: nres },
  { name: "gpes", kind: "es", isUnbiased: true, isWhole: false, summary: "generalised PES: perturbations redrawn every noisePeriod steps", options: [...es, "noisePeriod"], create: gpes },
  { name: "bptt", kind: "reverse", isUnbiased: true, isWhole: true, summary: "backpropagation through the whole horizon", options: ["tasks", "checkpoints", "objective", "executor"], create: bptt },
  { name: "tbptt", kind: "reverse", isUnbiased: false, isWhole: false, summary: "backpropagation through windows", options: [...window, "tasks", "checkpoints"], create: tbptt },
  { name: "rtrl", kind: "forward", isUnbiased: true, isWhole: false, summary: "real-time recurrent learning: the exact influence matrix", options: [...window, "tasks"], create: rtrl },
  { name: "uoro", kind: "forward", isUnbiased: true, isWhole: false, summary: "RTRL with a random influence matrix of rank one", options: [...window, "tasks"], create: uoro },
  { name: "dodge", kind: "forward", isUnbiased: true, isWhole: false, summary: "exact derivative along a random direction", options: [...window, "tasks", "noise"], create: dodge },
  { name: "mixture", kind: "mixed", isUnbiased: true, isWhole: true, summary: "derivatives and ES over whole trajectories, weighted by their variances", options: whole, create: mixture },
], { ignoresCase: true });

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
  | "mixture";

/** Names of all estimators. */
export const estimatorNames: readonly EstimatorName[] = registered.names;

/** What else they are called in the papers. */
export const estimatorAliases: Readonly<Record<EstimatorAlias, EstimatorName>> = registered.aliases;

export type EstimatorAlias = "tes" | "es-single" | "es";

/** The entry of a name or alias (`tes`, `es`, `es-single`; case does not matter). */
export function estimatorEntry(name: string): EstimatorEntry {
  return registered.entry(name);
}

/**
 * An estimator by name. Options that the estimator does not know are left out, so one set of options can serve a
 * comparison; options that are undefined take the estimator's default.
 */
export function createEstimator<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  options: EstimatorOptions = {},
): GradientEstimator<Theta> {
  requireKnownOptions("createEstimator", options, [
    "sigma",
    "pairs",
    "objective",
    "isDividedByStd",
    "nanPolicy",
    "trajectories",
    "noise",
    "executor",
    "truncation",
    "resets",
    "noisePeriod",
    "tasks",
    "checkpoints",
  ]);
  const entry = estimatorEntry(name);
  const known = entry.options.flatMap((option) =>
    options[option] === undefined ? [] : [[option, options[option]]],
  );
  return entry.create(problem, Object.fromEntries(known) as EstimatorOptions);
}
