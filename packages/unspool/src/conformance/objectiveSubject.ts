/** What a user says of an optimizer of objectives, and the objectives that it is tried on. */
import { type Layers, type Tensor, np, plainLayers } from "../array/index.ts";
import {
  type Hyperparameter,
  type Likelihood,
  type Objective,
  type ObjectiveOptimizer,
  categoricalLogits,
  gaussianLikelihood,
  networkObjective,
} from "../optimizers/index.ts";
import type { Declared } from "./check.ts";

export interface ObjectiveOptimizerSubject extends Declared {
  /** Makes the optimizer; `hyperparameters` has the names of the option of that name, or nothing. */
  create(hyperparameters: Readonly<Record<string, Hyperparameter>>): ObjectiveOptimizer;
  /**
   * Hyperparameters that can be learned, with values with which the optimizer descends on a small network. Default
   * `{ learningRate: 0.05 }`.
   */
  hyperparameters?: Readonly<Record<string, number>>;
  /** Needs an objective whose network can be seen. Default false. */
  needsNetwork?: boolean;
  /** Moves theta also where the gradient is zero: weight decay, Langevin noise. Default false. */
  movesAtRest?: boolean;
  /** Backpropagation goes through its steps. Default true. */
  isDifferentiable?: boolean;
  /** Steps after which the loss of a small network must be at half its value. Default 200. */
  stepsOfDescent?: number;
}

export type CheckedObjectiveOptimizer = Required<Omit<ObjectiveOptimizerSubject, "placeOf">>;

export type FloatType = "float32" | "float64";

/** Two dense layers with a leaf that is not a number to be moved. */
export interface SmallNetwork {
  hidden: { weights: Tensor; bias: Tensor };
  index: Tensor;
  outputs: { weights: Tensor; bias: Tensor }[];
}

export interface SmallBatch {
  inputs: Tensor;
  targets: Tensor;
}

const [batch, inputs, hidden, outputs] = [6, 3, 4, 3];

/** Numbers without order, from -1 to 1. */
function values(shape: readonly number[], phase: number, dtype: FloatType): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const numbers = Array.from({ length: size }, (_, i) => Math.sin(phase + 7 * i + (i * i) / 3));
  return np.array(numbers, { shape: [...shape], dtype });
}

export function smallNetwork(dtype: FloatType): SmallNetwork {
  return {
    hidden: { weights: values([inputs, hidden], 1, dtype), bias: values([hidden], 2, dtype) },
    index: np.array([3, 1], { dtype: "int32" }),
    outputs: [{ weights: values([hidden, outputs], 3, dtype), bias: values([outputs], 4, dtype) }],
  };
}

function applySmallNetwork(theta: SmallNetwork, x: Tensor, layers: Layers = plainLayers): Tensor {
  return layers.dense(theta.outputs[0]!, np.tanh(layers.dense(theta.hidden, x)));
}

/** Six examples of three classes. */
export function labelledBatch(dtype: FloatType): SmallBatch {
  return {
    inputs: values([batch, inputs], 5, dtype),
    targets: np.array([0, 2, 1, 0, 1, 2], { dtype: "int32" }),
  };
}

/** Six examples whose targets are the outputs at `theta`, moved by `miss`: at 0 the gradient is exactly zero. */
export function shiftedBatch(theta: SmallNetwork, miss: Tensor | 0, dtype: FloatType): SmallBatch {
  const { inputs: x } = labelledBatch(dtype);
  const at = applySmallNetwork(theta, x);
  return { inputs: x, targets: miss === 0 ? at : at.add(values([batch, outputs], 6, dtype).mul(miss)) };
}

export function objectiveOf({ inputs: x, targets }: SmallBatch): Objective<SmallNetwork> {
  const likelihood: Likelihood = targets.ndim === 1 ? categoricalLogits : gaussianLikelihood;
  return networkObjective({ network: applySmallNetwork, likelihood, inputs: x, targets });
}
