/** Counts with a rate: log p(k) = k log λ - λ - log k!. */
import { type Tensor, np, random } from "../array/index.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import { logGamma } from "./logGamma.ts";
import {
  byDraws,
  drawnShape,
  floatParameters,
  noClosedForm,
  oneOf,
  requireDraws,
  requireEvery,
  requireNames,
  spread,
} from "./parameters.ts";

/** The mean λ >= 0, or its logarithm. */
export type PoissonParameters = { rate: Parameter; logRate?: never } | { logRate: Parameter; rate?: never };

export interface PoissonDistribution extends Distribution {
  readonly name: "poisson";
  /** [...batch]. */
  readonly parameters: { readonly rate: Tensor };
}

/**
 * Counts 0, 1, 2 … with the mean `rate`, or exp(`logRate`). Draws are int32, without derivatives, and exact up to a rate of
 * 2^30; what is no count has the log-probability -Infinity. Computed in float64 inside.
 *
 * @throws OptionError for a known rate below 0 or not finite.
 *
 * @example
 * poisson({ rate: 3 }).logProb(np.array(2)); // -1.4959
 */
export function poisson(parameters: PoissonParameters): PoissonDistribution {
  const where = "poisson";
  requireNames(where, parameters, ["rate", "logRate"]);
  const which = oneOf<"rate" | "logRate">(where, parameters, ["rate", "logRate"]);
  const given = floatParameters(where, { level: (parameters.rate ?? parameters.logRate)! });
  const { level } = given.beside();
  if (which === "rate")
    requireEvery(
      where,
      "rate",
      level,
      (value) => value >= 0 && value < Infinity,
      "a finite number from 0 on",
    );
  else requireEvery(where, "logRate", level, (value) => value < Infinity, "below Infinity");
  const rateOf = (of: Tensor): Tensor => (which === "rate" ? of : np.exp(of));
  const batchShape = level.shape;
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: false,
    get parameters() {
      return { rate: rateOf(level) };
    },
    sample: (key, shape) => random.poisson(key, rateOf(level), drawnShape(where, shape, batchShape)),
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value).level;
      const [k, at] = [value.astype("float64"), own.astype("float64")];
      const isCount = np.logicalAnd(k.greaterEqual(0), k.equal(np.floor(k)));
      const isSeen = np.logicalAnd(isCount, np.logicalAnd(k.greater(0), k.less(Infinity)));
      const count = np.where(isSeen, k, 0);
      // Nothing seen says nothing of log λ, whatever λ: 0 times -Infinity would be NaN.
      const logRate = which === "rate" ? np.log(np.where(isSeen, at, 1)) : np.where(isSeen, at, 0);
      const inside = count
        .mul(logRate)
        .sub(rateOf(at))
        .sub(logGamma(count.add(1)));
      const isPossible = np.logicalAnd(isCount, k.less(Infinity));
      return np.where(isPossible, inside, -Infinity).astype(own.dtype);
    },
    mean: () => rateOf(level),
    variance: () => spread(rateOf(level), batchShape),
    entropy: () => {
      throw noClosedForm(where, "closed form of the entropy", byDraws("-d.logProb(x).mean(0)"));
    },
  };
}
