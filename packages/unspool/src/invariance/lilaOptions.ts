/** Options of `lila` and their defaults: those of the paper's MNIST runs. */
import type { Key } from "../array/index.ts";
import { OptionError, requireInteger, requireRecord, requireKnownOptions, requireOneOf } from "../errors.ts";
import { type Optimizer, adam, requireOptimizer } from "../optimizers/index.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { requireData, requireEvidenceOptions } from "./evidenceInputs.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";

export interface LilaOptions<Theta> {
  /** Network, likelihood, augmentation and structure of the curvature. */
  evidence: LaplaceEvidenceOptions<Theta>;
  /** All training data; there is no validation set. */
  data: EvidenceData;
  /** Of the weights. Default `adam({ learningRate: 0.005 })`; the paper decays it to 1e-6 (`cosineDecay`). */
  mapOptimizer?: Optimizer;
  /** Of log δ and log σ. Default `adam({ learningRate: 0.05 })`. */
  priorOptimizer?: Optimizer;
  /** Of the ranges. Default `adam({ learningRate: 0.05 })`. */
  etaOptimizer?: Optimizer;
  /** Examples in a step of training. Default: all. */
  batchSize?: number;
  /** Examples at a time where the curvature is measured, which is on all of them. Default: all. */
  fitBatch?: number;
  /** Examples in a batch for the derivative by the ranges. Default: that of `fitBatch`. */
  hyperBatch?: number;
  /** Epochs before the hyperparameters move. Default 10. */
  burnIn?: number;
  /** Epochs between their steps. Default 1. */
  frequency?: number;
  /** Batches whose derivatives make one step of the ranges. Default 1. */
  hyperSteps?: number;
  /** Steps of log δ and log σ with one measurement of the curvature. Default 1. */
  priorSteps?: number;
  /** Whether what is kept and evaluated is the theta of the largest evidence, or the last. Default true. */
  keepBest?: boolean;
  /** "contract": fixed matrices times the curvature of a batch; "direct": through the decompositions. Default "contract". */
  gradient?: "contract" | "direct";
  /** Whether derivatives of part of the data are scaled to all of it. Default true; Adam does not see the difference. */
  rescale?: boolean;
  /** Which hyperparameters are learned. Default: all that there are. */
  learn?: readonly ("eta" | "logDelta" | "logSigma")[];
  /**
   * What to do when the evidence is no better than that of guessing: "report" it (metric `collapsed`), throw ("error"), or
   * "restart" with new weights. Default "report".
   */
  onCollapse?: "report" | "error" | "restart";
  /** Measurements in a row that are no better before it counts: networks start there, and some stay a while. Default 50. */
  collapsePatience?: number;
  /** New weights, for "restart". */
  restart?(key: Key): Theta;
  /** Told once of a choice that will not work well. Default: nobody is. */
  onWarning?(message: string): void;
}

export type LilaSettings<Theta> = Required<Omit<LilaOptions<Theta>, "restart" | "onWarning">> &
  Pick<LilaOptions<Theta>, "restart" | "onWarning">;

const where = "lila";

export function lilaSettings<Theta>(options: LilaOptions<Theta>): LilaSettings<Theta> {
  requireRecord(where, options, ["evidence", "data"]);
  requireKnownOptions(where, options, [
    ...(["evidence", "data", "mapOptimizer", "priorOptimizer", "etaOptimizer"] as const),
    ...(["batchSize", "fitBatch", "hyperBatch", "burnIn", "frequency", "hyperSteps", "priorSteps"] as const),
    ...([
      "keepBest",
      "gradient",
      "rescale",
      "learn",
      "onCollapse",
      "collapsePatience",
      "restart",
      "onWarning",
    ] as const),
  ]);
  requireData(where, options.data);
  requireEvidenceOptions(where, options.evidence);
  const examples = options.data.inputs.shape[0]!;
  const fitBatch = options.fitBatch ?? examples;
  const settings: LilaSettings<Theta> = {
    mapOptimizer: adam({ learningRate: 0.005 }),
    priorOptimizer: adam({ learningRate: 0.05 }),
    etaOptimizer: adam({ learningRate: 0.05 }),
    batchSize: examples,
    hyperBatch: fitBatch,
    burnIn: 10,
    frequency: 1,
    hyperSteps: 1,
    priorSteps: 1,
    keepBest: true,
    gradient: "contract",
    rescale: true,
    learn: ["eta", "logDelta", "logSigma"],
    onCollapse: "report",
    collapsePatience: 50,
    ...options,
    fitBatch,
  };
  for (const name of [
    "batchSize",
    "fitBatch",
    "hyperBatch",
    "frequency",
    "hyperSteps",
    "collapsePatience",
  ] as const) {
    requireInteger(where, name, settings[name], 1);
  }
  for (const name of ["mapOptimizer", "priorOptimizer", "etaOptimizer"] as const)
    requireOptimizer(where, settings[name], name);
  requireInteger(where, "burnIn", settings.burnIn, 0);
  requireInteger(where, "priorSteps", settings.priorSteps, 0);
  requireOneOf(where, "gradient", settings.gradient, ["contract", "direct"]);
  requireOneOf(where, "onCollapse", settings.onCollapse, ["report", "error", "restart"]);
  for (const name of settings.learn) requireOneOf(where, "learn", name, ["eta", "logDelta", "logSigma"]);
  requireLearnable(options);
  if (settings.onCollapse === "restart" && settings.restart === undefined) {
    throw new OptionError(where, "restart", undefined, "a function from a key to new weights");
  }
  if (settings.onCollapse !== "restart" && settings.restart !== undefined) {
    const hint = 'Nothing would start again: add onCollapse: "restart".';
    throw new OptionError(
      where,
      "restart",
      settings.restart,
      `absent with onCollapse "${settings.onCollapse}"`,
      hint,
    );
  }
  return settings;
}

/** Throws `OptionError` for hyperparameters that are to be learned, by name, and that there are none of. */
function requireLearnable<Theta>({ learn, evidence }: LilaOptions<Theta>): void {
  const { likelihood, augmentation } = evidence;
  if (learn?.includes("logSigma") && likelihood.name !== "gaussian") {
    const hint = "Only Gaussian noise has a deviation.";
    throw new OptionError(
      where,
      "learn",
      learn,
      `without "logSigma" for the likelihood ${likelihood.name}`,
      hint,
    );
  }
  if (learn?.includes("eta") && !augmentation?.parameters.length) {
    const given = augmentation === undefined ? "without evidence.augmentation" : `for ${augmentation.name}`;
    throw new OptionError(where, "learn", learn, `without "eta" ${given}`, "There are no ranges to learn.");
  }
}
