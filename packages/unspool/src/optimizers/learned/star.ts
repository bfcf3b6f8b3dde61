/**
 * STAR, a learned optimizer that is stable by construction: a nominal step of known good behaviour whose length the
 * network sets, and a learned step that is preconditioned at its output (Harrison, Metz & Sohl-Dickstein, NeurIPS 2022).
 *
 *     (d, a, n, r) = MLP(features as in smallFc),   q = (v + 1e-6)^(-1/2)
 *     p ← p · (1 - weightDecay · exp(expMultiplier · r))
 *           - stepMultiplier · d · exp(expMultiplier · a) · q
 *           - nominalStep · exp(expMultiplier · n) · mean over decays of momentum · q
 *
 * Each part has a switch of its own, and each of the exponents a, n and r can be averaged over its tensor, as in the
 * authors' code, where what is tried beside STAR are settings of the same rule.
 *
 * Three more options are not of that paper, and make the rule carry over to tensors and losses of other sizes:
 * `isScaleFree` divides gradients by their size, `isRelative` multiplies steps by that of the parameters, and
 * `hasTensorControl` lets a second, small network at every tensor set the lengths of both steps and the shares of the
 * momenta (`tensorControl.ts`). With stepMultiplier 0 and without `hasNominalControl` nothing of the network at every
 * parameter is computed.
 *
 * The third ingredient, weight decay on the parameters of the optimizer itself, belongs to meta-training.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import type { Skipping } from "../wrappers/skipOverflow.ts";
import { type LearnedOptimizer, networkMultiplications } from "./learnedOptimizer.ts";
import {
  type FeatureOptions,
  type ParameterMeta,
  type ParameterState,
  type ParameterStep,
  type ParameterView,
  featureDefaults,
  initMeta,
  learnedFromFeatures,
  networkSizes,
  requireFeatureOptions,
} from "./parameterFeatures.ts";
import { scaledStep } from "./smallFc.ts";
import { initTensorControl, parameterSize, tensorControl } from "./tensorControl.ts";

/** Directions of the nominal step: the gradient, the slowest momentum or the mean of all, plain or times q. */
export type NominalDirection = "sgd" | "momentum" | "aggMo" | "adam" | "adamAggMo";

/** Exponents of the network that are averaged over each tensor. */
export interface AveragedExponents {
  /** a, of the learned step. Default false. */
  magnitude?: boolean;
  /** n, of the nominal step. Default false. */
  nominal?: boolean;
  /** r, of the decay. Default false. */
  decay?: boolean;
}

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
  /** Whether the learned step is multiplied by the mean of the tensor's gradient, sign included. Default false. */
  isSelfNormalized?: boolean;
  /** Decay of the trained parameters per step. Default 0. */
  weightDecay?: number;
  /** Whether the network sets the strength of that decay. Default false. */
  hasDecayControl?: boolean;
  /** Scale of the exponents a, n and r: one number, or three. Default 0.001. */
  expMultiplier?: number | readonly [magnitude: number, nominal: number, decay: number];
  /** Whether the exponents are averaged over each tensor: all, none, or some. Default false. */
  isAggregated?: boolean | AveragedExponents;
  /** Whether steps are multiplied by the root mean square of the tensor's parameters, as in VeLO. Default false. */
  isRelative?: boolean;
  /** Whether a network at every tensor sets the lengths of both steps and the shares of momenta. Default false. */
  hasTensorControl?: boolean;
}

export const starDefaults: Required<StarOptions> = {
  ...featureDefaults,
  nominalStep: 0.001,
  nominal: "adamAggMo",
  hasNominalControl: true,
  stepMultiplier: 0.001,
  isPreconditioned: true,
  isSelfNormalized: false,
  weightDecay: 0,
  hasDecayControl: false,
  expMultiplier: 0.001,
  isAggregated: false,
  isRelative: false,
  hasTensorControl: false,
};

/**
 * With the output layer at zero it is the nominal rule, a good start: Adam with the mean of three momenta, without
 * corrections for starting at 0. Cost: as `smallFc`.
 */
export function star(options: StarOptions = {}): LearnedOptimizer<ParameterMeta, ParameterState & Skipping> {
  const rule = withDefaults("star", options, starDefaults);
  requireOptions(rule);
  const { stepMultiplier, nominalStep, weightDecay } = rule;
  const [ofMagnitude, ofNominal, ofDecay] = multipliers(rule);
  const isAveraged = averaged(rule);
  const mean = (x: Tensor, isOver: boolean): Tensor => (isOver ? x.mean() : x);
  const learnedStep = (view: ParameterView, d: Tensor, a: Tensor, length?: Tensor): Tensor => {
    const free = scaledStep(d, a, stepMultiplier, ofMagnitude);
    const scaled = rule.isPreconditioned ? free.mul(view.scale) : free;
    const learned = rule.isSelfNormalized ? scaled.mul(view.gradient.mean()) : scaled;
    return length === undefined ? learned : learned.mul(length);
  };
  return {
    name: "star",
    multiplications: networkMultiplications(networkSizes(rule, 4)),
    init: (key) => ({
      ...initMeta(key, rule, 4),
      ...(rule.hasTensorControl && { control: initTensorControl(key, rule.momentumDecays.length) }),
    }),
    optimizer(meta) {
      const stepOf = (view: ParameterView, outputs: readonly Tensor[]): ParameterStep => {
        const control = rule.hasTensorControl ? tensorControl(meta.control!, view) : undefined;
        const [d, a, n, r] = outputs as [Tensor, Tensor, Tensor, Tensor];
        const length = rule.hasNominalControl
          ? np.exp(mean(n, isAveraged.nominal).mul(ofNominal))
          : Math.exp(ofNominal);
        const plain = nominalDirection(rule.nominal, view, control?.shares).mul(nominalStep).mul(length);
        const nominal = control === undefined ? plain : plain.mul(control.nominal);
        const both =
          stepMultiplier === 0
            ? nominal
            : learnedStep(view, d, mean(a, isAveraged.magnitude), control?.learned).add(nominal);
        const step = rule.isRelative ? both.mul(parameterSize(view.parameter)) : both;
        if (weightDecay === 0) return { step };
        const strength = rule.hasDecayControl
          ? np.exp(mean(r, isAveraged.decay).mul(ofDecay))
          : np.onesLike(view.parameter);
        return { step, keep: strength.mul(weightDecay).neg().add(1) };
      };
      return learnedFromFeatures("star", rule, meta, stepOf);
    },
  };
}

function multipliers({ expMultiplier: of }: Required<StarOptions>): readonly [number, number, number] {
  return typeof of === "number" ? [of, of, of] : of;
}

function averaged({ isAggregated: which }: Required<StarOptions>): Required<AveragedExponents> {
  if (typeof which === "boolean") return { magnitude: which, nominal: which, decay: which };
  return { magnitude: false, nominal: false, decay: false, ...which };
}

function nominalDirection(
  nominal: NominalDirection,
  { gradient, momenta, scale }: ParameterView,
  shares?: readonly Tensor[],
): Tensor {
  if (nominal === "sgd") return gradient;
  if (nominal === "momentum") return momenta.at(-1)!;
  if (nominal === "adam") return momenta.at(-1)!.mul(scale);
  const mean =
    shares === undefined
      ? momenta.reduce((sum, m) => sum.add(m)).div(momenta.length)
      : momenta.map((m, k) => m.mul(shares[k]!)).reduce((sum, m) => sum.add(m));
  return nominal === "aggMo" ? mean : mean.mul(scale);
}

function requireOptions(rule: Required<StarOptions>): void {
  requireFeatureOptions("star", rule);
  requireOneOf("star", "nominal", rule.nominal, ["sgd", "momentum", "aggMo", "adam", "adamAggMo"]);
  for (const name of [
    "hasNominalControl",
    "isPreconditioned",
    "isSelfNormalized",
    "hasDecayControl",
    "isScaleFree",
    "isRelative",
    "hasTensorControl",
  ] as const)
    requireBoolean("star", name, rule[name]);
  for (const name of ["nominalStep", "stepMultiplier", "weightDecay"] as const) requireSize(name, rule[name]);
  const { isAggregated, expMultiplier } = rule;
  if (typeof isAggregated === "object" && isAggregated !== null) {
    requireKnownOptions("star: isAggregated", isAggregated, ["magnitude", "nominal", "decay"]);
    for (const [name, value] of Object.entries(isAggregated))
      requireBoolean("star", `isAggregated.${name}`, value);
  } else requireBoolean("star", "isAggregated", isAggregated);
  if (!Array.isArray(expMultiplier)) requireSize("expMultiplier", expMultiplier);
  else if (expMultiplier.length === 3) expMultiplier.forEach((x) => requireSize("expMultiplier", x));
  else throw new OptionError("star", "expMultiplier", expMultiplier, "one number, or three: for a, n and r");
  if (rule.nominalStep === 0 && rule.stepMultiplier === 0) {
    throw new OptionError("star", "nominalStep", 0, "above 0 where stepMultiplier is 0: nothing would move");
  }
}

function requireSize(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return;
  throw new OptionError("star", name, value, "a finite number of at least 0");
}
