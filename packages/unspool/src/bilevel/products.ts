/**
 * Products with the second derivatives of an inner loss, forward over reverse mode: no matrix is made.
 *
 *     H v  = d/dr ∂f/∂w (u, w + r v)        Mᵀ q = d/dr ∂f/∂u (u, w + r q)       at r = 0
 *
 * H = ∂²f/∂w∂wᵀ [p, p],  M = ∂²f/∂w∂uᵀ [p, m]. Pearlmutter 1994.
 */
import { type Tensor, grad, jvp } from "../array/index.ts";
import type { BilevelLosses } from "./bilevelProblem.ts";

/** H v. Cost: about two gradients. */
export function hessianProduct<Outer, Weights>(
  { inner }: Pick<BilevelLosses<Outer, Weights>, "inner">,
  outer: Outer,
  weights: Weights,
  v: Weights,
): Weights {
  const gradient = grad((at: Weights, held: Outer): Tensor => inner(held, at));
  return jvp((at: Weights) => gradient(at, outer) as Weights, [weights], [v])[1];
}

/** Mᵀ q. Cost: about two gradients. */
export function mixedProduct<Outer, Weights>(
  { inner }: Pick<BilevelLosses<Outer, Weights>, "inner">,
  outer: Outer,
  weights: Weights,
  q: Weights,
): Outer {
  const gradient = grad((held: Outer, at: Weights): Tensor => inner(held, at));
  return jvp((at: Weights) => gradient(outer, at) as Outer, [weights], [q])[1];
}
