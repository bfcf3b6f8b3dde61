/**
 * Tuning the L2 coefficient of a linear regression whose training never stops:
 *
 *     w' = w - stepSize (X^T (X w - y) + e^theta w),   l = |V w' - v|² / 2
 *
 * with training data (X, y) and validation data (V, v), all of them in every step. Vicol, Metz, Sohl-Dickstein 2021
 * (released code, UCI Yacht). `ridgeLoss` has what the loop settles to in closed form.
 */
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError, ShapeError, requirePositive, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

/** Inputs [n, d] with targets [n]. */
export interface RegressionData {
  inputs: Tensor;
  targets: Tensor;
}

export interface RidgeTuningOptions {
  /** What the weights are fitted to: inputs [n, d] with targets [n]. */
  train: RegressionData;
  /** What the loss of a step is measured on. */
  validation: RegressionData;
  /** Of gradient descent on the weights. Default 0.001. */
  stepSize?: number;
  /** Default Infinity. */
  horizon?: number;
}

/** Theta: logarithm of the L2 coefficient, scalar. */
export interface RidgeTheta {
  logCoefficient: Tensor;
  // A tree.
  [name: string]: Tensor;
}

/** The state is the weights [d], which start from N(0, I). The loss is that of a step's new weights. */
export function ridgeTuning(
  options: RidgeTuningOptions,
): Problem<RidgeTheta, { weights: Tensor }, undefined> {
  requireKnownOptions("ridgeTuning", options, ["train", "validation", "stepSize", "horizon"]);
  const { train, validation, stepSize = 1e-3, horizon = Infinity } = options;
  requirePositive("ridgeTuning", "stepSize", stepSize);
  const features = requireData("train", train);
  if (requireData("validation", validation) !== features) {
    throw new OptionError("ridgeTuning", "validation.inputs", validation.inputs.shape, `[n, ${features}]`);
  }
  return defineProblem({
    name: "ridgeTuning",
    horizon,
    init: (_theta, key) => ({ weights: random.normal(key, [features]) }),
    step({ logCoefficient }: RidgeTheta, { weights }) {
      const gradient = np.matmul(residual(train, weights), train.inputs.astype(weights.dtype));
      const decay = weights.mul(np.exp(logCoefficient));
      const next = weights.sub(gradient.add(decay).mul(stepSize));
      const miss = residual(validation, next);
      return { state: { weights: next }, loss: miss.mul(miss).sum().mul(0.5) };
    },
  });
}

function residual({ inputs, targets }: RegressionData, weights: Tensor): Tensor {
  return np.matmul(inputs.astype(weights.dtype), weights).sub(targets.astype(weights.dtype));
}

function requireData(part: string, { inputs, targets }: RegressionData): number {
  if (inputs.ndim !== 2 || targets.ndim !== 1 || targets.shape[0] !== inputs.shape[0]) {
    throw new ShapeError(
      `ridgeTuning: ${part}`,
      `needs inputs [n, d] and targets [n], got [${inputs.shape.join(", ")}] and [${targets.shape.join(", ")}].`,
    );
  }
  return inputs.shape[1]!;
}

/** Ridge weights (X^T X + e^theta I)^-1 X^T y, in plain float64. */
export function ridgeWeights({ inputs, targets }: RegressionData, logCoefficient: number): Float64Array {
  const [rows, features] = inputs.shape as [number, number];
  const [x, y] = [inputs.data, targets.data];
  const system = Array.from({ length: features }, (_, i) => {
    const row = new Float64Array(features + 1);
    for (let n = 0; n < rows; n++) {
      const xi = x[n * features + i]!;
      for (let j = 0; j < features; j++) row[j]! += xi * x[n * features + j]!;
      row[features]! += xi * y[n]!;
    }
    row[i]! += Math.exp(logCoefficient);
    return row;
  });
  return solvePositive(system);
}

/** Validation loss of the ridge weights: what every step of the loop costs once it has settled at a fixed theta. */
export function ridgeLoss(
  { train, validation }: Pick<RidgeTuningOptions, "train" | "validation">,
  logCoefficient: number,
): number {
  const weights = ridgeWeights(train, logCoefficient);
  const [rows, features] = validation.inputs.shape as [number, number];
  const [x, y] = [validation.inputs.data, validation.targets.data];
  let loss = 0;
  for (let n = 0; n < rows; n++) {
    const guess = weights.reduce((sum, w, j) => sum + w * x[n * features + j]!, 0);
    loss += 0.5 * (guess - y[n]!) ** 2;
  }
  return loss;
}

/** Gauss-Jordan elimination of [A | b]; A is positive definite, so its pivots need no exchange. Overwrites. */
function solvePositive(system: Float64Array[]): Float64Array {
  const size = system.length;
  system.forEach((pivotRow, i) => {
    const pivot = pivotRow[i]!;
    for (let j = i; j <= size; j++) pivotRow[j]! /= pivot;
    system.forEach((row, k) => {
      if (k === i) return;
      const factor = row[i]!;
      for (let j = i; j <= size; j++) row[j]! -= factor * pivotRow[j]!;
    });
  });
  return Float64Array.from(system, (row) => row[size]!);
}
