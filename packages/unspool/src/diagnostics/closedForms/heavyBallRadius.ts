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
  /** β. */
  momentum: number;
}

/** Largest modulus of the two roots; above 1 the ball escapes. */
export function heavyBallRadius(options: HeavyBallRadiusOptions): number {
  requireKnownOptions("heavyBallRadius", options, ["curvature", "learningRate", "momentum"]);
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isFinite(value)) throw new OptionError("heavyBallRadius", name, value, "a finite number");
  }
  const { curvature, learningRate, momentum } = options;
  const trace = 1 + momentum - learningRate * curvature;
  const discriminant = trace * trace - 4 * momentum;
  if (discriminant < 0) return Math.sqrt(momentum);
  return (Math.abs(trace) + Math.sqrt(discriminant)) / 2;
}
