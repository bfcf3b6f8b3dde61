/** Layer normalisation (Ba, Kiros and Hinton 2016): each vector to mean 0 and variance 1, then a learned scale and shift. */
import { type Layers, type Tensor, np, plainLayers } from "../array/index.ts";
import { ShapeError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";

export type LayerNormWeights = {
  /** [features]. */
  scale: Tensor;
  /** [features]. */
  shift: Tensor;
};

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5, PyTorch's. */
  epsilon?: number;
  /** What computes scale and shift. Default `plainLayers`. */
  layers?: Layers;
}

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
 * by the number of features. Scale and shift are computed through `layers`, so that curvature optimizers see them.
 *
 * @throws ShapeError for x of another number of features; OptionError for an epsilon that is not above 0.
 */
export function layerNorm(weights: LayerNormWeights, x: Tensor, options: LayerNormOptions = {}): Tensor {
  requireKnownOptions("layerNorm", options, ["epsilon", "layers"]);
  const { epsilon = 1e-5, layers = plainLayers } = options;
  requirePositive("layerNorm", "epsilon", epsilon);
  const features = weights.scale.shape[0]!;
  if (x.shape.at(-1) !== features) {
    throw new ShapeError("layerNorm", `x must be [..., ${features}], got ${x.toString()}.`);
  }
  const from = x.sub(x.mean(-1, { keepdims: true }));
  const variance = from.mul(from).mean(-1, { keepdims: true });
  return layers.scaleShift(weights, from.div(np.sqrt(variance.add(epsilon))));
}
