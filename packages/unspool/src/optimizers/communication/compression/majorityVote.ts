/**
 * signSGD with majority vote (Bernstein, Wang, Azizzadenesheli & Anandkumar, ICML 2018, Algorithm 3).
 *
 *     worker:  send sign(g_w)
 *     all:     sign(Σ_w sign(g_w))
 *
 * A tie, as a zero, gives 0.
 */
import { type Tensor, np, tree } from "../../../array/index.ts";
import { isFloatLeaf } from "../../leaves.ts";
import { leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";
import { reduceOver } from "./reduceOver.ts";

export const majorityVoteDefaults: Record<string, never> = {};

/**
 * Signs go up, the sign of the majority comes down: steps of one size for all elements, so its learning rates are
 * those of sign methods. Cost: no memory; 1 bit per element.
 */
export function majorityVote(): StatelessCompressor {
  const signs: StatelessCompressor = {
    name: "majorityVote",
    isUnbiased: false,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => {
        const sign = np.sign(leaf) as Tensor;
        return { message: sign, decoded: sign, bytes: Math.ceil(leaf.size / 8) };
      }),
      state: {},
    }),
  };
  return {
    ...signs,
    reduce(gradients, states, key) {
      const sent = reduceOver(signs, gradients, states, key);
      const vote = (leaf: Tensor) => (isFloatLeaf(leaf) ? (np.sign(leaf) as Tensor) : leaf);
      return { ...sent, mean: tree.map(vote, sent.mean) };
    },
  };
}
