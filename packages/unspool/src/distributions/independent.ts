/** Several independent distributions as one of vectors, matrices and so on. */
import type { Distribution } from "./distribution.ts";
import { OptionError, requireInteger } from "../errors.ts";
import { requireDraws } from "./parameters.ts";

export interface IndependentDistribution extends Distribution {
  /** What was made one. */
  readonly base: Distribution;
  /** How many batch axes of `base` are axes of one draw. */
  readonly axes: number;
}

/**
 * `base` with its last `axes` batch axes as axes of one draw: log-densities and entropies are summed over them.
 *
 * @throws OptionError where `base` has fewer batch axes.
 *
 * @example
 * independent(poisson({ rate: np.array([1, 2, 3]) })); // batch [], event [3]
 */
export function independent(base: Distribution, axes = 1): IndependentDistribution {
  requireInteger("independent", "axes", axes, 0);
  const { batchShape } = base;
  if (axes > batchShape.length) {
    const most = `at most the ${batchShape.length} batch axes of ${base.name}, [${batchShape.join(",")}]`;
    throw new OptionError("independent", "axes", axes, most);
  }
  return independentOf(`independent(${base.name})`, base, axes);
}

/** The same under the name by which errors call it. */
export function independentOf(name: string, base: Distribution, axes: number): IndependentDistribution {
  const { batchShape } = base;
  const kept = batchShape.length - axes;
  const eventShape = [...batchShape.slice(kept), ...base.eventShape];
  // Counted from behind: logProb may have axes in front of the batch.
  const summed = Array.from({ length: axes }, (_, i) => -1 - i);
  return {
    name,
    batchShape: batchShape.slice(0, kept),
    eventShape,
    isReparameterised: base.isReparameterised,
    base,
    axes,
    sample: (key, shape) => base.sample(key, shape),
    logProb: (x) => base.logProb(requireDraws(`${name}.logProb`, x, eventShape)).sum(summed),
    mean: () => base.mean(),
    variance: () => base.variance(),
    entropy: () => base.entropy().sum(summed),
  };
}
