/** Options of K-FAC: Martens and Grosse 2015, with section numbers of arXiv 1503.05671. */
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import { type Range, atLeast0, positive } from "../hyperparameter.ts";
import { belowOne, requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import type { Hyperparameter } from "../optimizer.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import { type FactorPrecision, factorPrecisions } from "./precision.ts";

/** Where the second moments of derivatives come from. */
export type FisherEstimate = "mc" | "full" | "cprop" | "empirical";

/** What happens to parameters that are in no layer. */
export type GenericTreatment = "error" | "diagonal" | "sgd";

export interface KfacOptions {
  /** Blocks of the approximate inverse: one per layer (4.2), or also between neighbours in a chain (4.3). Default "block". */
  structure?: "block" | "tridiagonal";
  /**
   * "none": factored damping (6.3) and inverses; "exact": damping of each block itself, by eigenbases of its factors;
   * "ekfac": the same with second moments measured in that basis (George et al. 2018). Default "none".
   */
  eigenbasis?: "none" | "exact" | "ekfac";
  /** α: "qmodel" minimises the quadratic model of the loss on the batch (6.4). A number for small batches. Default "qmodel". */
  learningRate?: "qmodel" | Hyperparameter;
  /** μ: "qmodel" minimises the model together with α (7); 0 is none. Default "qmodel". */
  momentum?: "qmodel" | Hyperparameter;
  /**
   * λ, at first if it is adapted. Its scale is that of the loss: 150 in the paper, for sums over 784 pixels; 1 is for
   * losses of a few units to a hundred. Default 1.
   */
  damping?: Hyperparameter;
  /** Adapts λ by the ratio of true to predicted decrease, the Levenberg-Marquardt rule (6.5). Default true. */
  adaptDamping?: boolean;
  /** T₁: steps between adaptations of λ. Default 5. */
  dampingInterval?: number;
  /** ω₁ per step: λ changes by this to the power T₁. Default 0.95. */
  dampingDecay?: number;
  /** λ stays at or above this. Default 1e-8. */
  minDamping?: number;
  /** λ stays at or below this. Default 100000000. */
  maxDamping?: number;
  /** Whether the predicted decrease counts the damping, as in the paper. Default true. */
  isRatioDamped?: boolean;
  /** γ, the damping of the factors, at first if it is adapted. Default null: √(λ + l2), of the moment if it is fixed. */
  gamma?: number | null;
  /** Tries γ, ω₂ γ and γ / ω₂ and keeps what the quadratic model likes best (6.6). Default true. */
  adaptGamma?: boolean;
  /** T₂: steps between adaptations of γ, a multiple of `inverseInterval`. Default 20. */
  gammaInterval?: number;
  /** T₃: steps between recomputations of inverses, which also happen at the first three steps (8). Default 20. */
  inverseInterval?: number;
  /** Largest part of the second moments that is kept: min(1 - 1/k, this) (5). Default 0.95. */
  statisticsDecay?: number;
  /**
   * Second moments of derivatives: of one sample of the model's targets per example ("mc"), of all outputs ("full"), of
   * random combinations of outputs ("cprop"), or of the data's targets ("empirical"). Default "mc".
   */
  fisher?: FisherEstimate;
  /** η: adds η/2 |θ|² to the loss. Default 0; the paper has 1e-5. */
  l2?: number;
  /** τ₁: part of the batch for second moments (8). Default 1; the paper has 1/8. */
  statisticsPart?: number;
  /** τ₂: part of the batch for the quadratic model (8). Default 1; the paper has 1/4. */
  modelPart?: number;
  /**
   * Layers that are applied at several positions of an example, or several times (Eschenhagen et al., NeurIPS 2023):
   * "expand", every position counts as an example of its own, which is exact where the loss is a sum over them; "reduce",
   * inputs are averaged and derivatives summed over positions first, which is exact where they are averaged into one output
   * and cheaper. Default "expand".
   */
  sharing?: "expand" | "reduce";
  /** How factored damping is shared by the factors: by their traces, or evenly (6.3). Default "trace". */
  pi?: "trace" | "even";
  /** ξ: part of the average of parameters that is kept (8); the average is what is evaluated. Default null: no average. */
  polyak?: number | null;
  /** c: shortens steps to α² Δᵀ F Δ ≤ c, for a number as learning rate. Default null: no limit. */
  normConstraint?: number | null;
  /**
   * Steps of conjugate gradients on the quadratic model, from 0 and with the approximate inverse as preconditioner; what they
   * reach is Δ, which α and μ then scale. 1 is K-FAC itself, many are Hessian-free optimisation. Each beyond the first costs
   * about two gradients. Default 1.
   */
  conjugateSteps?: number;
  /**
   * Applies inverses to inputs and derivatives of the examples before their product is formed, in layers in which that takes
   * fewer operations: those wider than about 3/2 of a batch's rows (4.2). The step is the same but for rounding. Not with l2,
   * whose gradient is of full rank. Default false.
   */
  lowRank?: boolean;
  /**
   * In which second moments are kept and inverted: "auto" looks at the first batch where λ is below 1e-4 at first, takes
   * float64 where float32 has too few digits for it, and refuses what float64 has too few for; in a trace it is theta's. A λ
   * that falls to there later makes layers stand still (metric `frozenLayers`): set "float64" then. Default "auto".
   */
  precision?: FactorPrecision;
  /** Undoes steps that raise the loss on the batch, and raises λ then. Default false. */
  stepRejection?: boolean;
  /** Parameters in no layer: refused, preconditioned by a diagonal of the Fisher information, or not at all. Default "error". */
  generic?: GenericTreatment;
}

export type KfacRule = Required<KfacOptions>;

export const kfacDefaults: KfacRule = {
  structure: "block",
  eigenbasis: "none",
  learningRate: "qmodel",
  momentum: "qmodel",
  damping: 1,
  adaptDamping: true,
  dampingInterval: 5,
  dampingDecay: 0.95,
  minDamping: 1e-8,
  maxDamping: 1e8,
  isRatioDamped: true,
  gamma: null,
  adaptGamma: true,
  gammaInterval: 20,
  inverseInterval: 20,
  statisticsDecay: 0.95,
  fisher: "mc",
  l2: 0,
  statisticsPart: 1,
  modelPart: 1,
  sharing: "expand",
  pi: "trace",
  polyak: null,
  normConstraint: null,
  conjugateSteps: 1,
  lowRank: false,
  precision: "auto",
  stepRejection: false,
  generic: "error",
};

const part: Range = { text: "above 0 and at most 1", has: (x) => x > 0 && x <= 1 };

/** `options` with defaults. Throws `OptionError` for what is not allowed, alone or together. */
export function kfacRule(options: KfacOptions): KfacRule {
  const rule = withDefaults("kfac", options, kfacDefaults);
  requireOneOf("kfac", "structure", rule.structure, ["block", "tridiagonal"]);
  requireOneOf("kfac", "eigenbasis", rule.eigenbasis, ["none", "exact", "ekfac"]);
  requireOneOf("kfac", "fisher", rule.fisher, ["mc", "full", "cprop", "empirical"]);
  requireOneOf("kfac", "generic", rule.generic, ["error", "diagonal", "sgd"]);
  requireOneOf("kfac", "precision", rule.precision, factorPrecisions);
  requireOneOf("kfac", "pi", rule.pi, ["trace", "even"]);
  requireOneOf("kfac", "sharing", rule.sharing, ["expand", "reduce"]);
  if (rule.learningRate !== "qmodel")
    requireHyperparameter("kfac", "learningRate", rule.learningRate, atLeast0);
  if (rule.momentum !== "qmodel") requireHyperparameter("kfac", "momentum", rule.momentum, belowOne);
  requireHyperparameter("kfac", "damping", rule.damping, positive);
  requirePositive("kfac", "minDamping", rule.minDamping);
  requireHyperparameter("kfac", "statisticsDecay", rule.statisticsDecay, belowOne);
  requireHyperparameter("kfac", "l2", rule.l2, atLeast0);
  for (const name of ["dampingDecay", "statisticsPart", "modelPart"] as const)
    requireHyperparameter("kfac", name, rule[name], part);
  for (const name of ["dampingInterval", "gammaInterval", "inverseInterval", "conjugateSteps"] as const)
    requireInteger("kfac", name, rule[name], 1);
  for (const name of ["adaptDamping", "adaptGamma", "stepRejection", "isRatioDamped", "lowRank"] as const)
    requireBoolean("kfac", name, rule[name]);
  if (rule.gamma !== null) requirePositive("kfac", "gamma", rule.gamma);
  if (rule.polyak !== null) requireHyperparameter("kfac", "polyak", rule.polyak, belowOne);
  if (rule.normConstraint !== null) requirePositive("kfac", "normConstraint", rule.normConstraint);
  requireTogether(rule);
  return rule;
}

function requireLowRank({ lowRank, l2, structure, eigenbasis, conjugateSteps }: KfacRule): void {
  if (!lowRank) return;
  const refuse = (name: string, value: unknown, allowed: string): never => {
    throw new OptionError("kfac", name, value, `${allowed} with lowRank`);
  };
  if (l2 !== 0) refuse("l2", l2, "0");
  if (structure !== "block") refuse("structure", structure, '"block"');
  if (eigenbasis !== "none") refuse("eigenbasis", eigenbasis, '"none"');
  if (conjugateSteps !== 1) refuse("conjugateSteps", conjugateSteps, "1");
}

function requireTogether(rule: KfacRule): void {
  requireLowRank(rule);
  const { gammaInterval, inverseInterval, maxDamping, minDamping, damping } = rule;
  if (usesGamma(rule) && rule.adaptGamma && gammaInterval % inverseInterval !== 0) {
    throw new OptionError(
      "kfac",
      "gammaInterval",
      gammaInterval,
      `a multiple of inverseInterval (${inverseInterval})`,
      "Each candidate for gamma needs inverses of its own.",
    );
  }
  if (typeof maxDamping !== "number" || !(maxDamping >= minDamping))
    throw new OptionError("kfac", "maxDamping", maxDamping, `a number of at least ${minDamping}`);
  if (typeof damping === "function" && rule.adaptDamping)
    throw new OptionError("kfac", "damping", damping, "a number or a tensor where adaptDamping is true");
  if (rule.structure === "tridiagonal" && rule.eigenbasis !== "none") {
    const hint = "Damping of whole blocks is for the block-diagonal structure.";
    throw new OptionError("kfac", "eigenbasis", rule.eigenbasis, '"none" with tridiagonal structure', hint);
  }
  if (rule.normConstraint !== null && rule.learningRate === "qmodel")
    throw new OptionError(
      "kfac",
      "normConstraint",
      rule.normConstraint,
      'null where learningRate is "qmodel"',
    );
}

/**
 * Which factors of a block are kept as diagonals. The mean over positions of one-hot inputs is not one-hot, and its second
 * moment not diagonal.
 */
export function diagonalsOf(
  { sharing }: Pick<KfacRule, "sharing">,
  { isDiagonal, positions }: LayerBlock,
): LayerBlock["isDiagonal"] {
  const { inputs, outputs } = isDiagonal;
  return { inputs: inputs && (sharing === "expand" || positions === 1), outputs };
}

/** Whether γ damps anything. */
export function usesGamma(rule: KfacRule): boolean {
  return rule.eigenbasis === "none";
}
