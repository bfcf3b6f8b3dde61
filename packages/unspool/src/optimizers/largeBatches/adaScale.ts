/**
 * AdaScale SGD (Johnson, Agrawal, Gu & Guestrin, ICML 2020): the learning rate of a batch that is S times larger, from
 * the measured gain of a step over one with a single batch.
 *
 *     gain r = E[σ² + μ²] / E[σ² / S + μ²]  in [1, S]
 *     learning rate = r · η₀(τ),   τ ← τ + r
 *     σ² ≈ S / (S - 1) · (mean |g_i|² - |ḡ|²),   μ² ≈ |ḡ|² - σ² / S
 *
 * g_i are the gradients of the S batches and ḡ their mean; σ² is the variance of one g_i, summed over parameters, and μ²
 * the squared length of its expectation. τ counts steps of the schedule η₀ for a single batch: training ends when τ
 * does, so that gains shorten it. Expectations are running means.
 */
import { OptionError, requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type RunningMean, follow, requireKept } from "./runningMean.ts";

export interface GainOptions {
  /** σ². */
  variance: number;
  /** μ². */
  squaredMean: number;
  /** Batches per step, S. */
  scale: number;
}

/** How many steps with a single batch a step with S batches is worth: 1 without noise, S where noise is all. */
export function adaScaleGain({ variance, squaredMean, scale }: GainOptions): number {
  requireInteger("adaScaleGain", "scale", scale, 1);
  if (!(variance >= 0)) throw new OptionError("adaScaleGain", "variance", variance, "at least 0");
  if (!(squaredMean >= 0)) throw new OptionError("adaScaleGain", "squaredMean", squaredMean, "at least 0");
  const [single, scaled] = [variance + squaredMean, variance / scale + squaredMean];
  return scaled > 0 ? single / scaled : 1;
}

export interface AdaScaleOptions {
  /** η₀: learning rate for a single batch at step τ, which need not be whole. */
  learningRate: (tau: number) => number;
  /** Batches per step, S. */
  scale: number;
  /** Part of the running means that is kept. Default max(0, 1 - S / 1000), as in the paper. */
  kept?: number;
}

/** Plain data. */
export type AdaScaleState = {
  /** τ. */
  tau: number;
  variance: RunningMean;
  squaredMean: RunningMean;
};

/** Squared norms of one step's gradients. */
export interface AdaScaleNorms {
  /** Mean of |g_i|² over the S batches. */
  meanSquare: number;
  /** |ḡ|². */
  squareOfMean: number;
}

export interface AdaScale {
  init(): AdaScaleState;
  /** The learning rate of the step whose gradients have these norms. */
  next(
    state: AdaScaleState,
    norms: AdaScaleNorms,
  ): { learningRate: number; gain: number; state: AdaScaleState };
}

/**
 * A schedule that is scaled by measured gains. With S = 1 it is η₀ itself.
 *
 * @example
 * const rule = adaScale({ learningRate: (tau) => 0.1 * 0.5 ** Math.floor(tau / 1000), scale: 8 });
 * const { learningRate, state } = rule.next(rule.init(), { meanSquare: 2.5, squareOfMean: 0.9 });
 */
export function adaScale(options: AdaScaleOptions): AdaScale {
  const { scale } = options;
  requireInteger("adaScale", "scale", scale, 1);
  const defaults = { ...options, kept: Math.max(0, 1 - scale / 1000) };
  const { learningRate, kept } = withDefaults<AdaScaleOptions>("adaScale", options, defaults);
  requireKept("adaScale", kept);
  if (typeof learningRate !== "function") {
    throw new OptionError("adaScale", "learningRate", learningRate, "a function of the steps done");
  }
  return {
    init: () => ({ tau: 0, variance: { sum: 0, weight: 0 }, squaredMean: { sum: 0, weight: 0 } }),
    next(state, { meanSquare, squareOfMean }) {
      const now = scale === 1 ? 0 : (scale / (scale - 1)) * (meanSquare - squareOfMean);
      const variance = follow(state.variance, now, kept);
      const squaredMean = follow(state.squaredMean, squareOfMean - now / scale, kept);
      const gain = adaScaleGain({
        variance: Math.max(0, variance.mean),
        // The estimate is unbiased, hence sometimes negative.
        squaredMean: Math.max(0, squaredMean.mean),
        scale,
      });
      return {
        learningRate: gain * learningRate(state.tau),
        gain,
        state: { tau: state.tau + gain, variance: variance.running, squaredMean: squaredMean.running },
      };
    },
  };
}
