/**
 * K-FAC in the form whose parts Benzing (ICML 2022, section 2, equation 2) takes away one by one, after Martens and
 * Grosse (ICML 2015): Kronecker factors of the Fisher information of every layer, a constant learning rate and damping.
 * For a layer with weights W [inputs, outputs], inputs A, and derivatives E at the pre-activations for targets that the
 * model draws:
 *
 *     v ← momentum · v + ∇W
 *     W ← W - learningRate · ((Σ_A + λ_A I)⁻¹ v (Σ_E + λ_E I)⁻¹ + weightDecay · W)
 *     π² = (tr Σ_A / inputs) / (tr Σ_E / outputs);   λ_A = π √damping;   λ_E = √damping / π
 *     Σ_A ← ema · Σ_A + (1 - ema) · AᵀA / batch;   Σ_E ← ema · Σ_E + (1 - ema) · EᵀE / batch
 *
 * A layer whose factors cannot be inverted stands still until they can (metric `frozenLayers`); other metrics are those
 * of the inverses that the step used. Inverses are recomputed every T steps, from factors of the steps before, in the order of `foof`. The whole method,
 * with adaptive damping, step size and momentum, is `kfac`.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireOneOf } from "../../errors.ts";
import { atStep, positive, requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import type { Hyperparameter } from "../optimizer.ts";
import type { DampedFactors, DampingMode, DampingShare, Factors, MatchNorm } from "./dampedFactors.ts";
import { dampedDirection, dampedFactors, dampingShare } from "./dampedFactors.ts";
import { shapeOf } from "./diagonalMatrix.ts";
import { type RunningMean, emptyMean, meanOf, secondMoment } from "./factors.ts";
import { shifted, withEstimate } from "./factors.ts";
import { type FisherKind, fisherErrors, fisherKinds } from "./fisherErrors.ts";
import { isInverse } from "./frozenLayers.ts";
import { type FactorPrecision, conditionNumber } from "./precision.ts";
import type { Generic } from "./layerwise.ts";
import { type FactorBatch, type MeasuredState, type MeasuringOptimizer } from "./measuredLayers.ts";
import { measuredLayers, requireMeasured } from "./measuredLayers.ts";

export interface KfacSimpleOptions {
  /** Default 0.3. */
  learningRate?: Hyperparameter;
  /** λ. Default 0.1. */
  damping?: Hyperparameter;
  /** "heuristic": a part of √λ on each factor; "standard": λ on their product. Default "heuristic". */
  dampingMode?: DampingMode;
  /** Targets of E: drawn from the model, all of them, or those of the data. Default "mc". */
  fisher?: FisherKind;
  /** Part of the factors that is kept at an estimate; 0 keeps the last batch alone. Default 0.95. */
  ema?: number;
  /** "previous": factors of the batches before; "same": the batch of the gradient is in them. Default "same". */
  factorBatch?: FactorBatch;
  /** T, steps from inversion to inversion. Default 1. */
  inversePeriod?: number;
  /** S, steps before an inversion whose batches go into the factors. Default null: all. */
  covarianceSteps?: number | null;
  /** Heuristic damping without Σ_E: FOOF with the λ_A of K-FAC. Default false. */
  dropE?: boolean;
  /** Length of the direction with `dropE`: divided by λ_E, or per layer that of K-FAC's. Default "lambdaE". */
  matchNorm?: MatchNorm;
  /** Heavy ball on the gradient, which is preconditioned afterwards. Default 0. */
  momentum?: Hyperparameter;
  /** Decoupled: part of the weights that is taken off per unit of learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /**
   * In which factors are kept and inverted: "auto" looks at the first batch and takes float64 where float32 has too few digits
   * for the damping, and refuses what float64 has too few for; in a trace it is theta's. Default "auto".
   */
  precision?: FactorPrecision;
  /** Parameters outside of layers: "error", or "sgd" for their plain gradient. Default "error". */
  generic?: Generic;
}

export type KfacSimpleLayer = {
  /** Σ_A. */
  inputs: RunningMean;
  /** Σ_E. */
  outputs: RunningMean;
  damped: DampedFactors;
  /** π, λ_A and λ_E of `damped`. */
  share: DampingShare;
  /**
   * The larger condition number of the two damped factors, with standard damping that of their damped product; 0 where they
   * could not be inverted.
   */
  condition: Tensor;
};

export type KfacSimpleState = MeasuredState<KfacSimpleLayer>;

export const kfacSimpleDefaults: Required<KfacSimpleOptions> = {
  learningRate: 0.3,
  damping: 0.1,
  dampingMode: "heuristic",
  fisher: "mc",
  ema: 0.95,
  factorBatch: "same",
  inversePeriod: 1,
  covarianceSteps: null,
  dropE: false,
  matchNorm: "lambdaE",
  momentum: 0,
  weightDecay: 0,
  precision: "auto",
  generic: "error",
};

/**
 * K-FAC with its parts as switches. Cost: one gradient and one more reverse pass ("full": one per output of the
 * network); per layer that of `foof` for both factors; with standard damping two eigendecompositions per T steps in
 * place of inverses, about 50 times as slow.
 *
 * @example
 * const subsampled = kfacSimple({ learningRate: 0.03, damping: 0.01, ema: 0 });
 */
export function kfacSimple(options: KfacSimpleOptions = {}): MeasuringOptimizer<KfacSimpleState> {
  const rule = requireOptions(options);
  const means = ({ inputs, outputs }: KfacSimpleLayer) => ({
    inputs: meanOf(inputs),
    outputs: meanOf(outputs),
  });
  return measuredLayers<KfacSimpleLayer>("kfacSimple", rule, {
    empty({ block, inputs }) {
      const empty = (side: "inputs" | "outputs") =>
        emptyMean(shapeOf(block[side], block.isDiagonal[side]), inputs.dtype);
      const [a, e] = [empty("inputs"), empty("outputs")];
      const zero = tree.scalar(0, a.total.dtype);
      const share = { pi: zero, inputs: zero, outputs: zero };
      return { inputs: a, outputs: e, damped: { inputs: a.total, outputs: e.total }, share, condition: zero };
    },
    observed: (layer, { block: { isDiagonal }, inputs, errors }) => ({
      ...layer,
      inputs: withEstimate(layer.inputs, secondMoment(inputs, isDiagonal.inputs), rule.ema),
      outputs: withEstimate(
        layer.outputs,
        tree.total(errors.map((draw) => secondMoment(draw, isDiagonal.outputs))),
        rule.ema,
      ),
    }),
    inverted(layer, step, { form }) {
      const factors = means(layer);
      const damping = atStep(rule.damping, step)(factors.inputs);
      const damped = dampedFactors(factors, damping, rule, form);
      const share = dampingShare(factors, damping, form);
      return { ...layer, damped, share, condition: conditionOf(factors, damped, share) };
    },
    direction: ({ damped }, gradient) => dampedDirection(damped, gradient, rule),
    errors: (network, taps, key) => fisherErrors(rule.fisher, network, taps, key),
    inverse: "damped",
    isSound({ inputs, outputs, damped, share }) {
      if ("damping" in damped) return tree.scalar(1, "bool");
      const isSound = isInverse(damped.inputs, shifted(meanOf(inputs), share.inputs));
      if (rule.dropE && rule.matchNorm === "lambdaE") return isSound;
      const other = isInverse(damped.outputs, shifted(meanOf(outputs), share.outputs));
      return np.logicalAnd(isSound, other) as Tensor;
    },
    metrics(layers) {
      const mean = (name: keyof DampingShare) =>
        tree.total(layers.map(({ share }) => share[name])).div(layers.length);
      return { pi: mean("pi"), inputDamping: mean("inputs"), outputDamping: mean("outputs") };
    },
  });
}

/** Of what is inverted: of the damped factors the larger one, of their damped product its own. */
function conditionOf(factors: Factors, damped: DampedFactors, share: DampingShare): Tensor {
  if ("damping" in damped) {
    const { inputBasis, outputBasis, damping } = damped;
    const ends = [inputBasis, outputBasis].map(({ values }) => ({ most: values.max(), least: values.min() }));
    const at = (end: "most" | "least"): Tensor => ends[0]![end].mul(ends[1]![end]).add(damping) as Tensor;
    return at("most").div(at("least"));
  }
  const [own, other] = (["inputs", "outputs"] as const).map((side) =>
    conditionNumber(shifted(factors[side], share[side]), damped[side]),
  );
  return np.maximum(own!, other!) as Tensor;
}

function requireOptions(options: KfacSimpleOptions): Required<KfacSimpleOptions> {
  const rule = withDefaults("kfacSimple", options, kfacSimpleDefaults);
  requireMeasured("kfacSimple", rule);
  requireHyperparameter("kfacSimple", "damping", rule.damping, positive);
  requireOneOf("kfacSimple", "dampingMode", rule.dampingMode, ["heuristic", "standard"]);
  requireOneOf("kfacSimple", "fisher", rule.fisher, fisherKinds);
  requireOneOf("kfacSimple", "matchNorm", rule.matchNorm, ["lambdaE", "kfac"]);
  requireBoolean("kfacSimple", "dropE", rule.dropE);
  if (!rule.dropE || rule.dampingMode === "heuristic") return rule;
  throw new OptionError("kfacSimple", "dampingMode", rule.dampingMode, '"heuristic" with dropE');
}
