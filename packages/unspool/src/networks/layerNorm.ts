/** Layer normalisation (Ba, Kiros and Hinton 2016): each vector to mean 0 and variance 1, then a learned scale and shift. */
import { type Tensor, np } from "../array/index.ts";
import { ShapeError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";

export type LayerNormWeights = {
  /** [features]. */
  scale: Tensor;
  /** [features]. */
  shift: Tensor;
};

/** Scale 1 and shift 0. */
export function initLayerNorm(
  features: number,
  options: { dtype?: "float32" | "float64" } = {},
): LayerNormWeights {
  requireInteger("initLayerNorm", "features", features, 1);
  requireKnownOptions("initLayerNorm", options, ["dtype"]);
  return { scale: np.ones([features], options), shift: np.zeros([features], options) };
}

/**
 * (x - mean) / √(variance + epsilon) · scale + shift over the last axis of x [..., features], with the variance that divides
 * by the number of features. `epsilon` is 1e-5 by default, PyTorch's.
 */
export function layerNorm(weights: LayerNormWeights, x: Tensor, options: { epsilon?: number } = {}): Tensor {
  requireKnownOptions("layerNorm", options, ["epsilon"]);
  const { epsilon = 1e-5 } = options;
  requirePositive("layerNorm", "epsilon", epsilon);
  const features = weights.scale.shape[0]!;
  if (x.shape.at(-1) !== features) {
    throw new ShapeError("layerNorm", `x must be [..., ${features}], got ${x.toString()}.`);
  }
  const from = x.sub(x.mean(-1, { keepdims: true }));
  const variance = from.mul(from).mean(-1, { keepdims: true });
  return from
    .div(np.sqrt(variance.add(epsilon)))
    .mul(weights.scale)
    .add(weights.shift);
}
