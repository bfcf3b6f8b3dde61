/**
 * The step size of Lookahead's slow weights that minimises a local quadratic (Zhang et al. 2019, Proposition 1).
 *
 *     alpha = (φ - x*)ᵀ A d / dᵀ A d = 1 + ĝᵀd / dᵀ A d,    d = φ - θ_k,   x* = θ_k - A⁻¹ ĝ
 *     ĝ = g(θ_{k-1}) + A (θ_k - θ_{k-1})
 *
 * The second form needs no inverse. The gradient at θ_k itself is not known at the synchronisation (the next one
 * is taken at the new slow weights), so the last one is carried over by the same curvature, which is exact where A
 * is.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireOneOf } from "../../errors.ts";
import { dot, mapFloats } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";

/** The product of the curvature matrix with a vector, both in the structure of theta. Must be linear. */
export type CurvatureProduct = (vector: Tree, at: { theta: Tree; gradient: Tree }) => Tree;

export interface AdaptiveAlpha {
  /** Smallest alpha. Default 0.1. */
  low?: number;
  /** Largest alpha. Default 1; above 1 only with `allowExtrapolation`. */
  high?: number;
  /** "adam": the inner optimizer's mean of squared gradients as a diagonal. Default "adam". */
  curvature?: "adam" | CurvatureProduct;
}

/** One synchronisation, as the rule for alpha sees it. All in the structure of theta. */
export interface Synchronisation {
  slow: Tree;
  /** θ_{k-1}, and the gradient there. */
  before: Tree;
  gradient: Tree;
  /** θ_k. */
  fast: Tree;
}

export interface ChosenAlpha {
  alpha: Tensor;
  /** Whether it lies at a bound: bool scalar. */
  isClipped: Tensor;
}

/** The rule for alpha, or a typed error. Where d is 0, or the curvature along it is not above 0, alpha is `low`. */
export function adaptiveAlpha<State extends Tree>(
  options: AdaptiveAlpha,
  inner: Optimizer<State>,
  allowExtrapolation: boolean,
): (at: Synchronisation, innerState: State) => ChosenAlpha {
  const { low = 0.1, high = 1, curvature = "adam" } = options;
  requireBounds(low, high, allowExtrapolation);
  const { secondMoment } = inner;
  if (typeof curvature !== "function") requireOneOf("lookahead", "adaptive.curvature", curvature, ["adam"]);
  if (typeof curvature !== "function" && secondMoment === undefined) {
    throw new OptionError(
      "lookahead",
      "adaptive.curvature",
      curvature,
      `a function, since ${inner.name} keeps no mean of squared gradients`,
      "Give the product of a curvature matrix with a vector, or use adam, adamw or rmsprop inside.",
    );
  }
  return ({ slow, before, gradient, fast }, innerState) => {
    const product = (vector: Tree): Tree =>
      typeof curvature === "function"
        ? curvature(vector, { theta: before, gradient })
        : mapFloats((v, s) => v.mul(s), vector, secondMoment!(innerState, before));
    const difference = (x: Tree, y: Tree): Tree => mapFloats((a, b) => a.sub(b), x, y);
    const d = difference(slow, fast);
    const carried = product(difference(fast, before));
    const gradientAtFast = mapFloats((g, c) => g.add(c), gradient, carried);
    const curvatureAlong = dot(d, product(d));
    const isCurved = curvatureAlong.greater(0);
    const divisor = np.where(isCurved, curvatureAlong, np.onesLike(curvatureAlong));
    const free = dot(gradientAtFast, d).div(divisor).add(1);
    const alpha = np.where(isCurved, np.clip(free, low, high), tree.scalar(low, curvatureAlong.dtype));
    return { alpha, isClipped: np.logicalOr(np.logicalNot(isCurved), alpha.notEqual(free)) as Tensor };
  };
}

function requireBounds(low: number, high: number, allowExtrapolation: boolean): void {
  if (typeof low !== "number" || !(low > 0 && low <= 1)) {
    throw new OptionError("lookahead", "adaptive.low", low, "a number above 0 and at most 1");
  }
  const isAllowed = allowExtrapolation ? Number.isFinite(high) : high <= 1;
  if (typeof high !== "number" || !isAllowed || high < low) {
    const hint = "Set allowExtrapolation to go beyond the last fast weights.";
    throw new OptionError("lookahead", "adaptive.high", high, "a number from adaptive.low to 1", hint);
  }
}
