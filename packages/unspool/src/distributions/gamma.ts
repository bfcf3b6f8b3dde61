/**
 * Gamma numbers with shape a and rate b:
 *
 *     log p(x) = a log b + (a - 1) log x - b x - log Γ(a),   x > 0
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
export interface GammaParameters {
  /** a > 0; at 1 the distribution is the exponential one. */
  shape: Parameter;
  /** b > 0, the inverse of the scale. */
  rate: Parameter;
}

export interface GammaDistribution extends Distribution {
  readonly name: "gamma";
  /** [...batch] each. */
  readonly parameters: { readonly shape: Tensor; readonly rate: Tensor };
}

/**
 * Positive numbers with mean shape / rate. Draws are those of `random.gamma` (Marsaglia and Tsang 2000) and carry derivatives,
 * by the shape implicit ones. Below 0 the log-density is -Infinity, at 0 its limit. Computed in float64 inside.
 *
 * @throws OptionError for a known parameter that is not above 0.
 *
 * @example
 * gamma({ shape: 2, rate: 0.5 }).mean(); // 4
 */
export function gamma(parameters: GammaParameters): GammaDistribution {
  const where = "gamma";
  requireNames(where, parameters, ["shape", "rate"]);
  const given = floatParameters(where, { shape: parameters.shape, rate: parameters.rate });
  const { shape: a, rate: b } = given.beside();
  requireEvery(where, "shape", a, isPositive, "a finite number above 0");
  requireEvery(where, "rate", b, isPositive, "a finite number above 0");
  const batchShape = jointShape(where, a.shape, b.shape);
  const { dtype } = given;
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: true,
    get parameters() {
      return { shape: spread(a, batchShape), rate: spread(b, batchShape) };
    },
    sample: (key, shape) => random.gamma(key, a, drawnShape(where, shape, batchShape), { dtype }).div(b),
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value);
      const [at, shape, rate] = [value, own.shape, own.rate].map((one) => one.astype("float64"));
      const isInside = np.logicalAnd(at!.greater(0), at!.less(Infinity));
      const safe = np.where(isInside, at!, 1);
      const inside = shape!
        .mul(np.log(rate!))
        .add(shape!.sub(1).mul(np.log(safe)))
        .sub(rate!.mul(safe))
        .sub(logGamma(shape!));
      const limit = np.where(shape!.less(1), Infinity, np.where(shape!.equal(1), np.log(rate!), -Infinity));
      const outside = np.where(at!.equal(0), limit, np.where(np.isnan(at!), NaN, -Infinity));
      return np.where(isInside, inside, outside).astype(own.shape.dtype);
    },
    mean: () => spread(a.div(b), batchShape),
    variance: () => spread(a.div(b.mul(b)), batchShape),
    entropy() {
      const wide = a.astype("float64");
      const slope = wide.neg().add(1).mul(digamma(wide));
      const own = wide
        .add(logGamma(wide))
        .add(slope)
        .sub(np.log(b.astype("float64")));
      return spread(own.astype(dtype), batchShape);
    },
  };
}
