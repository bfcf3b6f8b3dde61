/**
 * The logistic map: the smallest chaotic system, with a closed form at rate 4.
 *
 *     x' = rate · x · (1 - x),   l = x' or (x' - target)²
 *
 * At rate 4: x_T = sin²(2^T φ), dx_T/dx_0 = 2^T sin(2^(T+1) φ) / sin(2φ), φ = asin √x_0; exponent ln 2.
 * May, "Simple mathematical models with very complicated dynamics", Nature 1976.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Tensor, tree } from "../array/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

/** What is learned: the start, the rate or both; the other comes from the options. */
export type LogisticMapTheta = { start?: Tensor; rate?: Tensor };

export interface LogisticMapOptions {
  /** Default 4. Above it almost every start escapes to -Infinity. */
  rate?: number;
  /** x_0. Default 0.3. */
  start?: number;
  /** With it, the loss is the squared distance from it; 0.75 is the unstable fixed point at rate 4. */
  target?: number;
  /** Default 50. */
  horizon?: number;
}

/** Theta is `{ start }` by default. The loss of a step is the new x, unless it has a target. */
export function logisticMap(
  options: LogisticMapOptions = {},
): Problem<LogisticMapTheta, { x: Tensor }, undefined> {
  requireKnownOptions("logisticMap", options, ["rate", "start", "target", "horizon"]);
  const { rate = 4, start = 0.3, horizon = 50, target } = options;
  return defineProblem({
    name: "logisticMap",
    horizon,
    theta: { start: exactScalar(start) },
    init: (theta: LogisticMapTheta) => ({ x: theta.start ?? exactScalar(start) }),
    step(theta: LogisticMapTheta, { x }) {
      // In this order rounding never leads above rate / 4, from where iterates at rate 4 would escape.
      const next = x.mul(x.neg().add(1)).mul(theta.rate ?? rate);
      if (target === undefined) return { state: { x: next }, loss: next };
      const miss = next.sub(target);
      return { state: { x: next }, loss: miss.mul(miss) };
    },
  });
}

function exactScalar(value: number): Tensor {
  return tree.scalar(value, "float64");
}
