/**
 * Mean and variances of single gradient estimates of E sin(w (θ + σ ε)), ε from N(0, 1): the smallest problem in which
 * evolution strategies beat the exact gradient. With E = exp(-w² σ² / 2) and E_2 = exp(-2 w² σ²):
 *
 *     gradient          w cos(w θ) E
 *     reparameterised   w² (1 + E_2 cos 2wθ) / 2 - gradient²
 *     plain ES          (½ - cos(2wθ) (1 - 4 w² σ²) E_2 / 2) / σ² - gradient²
 *     antithetic ES     cos²(wθ) (1 - (1 - 4 w² σ²) E_2) / (2 σ²) - gradient²
 *
 * By Gaussian integrals of cos and ε² cos; the comparison: Metz, Freeman, Schoenholz and Kachman 2021.
 */
import { OptionError, requireKnownOptions, requirePositive } from "../../errors.ts";

export interface SmoothedSineOptions {
  /** w, above 0. Default 10. */
  frequency?: number;
  /** θ. Default 0.4. */
  theta?: number;
  /** σ, above 0. Default 0.1. */
  sigma?: number;
}

export interface SmoothedSine {
  /** The mean of all three estimates. */
  gradient: number;
  /** Variance of cos'(…) at one perturbed theta. */
  reparameterised: number;
  /** Variance of ε f(θ + σ ε) / σ. */
  es: number;
  /** Variance of ε (f(θ + σ ε) - f(θ - σ ε)) / (2 σ). */
  esAntithetic: number;
}

/** In units of the loss over theta, and their squares. */
export function smoothedSine(options: SmoothedSineOptions = {}): SmoothedSine {
  const where = "smoothedSine";
  requireKnownOptions(where, options, ["frequency", "theta", "sigma"]);
  const { frequency: w = 10, theta = 0.4, sigma = 0.1 } = options;
  requirePositive(where, "frequency", w);
  requirePositive(where, "sigma", sigma);
  if (!Number.isFinite(theta)) throw new OptionError(where, "theta", theta, "a finite number");
  const square = (w * sigma) ** 2;
  const [fade, twice] = [Math.exp(-square / 2), Math.exp(-2 * square)];
  const gradient = w * Math.cos(w * theta) * fade;
  const cos2 = Math.cos(2 * w * theta);
  const mixed = (1 - 4 * square) * twice;
  return {
    gradient,
    reparameterised: (w * w * (1 + twice * cos2)) / 2 - gradient ** 2,
    es: (1 - cos2 * mixed) / (2 * sigma ** 2) - gradient ** 2,
    esAntithetic: (Math.cos(w * theta) ** 2 * (1 - mixed)) / (2 * sigma ** 2) - gradient ** 2,
  };
}
