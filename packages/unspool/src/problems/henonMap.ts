/**
 * The Hénon map: a strange attractor in the plane, whose Jacobian has the constant determinant -b, so that the
 * exponents sum to ln b exactly.
 *
 *     x' = 1 - a x² + y,   y' = b x,   l = x'²
 *
 * Hénon, "A two-dimensional mapping with a strange attractor", Communications in Mathematical Physics 1976.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Tensor, tree } from "../array/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export type HenonMapTheta = { a: Tensor; b: Tensor };

export interface HenonMapOptions {
  /** Default 1.4. */
  a?: number;
  /** Default 0.3. */
  b?: number;
  /** x_0 and y_0. Default [0, 0], in the basin of the attractor. */
  start?: readonly [number, number];
  /** Default 50. */
  horizon?: number;
}

/** Theta is `{ a, b }`. The loss of a step is x². */
export function henonMap(
  options: HenonMapOptions = {},
): Problem<HenonMapTheta, { x: Tensor; y: Tensor }, undefined> {
  requireKnownOptions("henonMap", options, ["a", "b", "start", "horizon"]);
  const { a = 1.4, b = 0.3, start = [0, 0], horizon = 50 } = options;
  return defineProblem({
    name: "henonMap",
    horizon,
    theta: { a: tree.scalar(a, "float64"), b: tree.scalar(b, "float64") },
    init: () => ({ x: tree.scalar(start[0], "float64"), y: tree.scalar(start[1], "float64") }),
    step(theta: HenonMapTheta, { x, y }) {
      const next = y.add(1).sub(x.mul(x).mul(theta.a));
      return { state: { x: next, y: x.mul(theta.b) }, loss: next.mul(next) };
    },
  });
}
