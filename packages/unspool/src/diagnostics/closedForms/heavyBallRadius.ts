/**
 * Spectral radius of a step of heavy ball, v <- β v - α λ x, x <- x + v, on a curvature λ: what Lyapunov exponents of
 * momentum are the logarithm of. Polyak 1964.
 *
 *     A = [[1 + β - α λ, -β], [1, 0]],   z² - (1 + β - α λ) z + β = 0;   √β where the roots are complex
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";

export interface HeavyBallRadiusOptions {
  /** λ. */
  curvature: number;
  /** α. */
  learningRate: number;
  /** β, what a step keeps of the velocity. */
  decay: number;
}

/** Largest modulus of the two roots; above 1 the ball escapes. */
export function heavyBallRadius(options: HeavyBallRadiusOptions): number {
  requireKnownOptions("heavyBallRadius", options, ["curvature", "learningRate", "decay"]);
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isFinite(value)) throw new OptionError("heavyBallRadius", name, value, "a finite number");
  }
  const { curvature, learningRate, decay } = options;
  const trace = 1 + decay - learningRate * curvature;
  const discriminant = trace * trace - 4 * decay;
  if (discriminant < 0) return Math.sqrt(decay);
  return (Math.abs(trace) + Math.sqrt(discriminant)) / 2;
}
