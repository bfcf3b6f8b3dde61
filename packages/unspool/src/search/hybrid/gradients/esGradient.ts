/**
 * What gradients by evolution strategies have in common: losses at points theta ± sigma g along directions g, from which a
 * gradient of the loss is estimated. Plain numbers, float64.
 */
import type { RandomStream, Tree } from "../../../array/index.ts";

/** Losses around one theta. */
export interface Evaluations {
  /** n directions g of d numbers, row by row, without sigma. */
  directions: Float64Array;
  /** d. */
  size: number;
  sigma: number;
  /** Loss at theta + sigma g, [n]. */
  plus: Float64Array;
  /** Loss at theta - sigma g, [n]; empty for estimators that are not paired. */
  minus: Float64Array;
  /** Mean of the losses at theta itself, where it was measured. */
  current?: number | undefined;
}

export interface EsGradientOptions {
  /**
   * How many directions count, those that say most: the largest |difference| of a pair ("antithetic", "asebo"), the least
   * loss ("forward"), or as `sortBy` says ("ars"). Default null: all.
   */
  topK?: number | null;
  /** Of "ars": directions with the best member ("max", the paper's), or with the largest difference ("diff"). Default "max". */
  sortBy?: "max" | "diff";
  /**
   * What "ars" divides by: the standard deviation of the losses, the paper's, or of the differences of pairs, which losses
   * of different choices do not widen. Default "losses".
   */
  scaleBy?: "losses" | "differences";
  /** Whether losses are centred and divided by their standard deviation; "ars" has its own. Default true. */
  normalizeValues?: boolean;
  /** Of "ridge" and "lasso": weight of the penalty. Default 0.01. */
  regularizer?: number;
  /** Of "asebo": steps along directions drawn everywhere, ahead of the first subspace. Default 70. */
  warmUp?: number;
}

export interface EsGradientStep {
  /** Of the loss, [d]. */
  gradient: Float64Array;
  state: Tree;
  metrics?: Record<string, number>;
}

/** An estimator of gradients from losses. Its state is a tree of tensors. */
export interface EsGradient {
  init(size: number): Tree;
  /** Directions of its own, row by row; absent where an ensemble draws them. `count` are asked for. */
  directions?(state: Tree, random: RandomStream, count: number, size: number): Float64Array;
  estimate(state: Tree, evaluations: Evaluations): EsGradientStep;
}

/** An estimator without a state. */
export const stateless = (gradient: (evaluations: Evaluations) => Float64Array): EsGradient => ({
  init: () => ({}),
  estimate: (state, evaluations) => ({ gradient: gradient(evaluations), state }),
});

/** Σ w_i g_i over rows. */
export function weightedSum(weights: Float64Array, rows: Float64Array, size: number): Float64Array {
  const sum = new Float64Array(size);
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    if (w === 0) continue;
    for (let j = 0; j < size; j++) sum[j]! += w * rows[i * size + j]!;
  }
  return sum;
}

/** Population standard deviation. */
export function deviation(values: readonly number[] | Float64Array): number {
  let [mean, squares] = [0, 0];
  for (const x of values) mean += x / values.length;
  for (const x of values) squares += (x - mean) ** 2 / values.length;
  return Math.sqrt(squares);
}

/** Indices of the `count` largest of some numbers; of equal ones the first. */
export function largest(values: Float64Array, count: number): number[] {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
  return order.slice(0, count);
}

/**
 * Losses less their mean, over their standard deviation, both of all of them and the current one. Losses without spread
 * say nothing: zeros.
 */
export function normalised({ plus, minus, current, ...rest }: Evaluations): Evaluations {
  const all = [...plus, ...minus, ...(current === undefined ? [] : [current])];
  const std = deviation(all);
  const mean = all.reduce((sum, x) => sum + x / all.length, 0);
  const scaled = (x: number): number => (std > 1e-300 ? (x - mean) / std : 0);
  return {
    ...rest,
    plus: plus.map(scaled),
    minus: minus.map(scaled),
    current: current === undefined ? undefined : scaled(current),
  };
}
