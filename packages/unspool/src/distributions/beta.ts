/**
 * Beta numbers:
 *
 *     log p(x) = (a - 1) log x + (b - 1) log(1 - x) - log B(a, b),   0 < x < 1,   B(a, b) = Γ(a) Γ(b) / Γ(a + b)
 */
import { type Tensor, np, random } from "../array/index.ts";
import { digamma } from "./digamma.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import { logGamma } from "./logGamma.ts";
import {
  drawnShape,
  floatParameters,
  isPositive,
  jointShape,
  requireDraws,
  requireEvery,
  requireNames,
  spread,
} from "./parameters.ts";

/** They broadcast. */
export interface BetaParameters {
  /** a > 0: large values draw towards 1. */
  a: Parameter;
  /** b > 0: large values draw towards 0. */
  b: Parameter;
}

export interface BetaDistribution extends Distribution {
  readonly name: "beta";
  /** [...batch] each. */
  readonly parameters: { readonly a: Tensor; readonly b: Tensor };
}

/**
 * Numbers in (0, 1) with mean a / (a + b). Draws carry derivatives, implicit ones of two gamma numbers. Outside of [0, 1] the
 * log-density is -Infinity, at the ends its limit. Computed in float64 inside.
 *
 * @throws OptionError for a known parameter that is not above 0.
 *
 * @example
 * beta({ a: 2, b: 2 }).logProb(np.array(0.5)); // log 1.5
 */
export function beta(parameters: BetaParameters): BetaDistribution {
  const where = "beta";
  requireNames(where, parameters, ["a", "b"]);
  const given = floatParameters(where, { a: parameters.a, b: parameters.b });
  const { a, b } = given.beside();
  requireEvery(where, "a", a, isPositive, "a finite number above 0");
  requireEvery(where, "b", b, isPositive, "a finite number above 0");
  const batchShape = jointShape(where, a.shape, b.shape);
  const { dtype } = given;
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: true,
    get parameters() {
      return { a: spread(a, batchShape), b: spread(b, batchShape) };
    },
    sample: (key, shape) => random.beta(key, a, b, drawnShape(where, shape, batchShape), { dtype }),
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value);
      const [at, low, high] = [value, own.a, own.b].map((one) => one.astype("float64"));
      const isInside = np.logicalAnd(at!.greater(0), at!.less(1));
      const safe = np.where(isInside, at!, 0.5);
      const inside = low!
        .sub(1)
        .mul(np.log(safe))
        .add(high!.sub(1).mul(np.log1p(safe.neg())))
        .sub(logBeta(low!, high!));
      // At 0 the density of a = 1 is b, and at 1 that of b = 1 is a.
      const limit = (mine: Tensor, other: Tensor): Tensor =>
        np.where(mine.less(1), Infinity, np.where(mine.equal(1), np.log(other), -Infinity));
      const end = np.where(at!.equal(0), limit(low!, high!), limit(high!, low!));
      const isEnd = np.logicalOr(at!.equal(0), at!.equal(1));
      const outside = np.where(isEnd, end, np.where(np.isnan(at!), NaN, -Infinity));
      return np.where(isInside, inside, outside).astype(own.a.dtype);
    },
    mean: () => spread(a.div(a.add(b)), batchShape),
    variance() {
      const sum = a.add(b);
      return spread(a.mul(b).div(sum.mul(sum).mul(sum.add(1))), batchShape);
    },
    entropy() {
      const [low, high] = [a.astype("float64"), b.astype("float64")];
      const sum = low.add(high);
      const own = logBeta(low, high)
        .sub(low.sub(1).mul(digamma(low)))
        .sub(high.sub(1).mul(digamma(high)))
        .add(sum.sub(2).mul(digamma(sum)));
      return spread(own.astype(dtype), batchShape);
    },
  };
}

/** log B(a, b) in float64. */
export function logBeta(a: Tensor, b: Tensor): Tensor {
  return logGamma(a)
    .add(logGamma(b))
    .sub(logGamma(a.add(b)));
}
