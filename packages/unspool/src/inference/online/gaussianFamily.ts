/**
 * Gaussian pairs with diagonal covariances, the family of Campbell et al. 2021:
 *
 *     q_t(x_t) = N(mean, diag exp(logSd)²),    q_t(x_{t-1} | x_t) = N(m(x_t), diag exp(pastLogSd)²)
 *
 * with a mean m that is affine, a network, or a user's function.
 */
import { type Tensor, np } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type BackwardMean, type BackwardMeanName, backwardMean } from "./backwardKernel.ts";
import type { VariationalFamily } from "./variationalFamily.ts";

export interface GaussianFamilyOptions {
  /** The mean of the backward kernel: "affine", "diagonal", "mlp" (one hidden layer of 100) or one of your own. Default "mlp". */
  past?: BackwardMeanName | BackwardMean;
}

/** All float64. */
export type GaussianPair = {
  /** [dx]. */
  mean: Tensor;
  /** [dx]; never clipped. */
  logSd: Tensor;
  /** Parameters of the backward kernel's mean. */
  past: unknown;
  /** [dx]. */
  pastLogSd: Tensor;
};

const where = "gaussianFamily";

/** Diagonal Gaussian pairs. Throws `OptionError` for a mean that is none. */
export function gaussianFamily(options: GaussianFamilyOptions = {}): VariationalFamily<GaussianPair> {
  requireKnownOptions(where, options, ["past"]);
  const past = backwardMean(options.past ?? "mlp");
  if (typeof past?.init !== "function" || typeof past.mean !== "function") {
    throw new OptionError(
      where,
      "past",
      past,
      '"affine", "diagonal", "mlp" or { name, isAffine, init, mean }',
    );
  }
  const pastOf = ({ past: params, pastLogSd }: GaussianPair, x: Tensor) => ({
    mean: past.mean(params, x),
    logSd: pastLogSd,
  });
  const withPast = (phi: GaussianPair, part: Partial<GaussianPair>): GaussianPair => ({ ...phi, ...part });
  return {
    name: `gaussian, ${past.name}`,
    isReparameterised: true,
    isAffine: past.isAffine,
    init: (key, d) => ({
      mean: np.zeros([d], { dtype: "float64" }),
      logSd: np.zeros([d], { dtype: "float64" }),
      past: past.init(key, d),
      pastLogSd: np.zeros([d], { dtype: "float64" }),
    }),
    sample: ({ mean, logSd }, noise) => noise.mul(np.exp(logSd)).add(mean),
    logProb: ({ mean, logSd }, x) => diagonalNormal({ mean, logSd }).logProb(x),
    samplePast(phi, x, noise) {
      const { mean, logSd } = pastOf(phi, x);
      return noise.mul(np.exp(logSd)).add(mean);
    },
    logProbPast: (phi, earlier, x) => diagonalNormal(pastOf(phi, x)).logProb(earlier),
    moments: ({ mean, logSd }) => ({ mean, sd: np.exp(logSd) }),
    moved: (phi, { mean, sd }) => withPast(phi, { mean, logSd: np.log(sd) as Tensor }),
    withPastSd: (phi, sd) => withPast(phi, { pastLogSd: np.log(sd) as Tensor }),
    ...(past.of !== undefined && {
      withAffinePast: (
        phi: GaussianPair,
        { weights, bias, sd }: { weights: Tensor; bias: Tensor; sd: Tensor },
      ) => withPast(phi, { past: past.of!(weights, bias), pastLogSd: np.log(sd) as Tensor }),
    }),
  };
}
