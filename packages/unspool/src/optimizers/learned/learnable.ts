/**
 * Optimizers of the field with hyperparameters to learn: the simplest learned optimizers. Rates are learned as
 * logarithms, decays as log(1 - decay), so that a step of theta changes either by a factor
 * (Metz et al., CoLLAs 2022).
 *
 *     learnableSgd:       θ = (log rate)
 *     learnableMomentum:  θ = (log rate, log(1 - momentum))
 *     learnableAdam:      θ = (log rate, log(1 - beta1), log(1 - beta2), log eps)
 */
import { type Tensor, np } from "../../array/index.ts";
import { type AdamState } from "../rules/adamMoments.ts";
import { adam } from "../rules/adam.ts";
import { decayOf, withDefaults } from "../hyperparameter.ts";
import { type MomentumState, momentum } from "../rules/momentum.ts";
import { type SgdState, sgd } from "../rules/sgd.ts";
import type { Skipping } from "../wrappers/skipOverflow.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";

export interface LearnableSgdOptions {
  /** Where learning starts. Default 0.01. */
  learningRate?: number;
}

export interface LearnableMomentumOptions extends LearnableSgdOptions {
  /** Where learning starts. Default 0.9. */
  momentum?: number;
}

export interface LearnableAdamOptions {
  /** Where learning starts. Default 0.001. */
  learningRate?: number;
  /** Where learning starts. Default 0.9. */
  beta1?: number;
  /** Where learning starts. Default 0.999. */
  beta2?: number;
  /** Where learning starts. Default 1e-8. */
  eps?: number;
}

export type SgdMeta = { logLearningRate: Tensor };
export type MomentumMeta = SgdMeta & { logOneMinusMomentum: Tensor };
export type AdamMeta = SgdMeta & { logOneMinusBeta1: Tensor; logOneMinusBeta2: Tensor; logEps: Tensor };

export const learnableSgdDefaults: Required<LearnableSgdOptions> = { learningRate: 0.01 };
export const learnableMomentumDefaults: Required<LearnableMomentumOptions> = {
  learningRate: 0.01,
  momentum: 0.9,
};
export const learnableAdamDefaults: Required<LearnableAdamOptions> = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
};

/** Gradient descent. Cost: that of `sgd`. */
export function learnableSgd(options: LearnableSgdOptions = {}): LearnedOptimizer<SgdMeta, SgdState> {
  const { learningRate } = withDefaults("learnableSgd", options, learnableSgdDefaults);
  return {
    name: "learnableSgd",
    init: () => ({ logLearningRate: log(learningRate) }),
    optimizer: (meta) => sgd({ learningRate: np.exp(meta.logLearningRate) }),
  };
}

/** Heavy ball. Cost: that of `momentum`. */
export function learnableMomentum(
  options: LearnableMomentumOptions = {},
): LearnedOptimizer<MomentumMeta, MomentumState> {
  const start = withDefaults("learnableMomentum", options, learnableMomentumDefaults);
  return {
    name: "learnableMomentum",
    init: () => ({ logLearningRate: log(start.learningRate), logOneMinusMomentum: log(1 - start.momentum) }),
    optimizer: (meta) =>
      momentum({
        learningRate: np.exp(meta.logLearningRate),
        momentum: oneMinusExp(meta.logOneMinusMomentum),
      }),
  };
}

/** Adam. Cost: that of `adam`. */
export function learnableAdam(
  options: LearnableAdamOptions = {},
): LearnedOptimizer<AdamMeta, AdamState & Skipping> {
  const start = withDefaults("learnableAdam", options, learnableAdamDefaults);
  return {
    name: "learnableAdam",
    init: () => ({
      logLearningRate: log(start.learningRate),
      logOneMinusBeta1: log(1 - start.beta1),
      logOneMinusBeta2: log(1 - start.beta2),
      logEps: log(start.eps),
    }),
    optimizer: (meta) =>
      adam({
        learningRate: np.exp(meta.logLearningRate),
        beta1: oneMinusExp(meta.logOneMinusBeta1),
        beta2: oneMinusExp(meta.logOneMinusBeta2),
        eps: np.exp(meta.logEps),
      }),
  };
}

const log = (x: number): Tensor => np.array(Math.log(x));
/** 1 - e^x. */
const oneMinusExp = (x: Tensor): Tensor => decayOf(np.exp(x));
