/**
 * Gradient descent on ½ Σ λ_i x_i² in closed form: loss after T steps, its derivative in the learning rate α, and the
 * Lyapunov exponents of the loop.
 *
 *     x_T = x_0 (1 - α λ)^T,   f_T = ½ Σ λ x_T²,   df_T/dα = -T Σ λ² x_0² (1 - α λ)^(2T - 1),   exponents ln |1 - α λ_i|
 */
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";

export interface QuadraticDescentOptions {
  /** λ. */
  curvatures: readonly number[];
  /** x_0, as many. */
  start: readonly number[];
  /** α. */
  learningRate: number;
  /** T, 1 at least. */
  steps: number;
}

/** `exponents` are per step, in the order of the curvatures; -Infinity where α λ = 1. */
export function quadraticDescent(options: QuadraticDescentOptions): {
  loss: number;
  derivative: number;
  exponents: number[];
} {
  const where = "quadraticDescent";
  requireKnownOptions(where, options, ["curvatures", "start", "learningRate", "steps"]);
  const { curvatures, start, learningRate, steps } = options;
  requireInteger(where, "steps", steps, 1);
  if (start.length !== curvatures.length) {
    throw new OptionError(where, "start", start, `as many numbers as curvatures, ${curvatures.length}`);
  }
  let [loss, derivative] = [0, 0];
  const exponents = curvatures.map((curvature, i) => {
    const factor = 1 - learningRate * curvature;
    const square = start[i]! ** 2;
    loss += 0.5 * curvature * square * factor ** (2 * steps);
    derivative -= steps * curvature ** 2 * square * factor ** (2 * steps - 1);
    return Math.log(Math.abs(factor));
  });
  return { loss, derivative, exponents };
}
