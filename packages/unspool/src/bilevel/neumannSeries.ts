/**
 * The truncated Neumann series, which is what backpropagation through gradient steps at rest computes.
 *
 *     q = alpha Σ_{j < terms} (I - alpha H)ʲ v   →   H⁻¹ v     for 0 < alpha < 2 / largest eigenvalue
 *
 * Lorraine, Vicol and Duvenaud 2020. On a direction without curvature it grows as alpha · terms, and on one that curves down
 * as (1 + alpha |λ|) to the power of terms: it is for weights that have arrived.
 */
import { type Tensor, scan, tree } from "../array/index.ts";
import { addScaled, scaled } from "./vectors.ts";

/** Cost: terms - 1 products with H. `terms` counts terms: other libraries count products. */
export function neumannSeries<T>(
  product: (v: T) => T,
  v: T,
  { terms, alpha }: { terms: number; alpha: Tensor | number },
): T {
  if (terms === 1) return scaled(alpha, v);
  const step = ({ term, sum }: { term: T; sum: T }): [{ term: T; sum: T }, undefined] => {
    const next = addScaled(term, typeof alpha === "number" ? -alpha : alpha.neg(), product(term));
    return [{ term: next, sum: tree.add(sum, next) }, undefined];
  };
  const [{ sum }] = scan(step, { term: v, sum: v }, undefined, { length: terms - 1 });
  return scaled(alpha, sum);
}
