/**
 * Gradient noise scale (McCandlish, Kaplan, Amodei & OpenAI Dota Team, arXiv 2018, section 2 and appendix A.1): the
 * batch size up to which a step gains about as much as its batch grows.
 *
 *     B_simple = tr Σ / |G|²      (Σ: covariance of the gradients of single examples, G: their mean)
 *     |G|² ≈ (B_b |g_b|² - B_s |g_s|²) / (B_b - B_s)
 *     tr Σ ≈ (|g_s|² - |g_b|²) / (1 / B_s - 1 / B_b)
 *
 * g_s and g_b are gradients of a small and a large batch. Both estimators are unbiased and may be negative; their
 * ratio is not, so average each over steps before dividing.
 */
import { type Tensor, type Tensors, grad, np, tree, vmap } from "../array/index.ts";
import { OptionError, requireInteger } from "../errors.ts";
import { compiled } from "../unroll/index.ts";

export interface SquaredNorms {
  /** Examples per small batch, B_s. */
  smallBatch: number;
  /** Examples per large batch, B_b. */
  largeBatch: number;
  /** |g_s|², or its mean over small batches. */
  smallSquare: number;
  /** |g_b|². */
  largeSquare: number;
}

export interface NoiseScale {
  /** Estimate of |G|². */
  squaredGradient: number;
  /** Estimate of tr Σ. */
  noiseTrace: number;
  /** B_simple, in examples. Infinite where the estimate of |G|² is not above 0. */
  noiseScale: number;
}

/** Both estimates from squared norms at two batch sizes. */
export function noiseScale({ smallBatch, largeBatch, smallSquare, largeSquare }: SquaredNorms): NoiseScale {
  requireInteger("noiseScale", "smallBatch", smallBatch, 1);
  if (!(largeBatch > smallBatch)) {
    throw new OptionError("noiseScale", "largeBatch", largeBatch, `above smallBatch (${smallBatch})`);
  }
  const squaredGradient = (largeBatch * largeSquare - smallBatch * smallSquare) / (largeBatch - smallBatch);
  return ratio(squaredGradient, (smallSquare - largeSquare) / (1 / smallBatch - 1 / largeBatch));
}

/** The mean of several estimates: the ratio of the means, not the mean of the ratios. */
export function meanNoiseScale(estimates: readonly NoiseScale[]): NoiseScale {
  if (estimates.length === 0) {
    throw new OptionError("meanNoiseScale", "estimates", estimates, "at least one estimate");
  }
  const mean = (of: (one: NoiseScale) => number): number =>
    estimates.reduce((sum, one) => sum + of(one), 0) / estimates.length;
  return ratio(
    mean((one) => one.squaredGradient),
    mean((one) => one.noiseTrace),
  );
}

function ratio(squaredGradient: number, noiseTrace: number): NoiseScale {
  return {
    squaredGradient,
    noiseTrace,
    noiseScale: squaredGradient > 0 ? noiseTrace / squaredGradient : Infinity,
  };
}

/** Measures the noise scale of a loss at a theta. */
export type NoiseScaleMeter<Theta, Batch> = (theta: Theta, batches: Batch) => NoiseScale;

/**
 * The noise scale from the gradients of n small batches, whose mean is the gradient of the large one: what data
 * parallel workers compute anyway. `loss` is a mean over the `batchSize` examples of a batch; `batches` has a leading
 * axis [n, …] of at least two. Compiled once. Cost: n gradients.
 *
 * @example
 * const measure = noiseScaleMeter((network: Network, data: LabelledData) => loss(network, data), 50);
 * const { noiseScale } = measure(network, { inputs, labels }); // inputs [n, 50, features], labels [n, 50]
 */
export function noiseScaleMeter<Theta, Batch>(
  loss: (theta: Theta, batch: Batch) => Tensor,
  batchSize: number,
): NoiseScaleMeter<Theta, Batch> {
  requireInteger("noiseScaleMeter", "batchSize", batchSize, 1);
  const squares = compiled("noiseScale", (theta: Theta, batches: Batch) => {
    const gradients = vmap((batch: Batch) => grad((at: Theta) => loss(at, batch))(theta))(
      batches,
    ) as Tensors<Theta>;
    const means = tree.map((g) => g.mean(0), gradients);
    const count = tree.leaves(batches)[0]!.shape[0]!;
    return { small: squaredNorm(gradients).div(count), large: squaredNorm(means) };
  });
  return (theta, batches) => {
    const count = tree.leaves(batches)[0]?.shape[0] ?? 0;
    requireInteger("noiseScaleMeter", "the leading axis of batches", count, 2);
    const { small, large } = squares(theta, batches);
    return noiseScale({
      smallBatch: batchSize,
      largeBatch: count * batchSize,
      smallSquare: small.item(),
      largeSquare: large.item(),
    });
  };
}

/** Squares in the dtype of their leaf, and their sums over leaves in float64. */
function squaredNorm(of: unknown): Tensor {
  return tree
    .leaves(of)
    .map((leaf) => leaf.mul(leaf).sum().astype("float64"))
    .reduce((sum, square) => sum.add(square), np.zeros([], { dtype: "float64" }));
}
