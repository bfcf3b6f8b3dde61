/**
 * The truncated Neumann series, which is what backpropagation through gradient steps at rest computes.
 *
 *     q = alpha Σ_{j < terms} (I - alpha H)ʲ v   →   H⁻¹ v     for 0 < alpha < 2 / largest eigenvalue
 *
 * Lorraine, Vicol and Duvenaud 2020. On a direction without curvature it grows as alpha · terms, and on one that curves down
 * as (1 + alpha |λ|) to the power of terms: it is for weights that have arrived.
 */
import { type Tensor, np, scan, tree } from "../array/index.ts";
import { addScaled, length, scaled } from "./vectors.ts";

export interface NeumannSum<T> {
  q: T;
  /** |(I - alpha H)^(terms - 1) v| / |v|, float64: at most 1 where terms fall; above it the series runs away. */
  growth: Tensor;
}

/** Cost: terms - 1 products with H. `terms` counts terms: other libraries count products. */
export function neumannSeries<T>(
  product: (v: T) => T,
  v: T,
  { terms, alpha }: { terms: number; alpha: Tensor | number },
): NeumannSum<T> {
  type Carry = { term: T; sum: T };
  const step = ({ term, sum }: Carry): [Carry, undefined] => {
    const next = addScaled(term, typeof alpha === "number" ? -alpha : alpha.neg(), product(term));
    return [{ term: next, sum: tree.add(sum, next) }, undefined];
  };
  const start: Carry = { term: v, sum: v };
  const { term, sum } = terms === 1 ? start : scan(step, start, undefined, { length: terms - 1 })[0];
  const size = length(v);
  const isZero = size.lessEqual(0);
  return { q: scaled(alpha, sum), growth: length(term).div(np.where(isZero, 1, size)) };
}
