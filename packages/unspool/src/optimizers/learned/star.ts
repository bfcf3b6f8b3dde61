/**
 * STAR, a learned optimizer that is stable by construction: a nominal step of known good behaviour whose length the
 * network sets, and a learned step that is preconditioned at its output (Harrison, Metz & Sohl-Dickstein, NeurIPS 2022).
 *
 *     (d, a, n, r) = MLP(features as in smallFc),   q = (v + 1e-6)^(-1/2)
 *     p ← p · (1 - weightDecay · exp(expMultiplier · r))
 *           - stepMultiplier · d · exp(expMultiplier · a) · q
 *           - nominalStep · exp(expMultiplier · n) · mean over decays of momentum · q
 *
 * The third ingredient, weight decay on the parameters of the optimizer itself, belongs to meta-training.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireOneOf } from "../../errors.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import type { Skipping } from "../wrappers/skipOverflow.ts";
import { type LearnedOptimizer, networkMultiplications } from "./learnedOptimizer.ts";
import {
  type FeatureOptions,
  type ParameterMeta,
  type ParameterState,
  type ParameterView,
  featureDefaults,
  initMeta,
  learnedFromFeatures,
  networkSizes,
  requireFeatureOptions,
} from "./parameterFeatures.ts";
import { scaledStep } from "./smallFc.ts";

/** Directions of the nominal step: the gradient, the slowest momentum or the mean of all, plain or times q. */
export type NominalDirection = "sgd" | "momentum" | "aggMo" | "adam" | "adamAggMo";

export interface StarOptions extends FeatureOptions {
  /** Length of the nominal step. Default 0.001. */
  nominalStep?: number;
  /** Its direction. Default "adamAggMo". */
  nominal?: NominalDirection;
  /** Whether the network sets the length of the nominal step. Default true. */
  hasNominalControl?: boolean;
  /** Scale of the learned step; 0 leaves the nominal step alone. Default 0.001. */
  stepMultiplier?: number;
  /** Whether the learned step is multiplied by q. Default true. */
  isPreconditioned?: boolean;
  /** Decay of the trained parameters per step. Default 0. */
  weightDecay?: number;
  /** Whether the network sets the strength of that decay. Default false. */
  hasDecayControl?: boolean;
  /** Scale of the exponents a, n and r. Default 0.001. */
  expMultiplier?: number;
  /** Whether the exponents are averaged over each tensor. Default false. */
  isAggregated?: boolean;
}

export const starDefaults: Required<StarOptions> = {
  ...featureDefaults,
  nominalStep: 0.001,
  nominal: "adamAggMo",
  hasNominalControl: true,
  stepMultiplier: 0.001,
  isPreconditioned: true,
  weightDecay: 0,
  hasDecayControl: false,
  expMultiplier: 0.001,
  isAggregated: false,
};

/**
 * With the output layer at zero it is the nominal rule, a good start: Adam with the mean of three momenta, without
 * corrections for starting at 0. Cost: as `smallFc`.
 */
export function star(options: StarOptions = {}): LearnedOptimizer<ParameterMeta, ParameterState & Skipping> {
  const rule = withDefaults("star", options, starDefaults);
  requireOptions(rule);
  const { expMultiplier, stepMultiplier, nominalStep, weightDecay } = rule;
  const exponent = (a: Tensor): Tensor => np.exp((rule.isAggregated ? a.mean() : a).mul(expMultiplier));
  return {
    name: "star",
    multiplications: networkMultiplications(networkSizes(rule, 4)),
    init: (key) => initMeta(key, rule, 4),
    optimizer: (meta) =>
      learnedFromFeatures("star", rule, meta, (view, outputs) => {
        const [d, a, n, r] = outputs as [Tensor, Tensor, Tensor, Tensor];
        const magnitude = rule.isAggregated ? a.mean() : a;
        const free = scaledStep(d, magnitude, stepMultiplier, expMultiplier);
        const learned = rule.isPreconditioned ? free.mul(view.scale) : free;
        const length = rule.hasNominalControl ? exponent(n) : Math.exp(expMultiplier);
        const nominal = nominalDirection(rule.nominal, view).mul(nominalStep).mul(length);
        const step = learned.add(nominal);
        if (weightDecay === 0) return { step };
        const strength = rule.hasDecayControl ? exponent(r) : np.onesLike(view.parameter);
        return { step, keep: strength.mul(weightDecay).neg().add(1) };
      }),
  };
}

function nominalDirection(nominal: NominalDirection, { gradient, momenta, scale }: ParameterView): Tensor {
  if (nominal === "sgd") return gradient;
  if (nominal === "momentum") return momenta.at(-1)!;
  if (nominal === "adam") return momenta.at(-1)!.mul(scale);
  const mean = momenta.reduce((sum, m) => sum.add(m)).div(momenta.length);
  return nominal === "aggMo" ? mean : mean.mul(scale);
}

function requireOptions(rule: Required<StarOptions>): void {
  requireFeatureOptions("star", rule);
  requireOneOf("star", "nominal", rule.nominal, ["sgd", "momentum", "aggMo", "adam", "adamAggMo"]);
  for (const name of ["hasNominalControl", "isPreconditioned", "hasDecayControl", "isAggregated"] as const) {
    requireBoolean("star", name, rule[name]);
  }
  for (const name of ["nominalStep", "stepMultiplier", "weightDecay", "expMultiplier"] as const) {
    if (!(rule[name] >= 0 && Number.isFinite(rule[name]))) {
      throw new OptionError("star", name, rule[name], "a finite number of at least 0");
    }
  }
  if (rule.nominalStep === 0 && rule.stepMultiplier === 0) {
    throw new OptionError("star", "nominalStep", 0, "above 0 where stepMultiplier is 0: nothing would move");
  }
}
