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

/** Kinds read the options that say so; one that a kind does not read is an error, since it would change nothing. */
export interface HypergradientOptions {
  /**
   * How the response of the weights is approximated. "exact": q = H⁺ v, the pseudo-inverse of a dense Hessian of up to
   * 500 weights. "damped": q = (H + eps I)⁻¹ v, as dense. "neumann": q = alpha Σ_{j < terms} (I - alpha H)ʲ v. "identity":
   * q = scale · v (DARTS, T1–T2). "cg": `iterations` of conjugate gradients on (H + eps I) q = v. "normalCg": the same on
   * H² q = H v, safe where H is singular. "unroll": reverse mode through the last `terms` inner steps, whose memory grows
   * with them. "unrollForward": forward mode through them, whose cost grows with the outer parameters. Default "neumann".
   */
  kind?: HypergradientKind;
  /** Terms of the series "neumann", or inner steps that are unrolled. Default: 20 of the series, all steps. */
  terms?: number;
  /** Step of "neumann"; "auto": 1 / largest eigenvalue (in size), by 20 power iterations. Default "auto". */
  alpha?: number | "auto";
  /** Damping of "damped" and "cg". Default 1e-3. */
  eps?: number;
  /**
   * Of "cg" and "normalCg", whose `residual` says what they leave: as many as there are weights are exact but for rounding.
   * Default 10, which `hypergradient` refuses where they leave more than a tenth ("normalCg": a thousandth of H v).
   */
  iterations?: number;
  /** Factor of "identity". Default 1. */
  scale?: number;
  /** Eigenvalues below this share of the largest count as 0 in "exact"; below 1. Default 1e-8 in float64, 1e-5 in float32. */
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

/** The kinds that read an option. */
const readers: Readonly<Record<Exclude<keyof HypergradientOptions, "kind">, readonly HypergradientKind[]>> = {
  terms: ["neumann", "unroll", "unrollForward"],
  alpha: ["neumann"],
  eps: ["damped", "cg"],
  iterations: ["cg", "normalCg"],
  scale: ["identity"],
  rtol: ["exact"],
  assumeNonsingular: ["cg"],
};

/** Terms of the series where none are given. */
export const seriesTerms = 20;

/** Above this many weights no Hessian is made. */
export const mostDenseWeights = 500;

/** Options with their defaults, checked. */
export function hypergradientRule(where: string, options: HypergradientOptions = {}): HypergradientRule {
  const names = Object.keys(readers) as (keyof typeof readers)[];
  requireKnownOptions(where, options, ["kind", ...names]);
  const { kind = "neumann", alpha = "auto", eps = 1e-3, iterations = 10, scale = 1 } = options;
  const { terms, rtol, assumeNonsingular = false } = options;
  requireOneOf(where, "hypergradient.kind", kind, hypergradientKinds);
  for (const name of names) requireReader(where, name, options[name], kind);
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
  if (rtol !== undefined && !(rtol > 0 && rtol < 1)) {
    const hint = "It is a share of the largest eigenvalue; from 1 on, all of them would count as 0.";
    throw new OptionError(where, "hypergradient.rtol", rtol, "above 0 and below 1", hint);
  }
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

/** Throws `OptionError` for an option that this kind does not read. */
function requireReader(
  where: string,
  name: keyof typeof readers,
  given: unknown,
  kind: HypergradientKind,
): void {
  const kinds = readers[name];
  if (given === undefined || kinds.includes(kind)) return;
  const option = `hypergradient.${name}`;
  const hint = `It is an option of ${kinds.map((one) => `"${one}"`).join(" and ")}, and would change nothing.`;
  throw new OptionError(where, option, given, `absent with kind "${kind}"`, hint);
}

/** Whether a kind differentiates through the inner steps, and not at where they end. */
export function isUnrolled(kind: HypergradientKind): kind is "unroll" | "unrollForward" {
  return kind === "unroll" || kind === "unrollForward";
}
