/**
 * The direction in which parameters get better, from what their perturbations were worth: the policy gradient of an
 * actor whose action is the parameter vector w ~ N(theta, sigma² I), chosen once per segment (Lei et al., arXiv
 * 2201.12518).
 *
 *     g = sum_i w_i eps_i / sigma        of the return: to be ascended
 */
import { OptionError, ShapeError, requireKnownOptions, requirePositive } from "../../errors.ts";
import { type SegmentWeightOptions, segmentWeights } from "./segmentWeights.ts";

export interface ZerothOrderGradientOptions extends SegmentWeightOptions {
  /** Standard deviation of the perturbations, by which is divided; absent: it is not (an Adam does not see it). */
  sigma?: number;
}

/**
 * Gradient of the return, [parameters] in float64, from one advantage and one standard normal perturbation
 * eps_i [parameters] per segment.
 *
 * @example
 * zerothOrderGradient(segmentAdvantages(record), perturbations, { sigma: 0.1, isNormalized: false });
 */
export function zerothOrderGradient(
  advantages: ArrayLike<number>,
  perturbations: readonly ArrayLike<number>[],
  options: ZerothOrderGradientOptions = {},
): Float64Array {
  const where = "zerothOrderGradient";
  requireKnownOptions(where, options, ["sigma", "elitism", "eliteBy", "isNormalized"]);
  const { sigma, ...kept } = options;
  if (sigma !== undefined) requirePositive(where, "sigma", sigma);
  const size = perturbations[0]?.length;
  if (size === undefined) throw new OptionError(where, "perturbations", perturbations, "at least one");
  if (perturbations.length !== advantages.length || perturbations.some(({ length }) => length !== size)) {
    throw new ShapeError(
      where,
      `perturbations must be ${advantages.length} rows of one length, one for each advantage, got ${perturbations.length} of ${size}.`,
    );
  }
  const weights = segmentWeights(advantages, kept);
  const gradient = new Float64Array(size);
  perturbations.forEach((row, i) => {
    for (let j = 0; j < size; j++) gradient[j]! += (weights[i]! * row[j]!) / (sigma ?? 1);
  });
  return gradient;
}
