/**
 * Hypergradients at weights that an inner loss has trained, by the implicit function theorem.
 *
 *     dF/du = ∂F/∂u - Mᵀ q,     q ≈ H⁻¹ v,     v = ∂F/∂w
 *
 * H and M are second derivatives of the inner loss at (u, w). They are those of the true derivative where w is a
 * stationary point; where H is singular, q = H⁺ v is that of the response of least norm. Vicol, Lorraine, Pedregosa,
 * Duvenaud and Grosse 2022, section 2; Lorraine, Vicol and Duvenaud 2020.
 */
import { type Tensor, isTracing, np, tree, valueAndGrad } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type BilevelLosses, requireFloats, requireResponse } from "./bilevelProblem.ts";
import { conjugateGradients } from "./conjugateGradients.ts";
import { dampedInverse, denseMatrix, pseudoInverse } from "./denseInverse.ts";
import {
  type HypergradientOptions,
  type HypergradientRule,
  hypergradientRule,
  isUnrolled,
  mostDenseWeights,
  seriesTerms,
} from "./hypergradientOptions.ts";
import { largestEigenvalue } from "./largestEigenvalue.ts";
import { neumannSeries } from "./neumannSeries.ts";
import { hessianProduct, mixedProduct } from "./products.ts";
import { requireSolved, requireSoundHypergradient } from "./soundHypergradient.ts";
import { addScaled, length, scaled } from "./vectors.ts";

export interface Hypergradient<Outer, Weights> {
  /** F. */
  loss: Tensor;
  /** dF/du. */
  gradient: Outer;
  /** H⁻¹ v as it was approximated. */
  q: Weights;
  /**
   * Scalars, float64: `qNorm`, `mixedNorm` (of Mᵀ q) and, by kind, `lambdaMax` (the Hessian's eigenvalue that is largest in
   * size, with its sign), `growth` (the last term of the series over the first: at most 1 at a minimum), `condition`,
   * `nullity`, `residual`, `flatness`.
   */
  info: HypergradientInfo;
}

/** Scalars that say how far to trust a hypergradient. */
export type HypergradientInfo = { [name: string]: Tensor };

/**
 * The hypergradient of `losses` at outer parameters and weights, of the kinds that look at one point only. Runs on
 * concrete and on traced values. Throws `OptionError` for options that do not fit and, of concrete values, for an `alpha`
 * beyond 2 / largest eigenvalue, a series that runs away (its last term above twice its first: the Hessian curves down), a
 * Hessian of 0 with `alpha: "auto"` (traced, its step is 1 there) and conjugate gradients that meet a direction without
 * curvature, or, where `iterations` are not given, leave more than a tenth of their right side ("normalCg": a thousandth); an inner loss that reads no
 * outer parameter; `ShapeError` for parameters that are no floats; `NonFiniteError`.
 *
 * Cost: a gradient of F, a mixed product (two gradients of f), and by kind 0 ("identity"), terms - 1 ("neumann"),
 * iterations ("cg"; twice for "normalCg") or as many products with H as there are weights; 20 more with alpha "auto".
 *
 * @example
 * const { gradient } = hypergradient({ inner, outer }, u, w, { kind: "cg", eps: 1e-2 });
 */
export function hypergradient<Outer, Weights>(
  losses: BilevelLosses<Outer, Weights>,
  outer: Outer,
  weights: Weights,
  options: HypergradientOptions = {},
): Hypergradient<Outer, Weights> {
  const where = "hypergradient";
  const rule = hypergradientRule(where, options);
  requireFloats(where, "the outer parameters", outer);
  requireFloats(where, "the weights", weights);
  requireOnePoint(where, rule, weights);
  requireResponse(where, losses, outer, weights);
  const found = hypergradientBy(losses, outer, weights, rule);
  if (isTracing()) return found;
  const { alpha } = rule;
  const lambdaMax =
    rule.kind === "neumann" && alpha !== "auto"
      ? largestEigenvalue((v: Weights) => hessianProduct(losses, outer, weights, v), weights)
      : undefined;
  requireSoundHypergradient(where, rule, lambdaMax ? { ...found.info, lambdaMax } : found.info);
  if (options.iterations === undefined) requireSolved(where, rule, found.info);
  return found;
}

/** The same with options that have been checked, and nothing said about the result. */
export function hypergradientBy<Outer, Weights>(
  losses: BilevelLosses<Outer, Weights>,
  outer: Outer,
  weights: Weights,
  rule: HypergradientRule,
): Hypergradient<Outer, Weights> {
  const [loss, [direct, v]] = valueAndGrad(
    (held: Outer, at: Weights): Tensor => losses.outer(held, at),
    [0, 1],
  )(outer, weights) as [Tensor, [Outer, Weights]];
  const product = (along: Weights): Weights => hessianProduct(losses, outer, weights, along);
  const { q, info } = approximate(rule, product, v);
  const mixed = mixedProduct(losses, outer, weights, q);
  return {
    loss,
    gradient: addScaled(direct, -1, mixed),
    q,
    info: { qNorm: length(q), mixedNorm: length(mixed), ...info },
  };
}

/** A condition of a million is what float32 can tell from a singular matrix. */
const leastSingleRtol = 1e-6;

/** q ≈ H⁻¹ v from products with H. */
function approximate<Weights>(
  { kind, terms = seriesTerms, alpha, eps, iterations, scale, rtol }: HypergradientRule,
  product: (v: Weights) => Weights,
  v: Weights,
): { q: Weights; info: HypergradientInfo } {
  if (kind === "identity") return { q: scaled(scale, v), info: {} };
  if (kind === "exact") {
    const isWide = tree.floatType(v) === "float64";
    const cutoff = rtol ?? (isWide ? 1e-8 : 1e-5);
    if (!isWide && cutoff < leastSingleRtol) {
      const hint = "Smaller eigenvalues are rounding errors there. Make the weights float64.";
      throw new OptionError(
        "hypergradient",
        "hypergradient.rtol",
        cutoff,
        `at least ${leastSingleRtol} in float32`,
        hint,
      );
    }
    const { q, condition, nullity } = pseudoInverse(denseMatrix(product, v), v, cutoff);
    return { q, info: { condition, nullity } };
  }
  if (kind === "damped") return { q: dampedInverse(denseMatrix(product, v), v, eps), info: {} };
  if (kind === "cg") {
    const damped = (p: Weights): Weights => (eps === 0 ? product(p) : addScaled(product(p), eps, p));
    const { x, residual, flatness } = conjugateGradients(damped, v, iterations);
    return { q: x, info: { residual, flatness } };
  }
  if (kind === "normalCg") {
    const { x, residual } = conjugateGradients((p: Weights) => product(product(p)), product(v), iterations);
    return { q: x, info: { residual } };
  }
  if (alpha !== "auto") {
    const { q, growth } = neumannSeries(product, v, { terms, alpha });
    return { q, info: { growth } };
  }
  const lambdaMax = largestEigenvalue(product, v);
  const size = np.abs(lambdaMax);
  const step = np.reciprocal(np.where(size.greater(0), size, 1));
  const { q, growth } = neumannSeries(product, v, { terms, alpha: step });
  return { q, info: { lambdaMax, growth } };
}

/** Throws `OptionError` for kinds that need inner steps, and for dense ones where there are too many weights. */
export function requireOnePoint(where: string, { kind }: HypergradientRule, weights: unknown): void {
  if (isUnrolled(kind)) {
    throw new OptionError(
      where,
      "hypergradient.kind",
      kind,
      "a kind that looks at one point",
      "Use reverseUnrolled or forwardUnrolled, which take the inner steps, or bilevel.",
    );
  }
  requireFewWeights(where, kind, weights);
}

/** Throws `OptionError` for a dense kind where there are too many weights. */
export function requireFewWeights(where: string, kind: string, weights: unknown): void {
  const size = tree.size(weights);
  if ((kind !== "exact" && kind !== "damped") || size <= mostDenseWeights) return;
  throw new OptionError(
    where,
    "hypergradient.kind",
    kind,
    `one that makes no Hessian for more than ${mostDenseWeights} weights (there are ${size})`,
    kind === "exact" ? 'Use "normalCg".' : 'Use "cg", which has the same solution.',
  );
}
