/**
 * A block of a transformer (Vaswani et al., NeurIPS 2017) with the norms in front of its parts, as in GPT-2 (Radford et al.
 * 2019; Xiong et al., ICML 2020), where training needs no warm-up:
 *
 *     x ← x + attention(norm(x)),   x ← x + W₂ between(W₁ norm(x) + b₁) + b₂
 */
import { type Key, type Layers, type Tensor, nn, plainLayers, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type AttentionWeights, attention, initAttention } from "./attention.ts";
import { type LayerNormWeights, initLayerNorm, layerNorm } from "./layerNorm.ts";
import { type Layer, applyMlp, initMlp } from "./mlp.ts";

export type TransformerBlockWeights = {
  attentionNorm: LayerNormWeights;
  attention: AttentionWeights;
  networkNorm: LayerNormWeights;
  /** [features, units], and back. */
  network: Layer[];
};

export interface InitTransformerBlockOptions {
  features: number;
  /** Units of the hidden layer. Default: four times the features. */
  units?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface TransformerBlockOptions {
  /** Heads, which divide the features. Default 1. */
  heads?: number;
  /** Whether a position sees itself and those before it only. Default false. */
  isCausal?: boolean;
  /** After the hidden layer. Default `nn.relu`. */
  between?: (x: Tensor) => Tensor;
  /** What computes products, scales and shifts. Default `plainLayers`. */
  layers?: Layers;
}

/** Random weights as those of `initAttention` and `initMlp`; norms that change nothing. */
export function initTransformerBlock(
  key: Key,
  options: InitTransformerBlockOptions,
): TransformerBlockWeights {
  requireKnownOptions("initTransformerBlock", options, ["features", "units", "dtype"]);
  const { features, units = 4 * features, dtype = "float32" } = options;
  requireInteger("initTransformerBlock", "features", features, 1);
  requireInteger("initTransformerBlock", "units", units, 1);
  return {
    attentionNorm: initLayerNorm(features, { dtype }),
    attention: initAttention(random.foldIn(key, "attention"), { features, dtype }),
    networkNorm: initLayerNorm(features, { dtype }),
    network: initMlp(random.foldIn(key, "network"), [features, units, features], { dtype }),
  };
}

/**
 * The block's output for x [batch, time, features], in the same shape.
 *
 * @throws ShapeError and OptionError as `attention`.
 *
 * @example
 * const y = theta.blocks.reduce((x, block) => transformerBlock(block, x, { heads: 2, isCausal: true }), embedded);
 */
export function transformerBlock(
  weights: TransformerBlockWeights,
  x: Tensor,
  options: TransformerBlockOptions = {},
): Tensor {
  requireKnownOptions("transformerBlock", options, ["heads", "isCausal", "between", "layers"]);
  const { heads = 1, isCausal = false, between = nn.relu, layers = plainLayers } = options;
  const seen = layerNorm(weights.attentionNorm, x, { layers });
  const attended = x.add(attention(weights.attention, seen, { heads, isCausal, layers }));
  const normed = layerNorm(weights.networkNorm, attended, { layers });
  return attended.add(applyMlp(weights.network, normed, layers, between));
}
