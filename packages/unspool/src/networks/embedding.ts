/** Random tables of the embeddings that `Layers` computes. */
import { type EmbeddingWeights, type Key, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";

export interface InitEmbeddingOptions {
  /** Rows of the table: words, characters, positions. */
  entries: number;
  /** Numbers that stand for one of them. */
  features: number;
  /** Standard deviation of the numbers. Default 1, PyTorch's. */
  sigma?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * A table [entries, features] of N(0, sigma²), for `layers.embedding(weights, indices)` with int32 indices [batch, …].
 *
 * @throws OptionError for sizes that are no positive integers.
 *
 * @example
 * const table = initEmbedding(key, { entries: 27, features: 16 });
 * plainLayers.embedding(table, np.array([[0, 3]], { dtype: "int32" })); // [1, 2, 16]
 */
export function initEmbedding(key: Key, options: InitEmbeddingOptions): EmbeddingWeights {
  const where = "initEmbedding";
  requireKnownOptions(where, options, ["entries", "features", "sigma", "dtype"]);
  const { entries, features, sigma = 1, dtype = "float32" } = options;
  requireInteger(where, "entries", entries, 1);
  requireInteger(where, "features", features, 1);
  requirePositive(where, "sigma", sigma);
  return { table: random.normal(key, [entries, features], { dtype }).mul(sigma) };
}
