/** The switches of a meta-gradient: which choice causes bias, which costs variance. Checked at construction. */
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { type HessianMethod, hessianMethods } from "./hessianWeights.ts";
import type { ErasedTask } from "../environments/learningTask.ts";
import type { BaselineContext } from "./lifetimeProgram.ts";
import type { Tensor } from "../../array/index.ts";

/** A baseline of one's own: scalar, [H] or [B, H]; held constant. */
export type BaselineFunction = (context: BaselineContext) => Tensor;

export interface SamplingCorrection {
  /** Log-probabilities of earlier batches summed (default), or averaged over each batch. */
  form?: "sum" | "mean";
  /**
   * lambda: 0 for none, 1 in the sum form or B in the mean form for all of it. Default: all of it. (E-MAML's term in
   * the code of ProMP is the mean form with 1.)
   */
  coefficient?: number;
}

export interface WindowOfLifetime {
  /** Updates that are differentiated, M. A window of M has M - 1 updates whose effect is seen. */
  length: number;
  /**
   * "uniform" (default): each lifetime runs whole and has its own window. "contiguous": an estimate is the next M
   * updates of lifetimes that go on.
   */
  start?: "uniform" | "contiguous";
}

/** The choices that make an estimate biased or noisy. */
export interface MetaGradientSwitches {
  /** What stands for the derivative of the sampled update: see `hessianWeights`. Default "sampled". */
  hessian?: HessianMethod;
  /** Of dependencies, for "loadedDice". Default 1. */
  decay?: number;
  samplingCorrection?: SamplingCorrection;
  /** Discount of the correction per update, m. Default 1. */
  metaDiscount?: number;
  /** Default null: whole lifetimes. */
  truncation?: WindowOfLifetime | null;
  /** The mean over updates of their returns (default), or the last update's return. */
  objective?: "mean" | "last";
  /**
   * Subtracted from returns: "none" (default), a number, "constant" (the mean return of the estimate before),
   * "leaveOneOut" (at each update the mean over the other lifetimes; the lifetimes run twice), or a function.
   */
  baseline?: "none" | "constant" | "leaveOneOut" | number | BaselineFunction;
}

/** Checked switches with their defaults, and what is to be said of them. */
export interface CheckedSwitches {
  hessian: HessianMethod;
  decay: number;
  form: "sum" | "mean";
  coefficient: number;
  metaDiscount: number;
  window: number;
  start: "whole" | "uniform" | "contiguous";
  objective: "mean" | "last";
  baseline: "none" | "constant" | "leaveOneOut" | number | BaselineFunction;
  warnings: readonly string[];
}

export function checkedSwitches(
  where: string,
  task: ErasedTask,
  given: MetaGradientSwitches,
): CheckedSwitches {
  const { hessian = "sampled", decay = 1, samplingCorrection = {}, metaDiscount = 1 } = given;
  const { truncation = null, objective = "mean", baseline = "none" } = given;
  const { form = "sum" } = samplingCorrection;
  const all = form === "sum" ? 1 : task.batch;
  const { coefficient = all } = samplingCorrection;
  requireOneOf(where, "hessian", hessian, hessianMethods);
  requireOneOf(where, "samplingCorrection.form", form, ["sum", "mean"]);
  requireOneOf(where, "objective", objective, ["mean", "last"]);
  if (typeof baseline === "string")
    requireOneOf(where, "baseline", baseline, ["none", "constant", "leaveOneOut"]);
  requireFraction(where, "decay", decay);
  requireFraction(where, "metaDiscount", metaDiscount);
  if (!(coefficient >= 0 && Number.isFinite(coefficient))) {
    throw new OptionError(
      where,
      "samplingCorrection.coefficient",
      coefficient,
      "a finite number of at least 0",
    );
  }
  const place = windowOf(where, task, truncation);
  if (objective === "last" && place.start !== "whole") {
    throw new OptionError(where, "truncation", truncation, 'null where objective is "last"');
  }
  const checked = { hessian, decay, form, coefficient, metaDiscount, ...place, objective, baseline };
  return { ...checked, warnings: warningsOf(checked, all) };
}

function windowOf(where: string, task: ErasedTask, truncation: WindowOfLifetime | null) {
  if (truncation === null) return { window: task.updates, start: "whole" } as const;
  const { length, start = "uniform" } = truncation;
  requireInteger(where, "truncation.length", length, 1);
  requireOneOf(where, "truncation.start", start, ["uniform", "contiguous"]);
  if (length > task.updates) {
    throw new OptionError(
      where,
      "truncation.length",
      length,
      `at most the lifetime of ${task.updates} updates`,
    );
  }
  if (start === "contiguous" && task.updates % length !== 0) {
    throw new OptionError(where, "truncation.length", length, `a divisor of the lifetime ${task.updates}`);
  }
  return { window: length, start } as const;
}

function warningsOf(switches: Omit<CheckedSwitches, "warnings">, all: number): string[] {
  const { hessian, form, coefficient, metaDiscount, window, start, baseline } = switches;
  const isCorrected = coefficient > 0 && metaDiscount > 0;
  const isEstimate = hessian === "dice" || hessian === "loadedDice" || hessian === "lvc";
  const warnings: string[] = [];
  if (coefficient > all) {
    warnings.push(
      `samplingCorrection.coefficient ${coefficient} is above ${all}, which is all of it (form "${form}").`,
    );
  }
  if (isEstimate && isCorrected) {
    warnings.push(
      `hessian "${hessian}" with a sampling correction counts part of the effect of sampling twice: biased.`,
    );
  }
  if (start !== "whole" && window === 1) {
    warnings.push("A window of 1 update sees no update's effect: the gradient of a step size is exactly 0.");
  }
  if (typeof baseline === "function" && isCorrected) {
    warnings.push(
      "A baseline that depends on the agent's own past data makes the sampling correction biased.",
    );
  }
  return warnings;
}

function requireFraction(where: string, option: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new OptionError(where, option, value, "a number from 0 to 1");
}
