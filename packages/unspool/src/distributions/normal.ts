/**
 * Normal numbers:
 *
 *     log p(x) = -z² / 2 - log sd - log(2 π) / 2,   z = (x - mean) / sd
 */
import { type Tensor, np, random } from "../array/index.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import {
  drawnShape,
  floatParameters,
  isPositive,
  jointShape,
  oneOf,
  requireDraws,
  requireEvery,
  requireFinite,
  requireNames,
  spread,
} from "./parameters.ts";

const logRoot2Pi = Math.log(2 * Math.PI) / 2;

/** The mean, and the standard deviation or its logarithm; they broadcast. */
export type NormalParameters =
  { mean: Parameter; sd: Parameter; logSd?: never } | { mean: Parameter; logSd: Parameter; sd?: never };

export interface NormalDistribution extends Distribution {
  readonly name: "normal";
  /** Of the shape [...batch] each. */
  readonly parameters: { readonly mean: Tensor; readonly sd: Tensor; readonly logSd: Tensor };
}

/**
 * N(mean, sd²), with the standard deviation `sd` > 0 or its logarithm `logSd`, which has no border to stay away from.
 * Draws are mean + sd ε with the float32 normals of `random.normal`.
 *
 * @throws OptionError where `sd` is known and not above 0, a parameter known and not finite, or for a parameter of another name.
 *
 * @example
 * normal({ mean: 0, sd: [1, 2] }).logProb(np.array(0.5)); // float32[2]: [-1.044, -1.643]
 */
export function normal(parameters: NormalParameters): NormalDistribution {
  return normalNumbers("normal", parameters);
}

/** The same under the name by which errors call it. */
export function normalNumbers(where: string, parameters: NormalParameters): NormalDistribution {
  requireNames(where, parameters, ["mean", "sd", "logSd"]);
  const which = oneOf<"sd" | "logSd">(where, parameters, ["sd", "logSd"]);
  const given = floatParameters(where, {
    mean: parameters.mean,
    width: (parameters.sd ?? parameters.logSd)!,
  });
  const { mean, width } = given.beside();
  const batchShape = jointShape(where, mean.shape, width.shape);
  requireFinite(where, "mean", mean);
  if (which === "sd") requireEvery(where, "sd", width, isPositive, "a finite number above 0");
  else requireFinite(where, "logSd", width);
  const deviation = (of: Tensor): Tensor => (which === "sd" ? of : np.exp(of));
  const logDeviation = (of: Tensor): Tensor => (which === "sd" ? np.log(of) : of);
  return {
    name: "normal",
    batchShape,
    eventShape: [],
    isReparameterised: true,
    get parameters() {
      return {
        mean: spread(mean, batchShape),
        sd: spread(deviation(width), batchShape),
        logSd: spread(logDeviation(width), batchShape),
      };
    },
    sample(key, shape) {
      const noise = random.normal(key, drawnShape(where, shape, batchShape), { dtype: given.dtype });
      return noise.mul(deviation(width)).add(mean);
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value);
      const from = value.sub(own.mean);
      const z = which === "sd" ? from.div(own.width) : from.mul(np.exp(own.width.neg()));
      return z.mul(z).mul(-0.5).sub(logDeviation(own.width)).sub(logRoot2Pi);
    },
    mean: () => spread(mean, batchShape),
    variance: () => spread(np.square(deviation(width)), batchShape),
    entropy: () => spread(logDeviation(width).add(0.5 + logRoot2Pi), batchShape),
  };
}
