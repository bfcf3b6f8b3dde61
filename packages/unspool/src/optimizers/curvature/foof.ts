/**
 * FOOF, gradient descent on neurons (Benzing, "Gradient Descent on Neurons and its Link to Approximate Second-order
 * Optimization", ICML 2022, equations 5 and 6, Algorithm 1). Each layer's outputs move along their negative gradient,
 * and ridge regression finds the weights that do it. For a layer with weights W [inputs, outputs] and inputs A
 * [batch, inputs]:
 *
 *     v ← momentum · v + ∇W
 *     W ← W - learningRate · (P v + weightDecay · W)
 *     every T steps:                P ← (Σ + damping · I)⁻¹
 *     in the S steps before those:  Σ ← ema · Σ + (1 - ema) · AᵀA / batch
 *
 * in this order; Σ without the bias of a start at 0. A bias is the weight of a constant input 1. Σ is a mean over
 * examples and a sum over positions (convolutions); the released code sums over the examples of dense layers, so that
 * its damping 100 and learning rate 30 at batches of 100 are 1 and 0.3 here. A layer whose Σ + damping · I cannot be
 * inverted in its dtype stands still until it can; the metric `frozenLayers` counts them.
 */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { atLeast0, atStep, positive, withDefaults } from "../hyperparameter.ts";
import { requireBoolean, requireHyperparameter } from "../hyperparameter.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { leftProduct, shapeOf } from "./diagonalMatrix.ts";
import { type RunningMean, emptyMean, inversePositive, meanOf } from "./factors.ts";
import { secondMoment, shifted, withEstimate } from "./factors.ts";
import { isInverse } from "./frozenLayers.ts";
import { type FactorPrecision, conditionNumber } from "./precision.ts";
import type { Generic } from "./layerwise.ts";
import {
  type FactorBatch,
  type LayerSample,
  type MeasuredState,
  type MeasuringOptimizer,
} from "./measuredLayers.ts";
import { measuredLayers, requireMeasured } from "./measuredLayers.ts";

export interface FoofOptions {
  /** In units of 1 / activation power: start from `damping` times a learning rate of SGD. Default 0.3. */
  learningRate?: Hyperparameter;
  /** λ, beside the mean squares of inputs. Large damping makes it SGD with learningRate / damping. Default 1. */
  damping?: Hyperparameter;
  /** Part of Σ that is kept at an estimate. Default 0.95. */
  ema?: number;
  /** "previous": factors of the batches before; "same": the batch of the gradient is in them. Default "previous". */
  factorBatch?: FactorBatch;
  /** T, steps from inversion to inversion. Default 1. */
  inversePeriod?: number;
  /** S, steps before an inversion whose batches go into Σ. Default null: all T. */
  covarianceSteps?: number | null;
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
  /** Allows damping 0, for layers with no more inputs than a batch has rows. Default false. */
  allowSingular?: boolean;
}

export type FoofLayer = {
  /** Σ, [inputs, inputs]; of an embedding its diagonal, [inputs]. */
  inputs: RunningMean;
  /** P. */
  inverse: Tensor;
  /** The condition number of Σ + λ I as it was inverted; 0 where that failed. */
  condition: Tensor;
};

export type FoofState = MeasuredState<FoofLayer>;

export const foofDefaults: Required<FoofOptions> = {
  learningRate: 0.3,
  damping: 1,
  ema: 0.95,
  factorBatch: "previous",
  inversePeriod: 1,
  covarianceSteps: null,
  momentum: 0,
  weightDecay: 0,
  precision: "auto",
  generic: "error",
  allowSingular: false,
};

/**
 * FOOF. `observe` takes batches into Σ before training (the paper: 50). Cost: one gradient; per layer
 * batch · inputs² · S / T for Σ, about inputs³ / T for its inverse, inputs² · outputs to apply it; two matrices inputs²
 * per layer.
 *
 * @example
 * const optimizer = foof({ learningRate: 0.3, damping: 1, inversePeriod: 100 });
 * const step = compiledStep(optimizer, objectiveOf);
 */
export function foof(options: FoofOptions = {}): MeasuringOptimizer<FoofState> {
  const rule = requireOptions(options);
  return measuredLayers<FoofLayer>("foof", rule, {
    empty(sample) {
      if (rule.damping === 0) requireRows(sample);
      const { inputs: size, isDiagonal } = sample.block;
      const mean = emptyMean(shapeOf(size, isDiagonal.inputs), sample.inputs.dtype);
      return { inputs: mean, inverse: mean.total, condition: tree.scalar(0, mean.total.dtype) };
    },
    observed: (layer, { block, inputs }) => ({
      ...layer,
      inputs: withEstimate(layer.inputs, secondMoment(inputs, block.isDiagonal.inputs), rule.ema),
    }),
    inverted(layer, step) {
      const factor = meanOf(layer.inputs);
      const damped = shifted(factor, atStep(rule.damping, step)(factor));
      const inverse = inversePositive(damped);
      return { ...layer, inverse, condition: conditionNumber(damped, inverse) };
    },
    inverse: "inverse",
    isSound: ({ inputs, inverse }, step) => {
      const factor = meanOf(inputs);
      return isInverse(inverse, shifted(factor, atStep(rule.damping, step)(factor)));
    },
    direction: ({ inverse }, gradient) => leftProduct(inverse, gradient),
  });
}

function requireOptions(options: FoofOptions): Required<FoofOptions> {
  const rule = withDefaults("foof", options, foofDefaults);
  requireMeasured("foof", rule);
  requireBoolean("foof", "allowSingular", rule.allowSingular);
  const range = { text: "above 0 (0 only with allowSingular)", has: positive.has };
  requireHyperparameter("foof", "damping", rule.damping, rule.allowSingular ? atLeast0 : range);
  return rule;
}

function requireRows({ block, inputs }: LayerSample): void {
  const rows = inputs.shape[0]! * inputs.shape[1]!;
  if (rows >= block.inputs) return;
  const range = `above 0 at ${block.name}, which has ${block.inputs} inputs, with batches of ${rows} rows`;
  throw new OptionError("foof", "damping", 0, range);
}
