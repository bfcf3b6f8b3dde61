/**
 * Student's t with location and scale:
 *
 *     log p(x) = log Γ((ν + 1) / 2) - log Γ(ν / 2) - log(ν π) / 2 - log scale - (ν + 1) / 2 log(1 + z² / ν),
 *     z = (x - loc) / scale
 */
import { type Tensor, np, random } from "../array/index.ts";
import { digamma } from "./digamma.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import { logGammaHalfStep } from "./logGammaHalfStep.ts";
import {
  drawnShape,
  floatParameters,
  isPositive,
  jointShape,
  requireDraws,
  requireEvery,
  requireFinite,
  requireNames,
  spread,
} from "./parameters.ts";

/** They broadcast. */
export interface StudentTParameters {
  /** Degrees of freedom ν > 0: 1 is Cauchy's distribution, large values approach the normal one. */
  df: Parameter;
  /** Default 0. */
  loc?: Parameter;
  /** Default 1. The standard deviation is scale √(ν / (ν - 2)). */
  scale?: Parameter;
}

export interface StudentTDistribution extends Distribution {
  readonly name: "studentT";
}

/**
 * loc + scale t, with t of Student's distribution with `df` degrees of freedom. Draws are normals over the root of a gamma
 * number, with derivatives by all parameters (by `df` implicit ones, of `random.gamma`).
 *
 * @throws OptionError where `df` or `scale` is known and not above 0, `loc` known and not finite, or for a parameter of another name.
 *
 * @example
 * studentT({ df: 2, loc: x, scale: 0.1 }).logProb(y);
 */
export function studentT(parameters: StudentTParameters): StudentTDistribution {
  const where = "studentT";
  requireNames(where, parameters, ["df", "loc", "scale"]);
  const given = floatParameters(where, {
    df: parameters.df,
    loc: parameters.loc ?? 0,
    scale: parameters.scale ?? 1,
  });
  const { df, loc, scale } = given.beside();
  requireFinite(where, "loc", loc);
  requireEvery(where, "df", df, isPositive, "a finite number above 0");
  requireEvery(where, "scale", scale, isPositive, "a finite number above 0");
  const batchShape = jointShape(where, df.shape, loc.shape, scale.shape);
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: true,
    sample(key, shape) {
      const full = drawnShape(where, shape, batchShape);
      const noise = random.normal(random.foldIn(key, "normal"), full, { dtype: given.dtype });
      const half = df.mul(0.5);
      const spreading = random.gamma(random.foldIn(key, "gamma"), half, full, { dtype: given.dtype });
      return noise
        .mul(np.sqrt(half.div(spreading)))
        .mul(scale)
        .add(loc);
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value);
      const isFinite = np.isfinite(value);
      const z = np.where(isFinite, value, 0).sub(own.loc).div(own.scale);
      const tail = log1pSquare(z.div(np.sqrt(own.df)))
        .mul(own.df.add(1))
        .mul(0.5);
      const density = logHeight(own.df).sub(np.log(own.scale)).sub(tail);
      return np.where(isFinite, density, np.where(np.isnan(value), NaN, -Infinity));
    },
    mean: () => spread(np.where(df.greater(1), loc, NaN), batchShape),
    variance() {
      const isFinite = df.greater(2);
      const finite = df.div(np.where(isFinite, df.sub(2), 1));
      const ratio = np.where(isFinite, finite, np.where(df.greater(1), Infinity, NaN));
      return spread(ratio.mul(np.square(scale)), batchShape);
    },
    entropy() {
      const half = df.mul(0.5);
      const slope = digamma(half.add(0.5)).sub(digamma(half)).mul(half.add(0.5));
      return spread(slope.sub(logHeight(df)).add(np.log(scale)), batchShape);
    },
  };
}

/** log(1 + u²), also where the square overflows, and its derivative would be 0 times Infinity. */
function log1pSquare(u: Tensor): Tensor {
  const isFar = np.abs(u).greater(1e6);
  const near = np.where(isFar, 0, u);
  const far = np.abs(np.where(isFar, u, 1));
  const beyond = np
    .log(far)
    .mul(2)
    .add(np.square(np.reciprocal(far)));
  return np.where(isFar, beyond, np.log1p(near.mul(near)));
}

/** The log-density at the middle for scale 1. */
function logHeight(df: Tensor): Tensor {
  return logGammaHalfStep(df.mul(0.5)).sub(np.log(df.mul(Math.PI)).mul(0.5));
}
