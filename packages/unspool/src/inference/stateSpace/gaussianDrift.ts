/**
 * A random walk with drift, of which one number is seen at its end (Lawson et al., NeurIPS 2022, section 5.1):
 *
 *     x_0 ~ N(alpha, variance),   x_t ~ N(x_{t-1} + alpha, variance),   y ~ N(x_{T-1} + alpha, variance)
 *
 * All that particle methods approximate is known of it: the evidence, the best proposal and the best twist.
 */
import { type Tensor, np } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

/** The drift, float [1]. */
export type GaussianDriftTheta = { alpha: Tensor };

export interface GaussianDriftOptions {
  /** Of each step and of the observation. Default 1. */
  variance?: number;
  /** Where learning starts. Default 0. */
  alpha?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** The model. Its series have `observed` false but for the last step: `driftSeries` makes them. */
export function gaussianDrift(options: GaussianDriftOptions = {}): StateSpaceModel<GaussianDriftTheta> {
  requireKnownOptions("gaussianDrift", options, ["variance", "alpha", "dtype"]);
  const { variance = 1, alpha = 0, dtype = "float32" } = options;
  requirePositive("gaussianDrift", "variance", variance);
  const sd = Math.sqrt(variance);
  return {
    name: "gaussianDrift",
    stateSize: 1,
    observationSize: 1,
    init: () => ({ alpha: np.array([alpha], { dtype }) }),
    initial: (theta) => diagonalNormal({ mean: theta.alpha, sd }),
    transition: (theta, x) => diagonalNormal({ mean: x.add(theta.alpha), sd }),
    emission: (theta, x) => diagonalNormal({ mean: x.add(theta.alpha), sd }),
  };
}

/** Series of `steps` steps whose last one is observed: y [T, 1] for one number, y [N, T, 1] for N. */
export function driftSeries(
  y: number | readonly number[],
  steps: number,
  dtype: "float32" | "float64" = "float32",
): { y: Tensor; observed: Tensor } {
  requireInteger("driftSeries", "steps", steps, 1);
  const values = typeof y === "number" ? [y] : y;
  const row = (last: number): number[] =>
    Array.from({ length: steps }, (_, t) => (t === steps - 1 ? last : 0));
  const shape = typeof y === "number" ? [steps] : [values.length, steps];
  return {
    y: np.array(values.flatMap(row), { dtype }).reshape([...shape, 1]),
    observed: np
      .array(
        values.flatMap(() => row(1)),
        { dtype: "bool" },
      )
      .reshape(shape),
  };
}

/** What is known in closed form, for a drift and a number of steps (Lawson et al., appendix). */
export interface DriftSolution {
  /** log N(y; alpha (T + 1), variance (T + 1)). */
  logEvidence(y: number): number;
  /** q_t = N(parentWeight x_{t-1} + targetWeight y, variance), by step. */
  proposal: { parentWeight: number[]; targetWeight: number[]; variance: number[] };
  /** r_t(x) = N(y; x + shift, variance), for t = 0 … T-2. */
  twist: { shift: number[]; variance: number[] };
}

/** Evidence, best proposal and best twist. */
export function driftSolution(alpha: number, steps: number, variance = 1): DriftSolution {
  requireInteger("driftSolution", "steps", steps, 1);
  requirePositive("driftSolution", "variance", variance);
  const each = <T>(count: number, of: (left: number) => T): T[] =>
    Array.from({ length: count }, (_, t) => of(steps - t));
  const total = variance * (steps + 1);
  return {
    logEvidence: (y) => -0.5 * (Math.log(2 * Math.PI * total) + (y - alpha * (steps + 1)) ** 2 / total),
    proposal: {
      parentWeight: each(steps, (left) => left / (left + 1)),
      targetWeight: each(steps, (left) => 1 / (left + 1)),
      variance: each(steps, (left) => (variance * left) / (left + 1)),
    },
    twist: {
      shift: each(steps - 1, (left) => alpha * left),
      variance: each(steps - 1, (left) => variance * left),
    },
  };
}
