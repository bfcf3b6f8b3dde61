/** The kinds of hypergradients, their options and what is wrong with them. */
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../errors.ts";

/** Approximations of q = H⁻¹ v, and unrolling, which needs none. */
export type HypergradientKind =
  "exact" | "damped" | "neumann" | "identity" | "cg" | "normalCg" | "unroll" | "unrollForward";

export interface HypergradientOptions {
  /**
   * How the response of the weights is approximated. "exact": q = H⁺ v, the pseudo-inverse of a dense Hessian of up to
   * 500 weights. "damped": q = (H + eps I)⁻¹ v, as dense. "neumann": q = alpha Σ_{j < terms} (I - alpha H)ʲ v. "identity":
   * q = scale · v (DARTS, T1–T2). "cg": `iterations` of conjugate gradients on (H + eps I) q = v. "normalCg": the same on
   * H² q = H v, safe where H is singular. "unroll": reverse mode through the last `terms` inner steps, whose memory grows
   * with them. "unrollForward": forward mode through them, whose cost grows with the outer parameters. Default "neumann".
   */
  kind?: HypergradientKind;
  /** Terms of the series, or inner steps that are unrolled. Default: 20 of the series, all steps. */
  terms?: number;
  /** Step of the series; "auto": 1 / largest eigenvalue (in size), by 20 power iterations. Default "auto". */
  alpha?: number | "auto";
  /** Damping of "damped" and "cg". Default 1e-3. */
  eps?: number;
  /** Conjugate-gradient iterations. Default 10. */
  iterations?: number;
  /** Factor of "identity". Default 1. */
  scale?: number;
  /** Eigenvalues below this share of the largest count as 0 in "exact". Default 1e-8 in float64, 1e-5 in float32. */
  rtol?: number;
  /** "cg" with eps 0: the caller knows that the Hessian has no direction without curvature. Default false. */
  assumeNonsingular?: boolean;
}

export interface HypergradientRule extends Required<Omit<HypergradientOptions, "terms" | "rtol">> {
  terms: number | undefined;
  rtol: number | undefined;
}

export const hypergradientKinds: readonly HypergradientKind[] = [
  "exact",
  "damped",
  "neumann",
  "identity",
  "cg",
  "normalCg",
  "unroll",
  "unrollForward",
];

/** Terms of the series where none are given. */
export const seriesTerms = 20;

/** Above this many weights no Hessian is made. */
export const mostDenseWeights = 500;

/** Options with their defaults, checked. */
export function hypergradientRule(where: string, options: HypergradientOptions = {}): HypergradientRule {
  requireKnownOptions(where, options, [
    "kind",
    "terms",
    "alpha",
    "eps",
    "iterations",
    "scale",
    "rtol",
    "assumeNonsingular",
  ]);
  const { kind = "neumann", alpha = "auto", eps = 1e-3, iterations = 10, scale = 1 } = options;
  const { terms, rtol, assumeNonsingular = false } = options;
  requireOneOf(where, "hypergradient.kind", kind, hypergradientKinds);
  if (terms !== undefined) requireInteger(where, "hypergradient.terms", terms, 1);
  if (alpha !== "auto") {
    requirePositive(
      where,
      "hypergradient.alpha",
      alpha,
      'It must also be below 2 / largest eigenvalue; "auto" finds it.',
    );
  }
  if (typeof eps !== "number" || !Number.isFinite(eps) || eps < 0) {
    throw new OptionError(where, "hypergradient.eps", eps, "a finite number of at least 0");
  }
  requireInteger(where, "hypergradient.iterations", iterations, 1);
  requirePositive(where, "hypergradient.scale", scale);
  if (rtol !== undefined) requirePositive(where, "hypergradient.rtol", rtol);
  if (typeof assumeNonsingular !== "boolean") {
    throw new OptionError(where, "hypergradient.assumeNonsingular", assumeNonsingular, "true or false");
  }
  if (kind === "cg" && eps === 0 && !assumeNonsingular) {
    throw new OptionError(
      where,
      "hypergradient.eps",
      eps,
      'above 0 with kind "cg"',
      'On a singular Hessian the iterations blow up. Give eps, use "normalCg", or say assumeNonsingular: true.',
    );
  }
  return { kind, alpha, eps, iterations, scale, assumeNonsingular, terms, rtol };
}

/** Whether a kind differentiates through the inner steps, and not at where they end. */
export function isUnrolled(kind: HypergradientKind): kind is "unroll" | "unrollForward" {
  return kind === "unroll" || kind === "unrollForward";
}
