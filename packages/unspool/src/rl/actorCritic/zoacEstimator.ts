/**
 * The zeroth-order actor-critic's gradient (ZOAC; Lei et al., arXiv 2201.12518, IEEE Trans. Evolutionary Computation
 * 2025; arXiv 2209.04854): theta is perturbed anew every N steps within an episode, and each segment is judged by an
 * advantage from a critic that is trained by backpropagation. Neither the policy nor the environment is differentiated.
 *
 *     a_t = pi(theta + sigma eps_i, s_t) for N steps,   eps_i ~ N(0, I)
 *     A_i = sum_k (gamma lambda)^k delta_{t_i + k},     g = mean of A_i eps_i / sigma
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { GradientEstimator } from "../../estimators/index.ts";
import type { Policy } from "../environments/environment.ts";
import { type SegmentWeightOptions, segmentWeightOptions, segmentWeights } from "./segmentWeights.ts";
import { type ZoacCommonOptions, type ZoacParts, commonNames, zoacParts } from "./zoacOptions.ts";
import { type ZoacMetrics, type ZoacState, initZoac, playAndJudge } from "./zoacUpdate.ts";

export interface ZoacEstimatorOptions<Theta> extends ZoacCommonOptions<Theta>, SegmentWeightOptions {
  /** Segments of each sampler per update, H. Default 5. */
  segments?: number;
  /** Whether the gradient is divided by sigma, which makes it one; an Adam does not see it. Default false. */
  isDividedBySigma?: boolean;
}

export const estimatorNames: readonly (keyof ZoacEstimatorOptions<unknown>)[] = [
  ...commonNames,
  "segments",
  "isDividedBySigma",
  "elitism",
  "eliteBy",
  "isNormalized",
];

export interface ZoacEstimator<Theta> extends GradientEstimator<Theta, ZoacState> {
  /** Its options as data. */
  readonly recipe: ZoacParts<Theta>["recipe"];
  readonly parts: ZoacParts<Theta>;
}

/**
 * A gradient of minus the return. The loss is minus the mean of what the return from the segments' starts on is estimated
 * to be. Metrics: episodes that have ended and their `meanReturn`, `advantageStd`, `criticLoss`.
 *
 * Cost: at most samplers · segments · segmentLength steps, and the critic's epochs over them.
 *
 * Throws `NonFiniteError` for a reward or an action that is not finite.
 */
export function zoacEstimator<Theta>(options: ZoacEstimatorOptions<Theta>): ZoacEstimator<Theta> {
  const where = "zoac";
  requireKnownOptions(where, options, estimatorNames);
  const { segments = 5, isDividedBySigma = false, sigma = 0.1 } = options;
  requireInteger(where, "segments", segments, 1);
  const parts = zoacParts(where, options, segments);
  const { player } = parts;
  const kept = segmentWeightOptions(where, options, player.samplers * segments);
  return {
    name: where,
    parts,
    recipe: { ...parts.recipe, ...kept, segments, isDividedBySigma },
    init: (theta, key) => initZoac(parts, theta, key),
    estimate(theta, state, key) {
      let playKey = key;
      const made = playAndJudge(parts, theta, state, key, (samplers, own) => {
        playKey = own;
        return player.play(theta, samplers, own, segments);
      });
      const weights = segmentWeights(made.judged.advantages, kept);
      const sum = player.weigh(theta, playKey, weights);
      const scale = isDividedBySigma ? -1 / sigma : -1;
      const gradient = tree.map((leaf, g) => (g as Tensor).mul(scale).astype(leaf.dtype), theta, sum);
      const metrics: ZoacMetrics = made.metrics;
      return { loss: made.loss, gradient: withoutFilter(parts.policy, gradient), state: made.state, metrics };
    },
  };
}

/** A filter is not trained. */
function withoutFilter<Theta>({ filter }: Policy<Theta>, gradient: Theta): Theta {
  if (filter === undefined) return gradient;
  const { mean, std } = filter.get(gradient);
  return filter.set(gradient, { mean: np.zerosLike(mean), std: np.zerosLike(std) });
}
