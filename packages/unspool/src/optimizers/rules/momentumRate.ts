/**
 * Convergence rate of heavy ball, and of Lookahead around it, on a quadratic (Zhang et al. 2019, section 3.2).
 *
 *     M = [[1 - γh, -γβ], [h, β]] on (θ, v) with v ← βv + hθ, θ ← θ - γv        (h: eigenvalue of the Hessian)
 *     T: row 1 = (1 - alpha)(1, 0) + alpha (M^k)_1;   row 2 = keep (M^k)_2 | pull alpha (M^k)_2 + (1 - alpha)(0, 1) | reset 0
 *     rate = ρ(T)^{1/k}
 *
 * Plain float64 numbers, no tensors.
 */
import {
  OptionError,
  requireInteger,
  requireOneOf,
  requirePositive,
  requireKnownOptions,
} from "../../errors.ts";
import type { InnerStateAtSync } from "../wrappers/lookaheadInnerState.ts";

export interface MomentumRateOptions {
  /** Eigenvalue of the Hessian, above 0. */
  eigenvalue: number;
  learningRate: number;
  /** Heavy ball's momentum, in [0, 1). Default 0.9. */
  momentum?: number;
  /** Inner steps per window. Default 1. */
  k?: number;
  /** Step size of the slow weights. Default 1: heavy ball alone. */
  alpha?: number;
  /** Default "keep". */
  innerState?: InnerStateAtSync;
}

type Matrix = readonly [number, number, number, number];

/** The factor by which the distance to the minimum shrinks per inner step, in the long run. Above 1 it grows. */
export function momentumRate(options: MomentumRateOptions): number {
  requireKnownOptions("momentumRate", options, [
    "eigenvalue",
    "learningRate",
    "momentum",
    "k",
    "alpha",
    "innerState",
  ]);
  const { eigenvalue, learningRate, momentum = 0.9, k = 1, alpha = 1, innerState = "keep" } = options;
  requireRates(eigenvalue, learningRate, momentum);
  requireInteger("momentumRate", "k", k, 1);
  requirePositive("momentumRate", "alpha", alpha);
  requireOneOf("momentumRate", "innerState", innerState, ["keep", "reset", "pull"]);
  const step: Matrix = [1 - learningRate * eigenvalue, -learningRate * momentum, eigenvalue, momentum];
  const [p, q, r, s] = Array.from({ length: k }).reduce<Matrix>(
    (power) => product(step, power),
    [1, 0, 0, 1],
  );
  const position = [1 - alpha + alpha * p, alpha * q] as const;
  const velocity = {
    keep: [r, s] as const,
    pull: [alpha * r, alpha * s + 1 - alpha] as const,
    reset: [0, 0] as const,
  }[innerState];
  return spectralRadius([...position, ...velocity]) ** (1 / k);
}

/** Whether heavy ball oscillates: (1 + β - γh)² < 4β. */
export function isUnderdamped(options: MomentumRateOptions): boolean {
  requireKnownOptions("isUnderdamped", options, [
    "eigenvalue",
    "learningRate",
    "momentum",
    "k",
    "alpha",
    "innerState",
  ]);
  const { eigenvalue, learningRate, momentum = 0.9 } = options;
  requireRates(eigenvalue, learningRate, momentum);
  return (1 + momentum - learningRate * eigenvalue) ** 2 < 4 * momentum;
}

function requireRates(eigenvalue: number, learningRate: number, momentum: number): void {
  requirePositive("momentumRate", "eigenvalue", eigenvalue);
  requirePositive("momentumRate", "learningRate", learningRate);
  if (!(momentum >= 0 && momentum < 1)) {
    throw new OptionError("momentumRate", "momentum", momentum, "a number of at least 0 and below 1");
  }
}

function product([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

/** The largest absolute eigenvalue: of a complex pair, the root of the determinant. */
function spectralRadius([a, b, c, d]: Matrix): number {
  const half = (a + d) / 2;
  const determinant = a * d - b * c;
  const discriminant = half * half - determinant;
  return discriminant < 0 ? Math.sqrt(determinant) : Math.abs(half) + Math.sqrt(discriminant);
}
