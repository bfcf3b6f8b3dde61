/**
 * Multi-head attention of a sequence to itself (Vaswani et al., NeurIPS 2017, section 3.2): for each head, with queries,
 * keys and values that are parts of three products of x,
 *
 *     softmax(Q Kᵀ / √size) V,   size = features / heads;   the heads side by side, times the output weights
 *
 * The four products are dense layers, so that a curvature optimizer has a Kronecker block for each; softmax and products of
 * queries, keys and values have no parameters.
 */
import {
  type DenseWeights,
  type Key,
  type Layers,
  type Tensor,
  nn,
  np,
  plainLayers,
  random,
} from "../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Initialiser, glorotUniform } from "./initialisers.ts";

export type AttentionWeights = {
  /** Each [features, features] with a bias [features]. */
  query: Required<DenseWeights>;
  key: Required<DenseWeights>;
  value: Required<DenseWeights>;
  output: Required<DenseWeights>;
};

export interface InitAttentionOptions {
  features: number;
  /** How weights are drawn. Default `glorotUniform`. */
  weights?: Initialiser;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface AttentionOptions {
  /** Heads, which divide the features. Default 1. */
  heads?: number;
  /** Whether a position sees itself and those before it only. Default false. */
  isCausal?: boolean;
  /** What computes the four products. Default `plainLayers`. */
  layers?: Layers;
}

/** Random weights, biases 0. */
export function initAttention(key: Key, options: InitAttentionOptions): AttentionWeights {
  requireKnownOptions("initAttention", options, ["features", "weights", "dtype"]);
  const { features, weights = glorotUniform, dtype = "float32" } = options;
  requireInteger("initAttention", "features", features, 1);
  const layer = (name: string): Required<DenseWeights> => ({
    weights: weights(random.foldIn(key, name), [features, features], dtype),
    bias: np.zeros([features], { dtype }),
  });
  return { query: layer("query"), key: layer("key"), value: layer("value"), output: layer("output") };
}

/**
 * The attention of x [batch, time, features] to itself, in the same shape.
 *
 * @throws ShapeError for x of another shape; OptionError for heads that do not divide the features.
 *
 * @example
 * const y = attention(theta.attention, x, { heads: 4, isCausal: true, layers });
 */
export function attention(weights: AttentionWeights, x: Tensor, options: AttentionOptions = {}): Tensor {
  requireKnownOptions("attention", options, ["heads", "isCausal", "layers"]);
  const { heads = 1, isCausal = false, layers = plainLayers } = options;
  requireInteger("attention", "heads", heads, 1);
  const features = weights.query.weights.shape[0]!;
  if (x.ndim !== 3 || x.shape[2] !== features)
    throw new ShapeError("attention", `x must be [batch, time, ${features}], got ${x.toString()}.`);
  if (features % heads !== 0)
    throw new OptionError("attention", "heads", heads, `a divisor of the ${features} features`);
  const [batch, time] = x.shape as [number, number];
  const size = features / heads;
  const byHead = (y: Tensor): Tensor => np.transpose(y.reshape([batch, time, heads, size]), [0, 2, 1, 3]);
  const [queries, keys, values] = (["query", "key", "value"] as const).map((name) =>
    byHead(layers.dense(weights[name], x)),
  ) as [Tensor, Tensor, Tensor];
  const scores = np.matmul(queries, np.swapaxes(keys, 2, 3)).div(Math.sqrt(size));
  const weightsOf = nn.softmax(isCausal ? masked(scores) : scores, -1);
  const seen = np.transpose(np.matmul(weightsOf, values), [0, 2, 1, 3]).reshape([batch, time, features]);
  return layers.dense(weights.output, seen);
}

/** Scores [batch, heads, time, time] with -1e30 for later positions: -Infinity would make NaN of derivatives. */
function masked(scores: Tensor): Tensor {
  const time = np.arange(scores.shape[2]!);
  const isSeen = time.reshape([-1, 1]).greaterEqual(time.reshape([1, -1]));
  return np.where(isSeen, scores, -1e30) as Tensor;
}
