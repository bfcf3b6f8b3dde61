/**
 * One outer number that turns the line of inner solutions: the smallest problem on which warm and cold starts end in the
 * same outer parameter and different losses.
 *
 *     f = ½ (a(u)ᵀw - 1)²,   a = (cos u, sin u),      F = ½ |w - t|²
 *
 * Implicit gradients move u until t is on the line. Cold starts project w_0 on it; warm ones have moved along with it and
 * are nearer to t. The derivative of what a cold start reaches is another one, because the null space turns with u.
 */
import { type Tensor, np } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";

export interface RotatingLineOptions {
  /** t. Default: (2, 1). */
  target?: readonly [number, number];
  /** w_0. Default: (0, 0.5). */
  start?: readonly [number, number];
}

export interface RotatingLine extends BilevelProblem<Tensor, Tensor> {
  /** u = 0 and w_0, in float64. */
  theta: { outer: Tensor; weights: Tensor };
  /** Full training: the nearest point of the line. */
  solve(outer: Tensor, weights: Tensor): Tensor;
}

/** The problem in float64. */
export function rotatingLine(options: RotatingLineOptions = {}): RotatingLine {
  requireKnownOptions("rotatingLine", options, ["target", "start"]);
  const { target = [2, 1], start = [0, 0.5] } = options;
  const exact = { dtype: "float64" } as const;
  const t = np.array([...target], exact);
  const normal = (u: Tensor): Tensor => np.stack([np.cos(u), np.sin(u)]);
  const miss = (u: Tensor, w: Tensor): Tensor => normal(u).mul(w).sum().sub(1);
  return {
    name: "rotatingLine",
    theta: { outer: np.array(0, exact), weights: np.array([...start], exact) },
    inner: (u, w) => miss(u, w).mul(miss(u, w)).mul(0.5),
    outer: (_, w) => w.sub(t).mul(w.sub(t)).sum().mul(0.5),
    solve: (u, w) => w.sub(normal(u).mul(miss(u, w))),
  };
}
