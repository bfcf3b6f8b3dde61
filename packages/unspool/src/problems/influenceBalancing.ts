/**
 * Influence balancing: a linear system in which theta acts on the loss with one sign at once and with the other
 * sign in the long run, so that truncation points the wrong way.
 *
 *     s' = A s + theta · sgn,   A = 1/2 on the diagonal and above it,   l = (s'[0] - 1)² / 2
 *
 * Tallec and Ollivier 2018; Vicol, Metz, Sohl-Dickstein 2021, section 4.1. Optimum theta* = -1/6 for 23 and 10.
 */
import { type Tensor, np } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export interface InfluenceBalancingOptions {
  /** Length of the state. Default 23. */
  size?: number;
  /** First entries that theta drives upward; the others are driven downward. Default 10. */
  positive?: number;
  /** Default Infinity. */
  horizon?: number;
}

/** Theta is one number; the state starts from ones. */
export function influenceBalancing(
  options: InfluenceBalancingOptions = {},
): Problem<{ theta: Tensor }, { s: Tensor }, undefined> {
  requireKnownOptions("influenceBalancing", options, ["size", "positive", "horizon"]);
  const { size = 23, positive = 10, horizon = Infinity } = options;
  requireInteger("influenceBalancing", "size", size, 1);
  requireInteger("influenceBalancing", "positive", positive, 0);
  // Exact in float32; inside a float64 problem dtype promotion keeps float64.
  const matrix = np.array(
    Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (j === i || j === i + 1 ? 0.5 : 0)),
    ),
  );
  const sign = np.array(Array.from({ length: size }, (_, i) => (i < positive ? 1 : -1)));
  return defineProblem({
    name: "influenceBalancing",
    horizon,
    init: () => ({ s: np.ones([size]) }),
    step(theta: { theta: Tensor }, { s }) {
      const next = np.matmul(matrix.astype(s.dtype), s).add(sign.mul(theta.theta));
      const distance = next.slice(0).sub(1);
      return { state: { s: next }, loss: distance.mul(distance).mul(0.5) };
    },
  });
}
