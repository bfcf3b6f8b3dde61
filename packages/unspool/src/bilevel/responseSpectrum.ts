/**
 * What an approximation of the response does along each eigenvector of the inner Hessian: the factor in place of 1 / λ.
 *
 *     neumann  (1 - (1 - alpha λ)^terms) / λ, alpha · terms at 0      damped  1 / (λ + eps)      identity  scale
 *
 * Truncation and damping are nearly the same filter where eps = 1 / (alpha · terms). Vicol et al. 2022, section 3.
 */
import { linalg, np, tree, valueAndGrad, type Tensor } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type BilevelLosses, requireFloats } from "./bilevelProblem.ts";
import { denseMatrix } from "./denseInverse.ts";
import { requireFewWeights } from "./hypergradient.ts";
import { type HypergradientOptions, hypergradientRule, seriesTerms } from "./hypergradientOptions.ts";
import { hessianProduct } from "./products.ts";
import { requireStep } from "./soundHypergradient.ts";
import { asVector } from "./vectors.ts";

/**
 * The factor of an eigenvalue. Unrolling as many steps of gradient descent from rest has that of the series. Conjugate
 * gradients have none: theirs depends on v.
 */
export function spectralFilter(options: HypergradientOptions, lambda: number, lambdaMax?: number): number {
  const where = "spectralFilter";
  const rule = hypergradientRule(where, options);
  const { kind, terms = seriesTerms, eps, scale, rtol = 1e-8 } = rule;
  if (kind === "identity") return scale;
  if (kind === "damped") return 1 / (lambda + eps);
  if (kind === "exact") return Math.abs(lambda) <= rtol * (lambdaMax ?? Math.abs(lambda)) ? 0 : 1 / lambda;
  if (kind === "cg" || kind === "normalCg") {
    throw new OptionError(where, "hypergradient.kind", kind, "a kind that is linear in v");
  }
  const alpha = rule.alpha === "auto" ? 1 / (lambdaMax ?? NaN) : rule.alpha;
  if (Number.isNaN(alpha)) throw new OptionError(where, "lambdaMax", lambdaMax, 'given with alpha "auto"');
  requireStep(where, rule.alpha, lambdaMax ?? NaN);
  if (lambda === 0) return alpha * terms;
  // expm1 and log1p keep the digits of small eigenvalues.
  const decay =
    alpha * lambda < 1 ? -Math.expm1(terms * Math.log1p(-alpha * lambda)) : 1 - (1 - alpha * lambda) ** terms;
  return decay / lambda;
}

export interface ResponseSpectrum {
  /** Of the inner Hessian, ascending. */
  eigenvalues: number[];
  /** 1 / λ, or 0 where λ counts as 0. */
  exact: number[];
  /** What the kind has in its place. */
  filter: number[];
  /** Part of |v|² along each eigenvector, v = ∂F/∂w: where the filter matters. Sums to 1. */
  share: number[];
}

/** The spectrum at a point, of up to 500 weights; `rtol`, of any kind, says what counts as 0. Concrete values only. */
export function responseSpectrum<Outer, Weights>(
  losses: BilevelLosses<Outer, Weights>,
  outer: Outer,
  weights: Weights,
  { rtol: given, ...options }: HypergradientOptions = {},
): ResponseSpectrum {
  const where = "responseSpectrum";
  requireFloats(where, "the weights", weights);
  requireFewWeights(where, "exact", weights);
  const [, v] = valueAndGrad((at: Weights, held: Outer): Tensor => losses.outer(held, at))(weights, outer);
  const matrix = denseMatrix((along: Weights) => hessianProduct(losses, outer, weights, along), weights);
  const [values, vectors] = linalg.eigh(matrix);
  const inside = np.matmul(vectors.transpose(), asVector(v).astype("float64"));
  const eigenvalues = Array.from(values.data, Number);
  const lambdaMax = Math.max(...eigenvalues.map(Math.abs));
  const squares = Array.from(inside.data, (x) => Number(x) ** 2);
  const total = squares.reduce((sum, x) => sum + x, 0);
  const { rtol = tree.floatType(weights) === "float64" ? 1e-8 : 1e-5 } = hypergradientRule(where, {
    kind: "exact",
    ...(given !== undefined && { rtol: given }),
  });
  const cleaned = eigenvalues.map((lambda) => (Math.abs(lambda) <= rtol * lambdaMax ? 0 : lambda));
  return {
    eigenvalues,
    exact: cleaned.map((lambda) => (lambda === 0 ? 0 : 1 / lambda)),
    filter: cleaned.map((lambda) => spectralFilter(options, lambda, lambdaMax)),
    share: squares.map((x) => (total === 0 ? 0 : x / total)),
  };
}
