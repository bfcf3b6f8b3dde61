/**
 * What importance weights say, each with its standard error by the delta method: with m₁ = mean w and m₂ = mean w²
 *
 *     effective share  m₁² / m₂,      log Ẑ = log m₁,      E f ≈ Σ w f / Σ w
 *
 * Weights of points of a flow say nothing of modes that the flow has never seen: read them beside forward measures.
 */
import type { Tensor } from "../../../array/index.ts";
import { NonFiniteError, ShapeError } from "../../../errors.ts";
import type { Measured } from "./measured.ts";
import { meanOf } from "./measured.ts";

export interface WeightSummary {
  /** Effective sample size over the number of samples, from 1 / n to 1. */
  effectiveShare: Measured;
  /** log of the mean weight. */
  logZ: Measured;
  /** The largest share of all weight that one point has. */
  largestShare: number;
  /** Points of weight 0. */
  dead: number;
}

/** What log weights [n] say. A weight may be 0 (log w = -Infinity); one that is not a number is an error. */
export function summariseWeights(logW: Tensor | readonly number[]): WeightSummary {
  const { weights, top } = scaled("summariseWeights", logW);
  const n = weights.length;
  const m1 = meanOf(weights);
  const m2 = weights.reduce((sum, w) => sum + w * w, 0) / n;
  const share = m1.value ** 2 / m2;
  // The derivative of m₁² / m₂ along each point.
  const influence = weights.map((w) => (share * 2 * w) / m1.value - (share * w * w) / m2);
  return {
    effectiveShare: { value: share, error: meanOf(influence).error },
    logZ: { value: top + Math.log(m1.value), error: m1.error / m1.value },
    largestShare: Math.max(...weights.map((w) => w / (m1.value * n))),
    dead: weights.filter((w) => w === 0).length,
  };
}

/**
 * E_p f by points with weights p / q: Σ w f / Σ w. `given` are the values of f, a tensor [n] or numbers. Throws `ShapeError`
 * unless they are as many as the weights, one each.
 */
export function weightedMean(given: Tensor | readonly number[], logW: Tensor | readonly number[]): Measured {
  const { weights } = scaled("weightedMean", logW);
  if ("data" in given && given.ndim !== 1) {
    const hint = "Take one column: x.slice([], 0).";
    throw new ShapeError(
      "weightedMean",
      `values must be [${weights.length}], got ${given.toString()}. ${hint}`,
    );
  }
  const values = "data" in given ? Array.from(given.data, Number) : given;
  if (values.length !== weights.length)
    throw new ShapeError(
      "weightedMean",
      `values must be as many as weights, ${weights.length}, got ${values.length}.`,
    );
  const total = weights.reduce((a, b) => a + b, 0);
  const value = weights.reduce((sum, w, i) => sum + (w === 0 ? 0 : w * values[i]!), 0) / total;
  const squares = weights.reduce((sum, w, i) => sum + (w === 0 ? 0 : (w * (values[i]! - value)) ** 2), 0);
  return { value, error: Math.sqrt(squares) / total };
}

/** Weights over the largest, and the logarithm of that. */
function scaled(where: string, logW: Tensor | readonly number[]): { weights: number[]; top: number } {
  const logs = "data" in logW ? Array.from(logW.data, Number) : [...logW];
  const wrong = logs.findIndex((log) => Number.isNaN(log) || log === Infinity);
  if (wrong >= 0) {
    const hint = "A target or a flow that overflows there makes every mean worthless.";
    throw new NonFiniteError(where, `log w of point ${wrong} is ${logs[wrong]}. ${hint}`, { point: wrong });
  }
  const top = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  if (top === -Infinity)
    throw new NonFiniteError(
      where,
      "all weights are 0, so that they have no mean. Draw more points, or from a wider flow.",
    );
  return { weights: logs.map((log) => Math.exp(log - top)), top };
}
