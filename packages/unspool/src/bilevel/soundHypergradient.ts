/** Whether a hypergradient that has been computed means something, by the scalars that come with it. */
import type { Tensor } from "../array/index.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import { type HypergradientRule, seriesTerms } from "./hypergradientOptions.ts";

/** Those of `HypergradientInfo`, as far as they are known. */
type Scalars = Readonly<Record<string, Tensor | number>>;

/** Curvature below this share of the largest is none. */
const leastFlatness = 1e-10;

/** The last term of a series over its first, which no positive semidefinite Hessian brings above 1. */
const mostGrowth = 2;

/**
 * Throws for concrete results that mean nothing: what `requireDefinedHypergradient` names, and a series that runs away
 * because the Hessian curves down along directions of v.
 */
export function requireSoundHypergradient(where: string, rule: HypergradientRule, info: Scalars): void {
  requireDefinedHypergradient(where, rule, info);
  const growth = numberOf(info, "growth");
  if (!(growth > mostGrowth)) return;
  const { terms = seriesTerms } = rule;
  const lambdaMax = numberOf(info, "lambdaMax");
  const most = Number.isNaN(lambdaMax)
    ? ""
    : `; the largest eigenvalue in size is ${lambdaMax.toPrecision(3)}`;
  throw new OptionError(
    where,
    "hypergradient.kind",
    rule.kind,
    "one for an inner Hessian that curves down along ∂F/∂w: its series runs away",
    `The last of ${terms} terms is ${growth.toPrecision(3)} times the first${most}. The weights are at no minimum of the ` +
      'inner loss: train them longer, or regularise it. Kind "normalCg" solves with any Hessian, "cg" with an eps that makes ' +
      "it positive; fewer terms or a smaller alpha only hide it.",
  );
}

/**
 * Throws `OptionError` for a step too long for the series or none to be found, and for a direction without curvature that
 * conjugate gradients met; `NonFiniteError` for a q that is not finite.
 */
export function requireDefinedHypergradient(
  where: string,
  { kind, alpha, eps, iterations }: HypergradientRule,
  info: Scalars,
): void {
  const of = (name: string): number => numberOf(info, name);
  if (kind === "neumann") requireStep(where, alpha, of("lambdaMax"));
  if (kind === "cg" && of("flatness") >= leastFlatness && of("residual") > 1) {
    const hint = `The curvatures that were met are positive, but the residual is ${of("residual").toPrecision(3)} times what it was.`;
    const more = "Take more iterations, up to the number of weights; or larger eps, which makes them faster.";
    throw new OptionError(where, "hypergradient.iterations", iterations, "enough for an inner Hessian of this condition", `${hint} ${more}`); // prettier-ignore
  }
  if (kind === "cg" && !(of("flatness") >= leastFlatness && of("residual") <= 1)) {
    const hint = `Curvatures along the iterations differ by a factor of ${of("flatness").toExponential(1)}, the residual is ${of("residual").toPrecision(3)} times what it was.`;
    throw new OptionError(
      where,
      "hypergradient.eps",
      eps,
      eps === 0
        ? "above 0 where the inner Hessian has a direction without curvature"
        : "larger where the inner Hessian has directions without curvature, or that curve down",
      `${hint} Use more damping, or kind "normalCg".`,
    );
  }
  if (info["qNorm"] !== undefined && !Number.isFinite(of("qNorm"))) {
    throw new NonFiniteError(where, `|q| of kind "${kind}" is ${of("qNorm")}.`, { quantity: "q" });
  }
}

/**
 * Residuals of conjugate gradients, relative: above it nobody should take q for a solution who has not said so. That of
 * H² q = H v weighs small eigenvalues of H twice as little.
 */
const mostResidual = { cg: 0.1, normalCg: 1e-3 };

/** Throws `OptionError` where the iterations of conjugate gradients that were not chosen by the caller are not enough. */
export function requireSolved(where: string, { kind, iterations }: HypergradientRule, info: Scalars): void {
  const residual = numberOf(info, "residual");
  const most = kind === "normalCg" ? mostResidual.normalCg : mostResidual.cg;
  if (!(residual > most)) return;
  const allowed = `given where ${iterations} are not enough: they leave ${residual.toPrecision(3)} of the right side of "${kind}", more than ${most}`;
  const hint = "Take up to the number of weights. With iterations given, info.residual says what they leave.";
  throw new OptionError(where, "hypergradient.iterations", undefined, allowed, hint);
}

/** Throws `OptionError` for an alpha beyond 2 / |lambdaMax|, as far as that is known, or "auto" where it is 0. */
export function requireStep(where: string, alpha: number | "auto", lambdaMax: number): void {
  if (alpha === "auto") {
    if (lambdaMax !== 0) return;
    throw new OptionError(
      where,
      "hypergradient.alpha",
      alpha,
      "a number where the inner Hessian is 0",
      "There is no largest eigenvalue to take the inverse of, and the weights have no minimum that could move: is the " +
        "inner loss linear in them? Regularise it.",
    );
  }
  const size = Math.abs(lambdaMax);
  if (!(alpha >= 2 / size)) return;
  throw new OptionError(
    where,
    "hypergradient.alpha",
    alpha,
    `below 2 / ${size.toPrecision(6)}, the largest eigenvalue of the inner Hessian in size`,
    'The series diverges. "auto" chooses its inverse.',
  );
}

/** NaN where it is not known. */
function numberOf(info: Scalars, name: string): number {
  const value = info[name];
  return value === undefined ? NaN : typeof value === "number" ? value : value.item();
}
