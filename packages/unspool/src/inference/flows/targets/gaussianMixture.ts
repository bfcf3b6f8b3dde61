/** Equally weighted isotropic normals: log p(x) = logsumexp_k log N(x; m_k, s² I) - log K. */
import { type Tensor, nn, np, random } from "../../../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions, requirePositive } from "../../../errors.ts";
import type { DensityTarget } from "./densityTarget.ts";

export interface GaussianMixtureOptions {
  /** [modes, d]. */
  means: readonly (readonly number[])[];
  /** Standard deviation of each normal. */
  sd: number;
  /** E_p[log p], where it is known. */
  meanLogProb?: number;
  /** Log-densities below this are -Infinity, as in the authors' code. Default -10,000. */
  leastLogProb?: number;
  /** Default "gaussianMixture". */
  name?: string;
}

/** A mixture of normals, normalised: logZ is 0. */
export function gaussianMixture(options: GaussianMixtureOptions): DensityTarget {
  const where = "gaussianMixture";
  requireKnownOptions(where, options, ["means", "sd", "meanLogProb", "leastLogProb", "name"]);
  const { means, sd, meanLogProb, leastLogProb = -1e4, name = where } = options;
  requirePositive(where, "sd", sd);
  if (!Array.isArray(means) || means.length === 0)
    throw new OptionError(where, "means", means, "a list of at least one mean");
  const dim = means[0]!.length;
  if (dim === 0 || means.some((mean) => mean.length !== dim))
    throw new ShapeError(where, "all means must have one number of coordinates.");
  const level = -dim * Math.log(sd) - (dim / 2) * Math.log(2 * Math.PI) - Math.log(means.length);
  return {
    name,
    dim,
    logZ: 0,
    ...(meanLogProb !== undefined && { meanLogProb }),
    logDensity(x) {
      const centres = np.array(means as number[][], { dtype: x.dtype });
      const gaps = x.reshape([x.shape[0]!, 1, dim]).sub(centres.reshape([1, means.length, dim]));
      const each = gaps
        .mul(gaps)
        .sum(2)
        .mul(-0.5 / sd ** 2);
      const logProb = nn.logsumexp(each, 1).add(level);
      return np.where(logProb.less(leastLogProb), -Infinity, logProb) as Tensor;
    },
    sample(key, count) {
      const chosen = random.randint(random.foldIn(key, "mode"), [count], 0, means.length);
      const noise = random.normal(random.foldIn(key, "noise"), [count, dim]).mul(sd);
      return (np.take(np.array(means as number[][]), chosen, 0) as Tensor).add(noise);
    },
    modes: { centres: means, radius: 3 * sd },
  };
}
