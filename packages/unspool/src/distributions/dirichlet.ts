/**
 * Points of the simplex:
 *
 *     log p(x) = sum (α_i - 1) log x_i - sum log Γ(α_i) + log Γ(sum α_i),   x_i > 0,   sum x_i = 1
 */
import { type Tensor, np, random } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import { digamma } from "./digamma.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import { logGamma } from "./logGamma.ts";
import {
  drawnShape,
  floatParameters,
  isPositive,
  requireDraws,
  requireEvery,
  requireNames,
} from "./parameters.ts";

export interface DirichletParameters {
  /** α [..., n], each above 0. */
  concentration: Parameter;
}

export interface DirichletDistribution extends Distribution {
  readonly name: "dirichlet";
  /** [...batch, n]. */
  readonly parameters: { readonly concentration: Tensor };
}

/** How far a sum of shares may be from 1, by rounding; those in float64 may once have been float32. */
const slack = { float32: 1e-5, float64: 1e-6 };

/**
 * Shares [n] of 1 with mean concentration / sum. Draws carry derivatives, implicit ones of n gamma numbers. Off the simplex
 * (sums may differ from 1 by rounding) the log-density is -Infinity, where a share is 0 its limit. Computed in float64 inside.
 *
 * @throws OptionError for a known concentration that is not above 0; ShapeError without a last axis.
 *
 * @example
 * dirichlet({ concentration: [1, 1, 1] }).logProb(np.array([0.2, 0.3, 0.5])); // log 2
 */
export function dirichlet(parameters: DirichletParameters): DirichletDistribution {
  const where = "dirichlet";
  requireNames(where, parameters, ["concentration"]);
  const given = floatParameters(where, { concentration: parameters.concentration });
  const { concentration } = given.beside();
  const n = concentration.shape.at(-1);
  if (n === undefined || n === 0)
    throw new ShapeError(where, `concentration must be [..., n], got ${concentration.toString()}.`);
  requireEvery(where, "concentration", concentration, isPositive, "a finite number above 0");
  const batchShape = concentration.shape.slice(0, -1);
  const { dtype } = given;
  const shares = (): Tensor => concentration.div(concentration.sum(-1, { keepdims: true }));
  return {
    name: where,
    batchShape,
    eventShape: [n],
    isReparameterised: true,
    get parameters() {
      return { concentration };
    },
    sample: (key, shape) =>
      random.dirichlet(key, concentration, drawnShape(where, shape, batchShape), { dtype }),
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, [n]);
      const own = given.beside(value).concentration;
      const [at, alpha] = [value.astype("float64"), own.astype("float64")];
      const most = value.dtype === "float64" && own.dtype === "float64" ? slack.float64 : slack.float32;
      const isWhole = np.abs(at.sum(-1).sub(1)).lessEqual(most);
      const isOn = np.logicalAnd(isWhole, at.greaterEqual(0).all(-1));
      const isZero = at.equal(0);
      const safe = np.where(at.greater(0), at, 1);
      const inside = alpha.sub(1).mul(np.log(safe)).sum(-1).sub(logNormaliser(alpha));
      // A share of 0 weighs nothing for α = 1; else the density there is 0 or infinite, and 0 where both meet.
      const isNone = np.logicalAnd(isZero, alpha.greater(1)).any(-1);
      const isEndless = np.logicalAnd(isZero, alpha.less(1)).any(-1);
      const onSimplex = np.where(isNone, -Infinity, np.where(isEndless, Infinity, inside));
      const outside = np.where(np.isnan(at).any(-1), NaN, -Infinity);
      return np.where(isOn, onSimplex, outside).astype(own.dtype);
    },
    mean: shares,
    variance() {
      const share = shares();
      return share.mul(share.neg().add(1)).div(concentration.sum(-1, { keepdims: true }).add(1));
    },
    entropy() {
      const alpha = concentration.astype("float64");
      const sum = alpha.sum(-1);
      const terms = alpha.sub(1).mul(digamma(alpha)).sum(-1);
      const own = logNormaliser(alpha)
        .add(sum.sub(n).mul(digamma(sum)))
        .sub(terms);
      return own.astype(dtype);
    },
  };
}

/** sum log Γ(α_i) - log Γ(sum α_i), in float64. */
export function logNormaliser(alpha: Tensor): Tensor {
  return logGamma(alpha)
    .sum(-1)
    .sub(logGamma(alpha.sum(-1)));
}
