/**
 * A weighted sum of the last gradients of a tensor, whose weights depend on how these gradients lie to each other: the
 * softmax of their negative cosines. Maheswaranathan et al., NeurIPS 2021, a rival of their recurrent optimizers.
 *
 *     C_ij = -(g_i · g_j) / (|g_i| |g_j| + 1e-6),   a = softmax over i (C) v,   p ← p - Σ_k (w_k + a_k) g_{t-k}
 *
 * Unlike componentwise optimizers it sees each tensor as a whole.
 */
import { type Key, type Tensor, type Tree, nn, np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { asType, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, root } from "../leaves.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";

export interface GradientGramOptions {
  /** Gradients that are remembered, K. Default 10. */
  length?: number;
}

export type GradientGramMeta = {
  /** w, [K]; that of the latest gradient first. */
  weights: Tensor;
  /** v, [K]. */
  gramWeights: Tensor;
};

export type GradientGramState = {
  step: Tensor;
  /** For each tensor of theta the last K gradients, [K, …shape], the latest first. */
  gradients: Tree;
};

export const gradientGramDefaults: Required<GradientGramOptions> = { length: 10 };

/** In the denominator of the cosines: gradients of 0 before the first step have cosine 0. */
const smallestProduct = 1e-6;

/** All weights start at 0. Cost: K copies of theta, K² products of its size per update. */
export function gradientGram(
  options: GradientGramOptions = {},
): LearnedOptimizer<GradientGramMeta, GradientGramState> {
  const name = "gradientGram";
  const { length } = withDefaults(name, options, gradientGramDefaults);
  requireInteger(name, "length", length, 1);
  return {
    name,
    init: (_key: Key) => ({ weights: np.zeros([length]), gramWeights: np.zeros([length]) }),
    optimizer(given) {
      const meta = given as GradientGramMeta;
      return {
        name,
        init: (theta) => ({
          step: counter(),
          gradients: mapFloats((x) => np.zeros([length, ...x.shape], { dtype: x.dtype }), theta as Tree),
        }),
        update(gradient, { step, gradients }, theta) {
          requireGradient(name, theta, gradient, { step });
          const seen = mapFloats(
            (past, g) =>
              isFloatLeaf(g)
                ? np.concatenate([g.reshape([1, ...g.shape]), past.slice([0, length - 1])], 0)
                : past,
            gradients,
            gradient,
          );
          return {
            theta: mapFloats((x, past) => x.sub(weighted(meta, past).reshape([...x.shape])), theta, seen),
            state: { step: advance(step), gradients: seen },
          };
        },
      };
    },
  };
}

/** Σ_k (w_k + a_k) g_{t-k} as a vector, from gradients [K, …]. */
function weighted({ weights, gramWeights }: GradientGramMeta, past: Tensor): Tensor {
  const rows = past.reshape([past.shape[0]!, -1]);
  const products = np.matmul(rows, rows.transpose());
  const norms = root(np.square(rows).sum(1));
  const cosines = products.div(
    norms
      .reshape([-1, 1])
      .mul(norms.reshape([1, -1]))
      .add(smallestProduct),
  );
  const attention = np.matmul(nn.softmax(cosines.neg(), 0), asType(gramWeights, past.dtype));
  return np.matmul(attention.add(asType(weights, past.dtype)), rows);
}
