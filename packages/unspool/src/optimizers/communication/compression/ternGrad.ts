/**
 * TernGrad (Wen, Xu, Yan, Wu, Wang, Chen & Li, NeurIPS 2017): -1, 0 or 1 times the largest magnitude, at random.
 *
 *     g' = clip(g, ± clip · σ),   σ the standard deviation of the leaf
 *     m = max |g'|,   decoded = m · sign(g') · [u < |g'| / m],   u uniform in [0, 1)
 */
import { type Tensor, np, random } from "../../../array/index.ts";
import { requirePositive } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { root } from "../../leaves.ts";
import { bytesPerNumber, givenDraws, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export interface TernGradOptions {
  /** Elements beyond so many standard deviations are cut, which is what little bias there is. Default 2.5; null: never. */
  clip?: number | null;
  /** u, in the structure of the gradient, instead of draws from the key: to reproduce a result. Default null. */
  draws?: unknown;
}

export const ternGradDefaults: Required<TernGradOptions> = { clip: 2.5, draws: null };

/** Three values per leaf. Cost: no memory; 2 bits per element and one number per leaf. */
export function ternGrad(options: TernGradOptions = {}): StatelessCompressor {
  const { clip, draws } = withDefaults("ternGrad", options, ternGradDefaults);
  if (clip !== null) requirePositive("ternGrad", "clip", clip);
  const drawsOf = givenDraws("ternGrad", draws);
  return {
    name: "ternGrad",
    isUnbiased: clip === null,
    init: () => ({}),
    compress: (gradient, _state, key) => ({
      ...leafwise(gradient, (leaf, path, index) => {
        const dtype = leaf.dtype === "float64" ? "float64" : "float32";
        const u = drawsOf(path, leaf) ?? random.uniform(random.foldIn(key, index), leaf.shape, { dtype });
        const cut = clip === null || leaf.size < 2 ? leaf : clipped(leaf, clip);
        const top = (np.abs(cut) as Tensor).max();
        const trit = ternary(cut, top, u);
        return {
          message: { top, trit: trit.astype("int32") },
          decoded: trit.mul(top),
          bytes: Math.ceil(leaf.size / 4) + bytesPerNumber(leaf),
        };
      }),
      state: {},
    }),
  };
}

/** @internal -1, 0 or 1 for uniform draws u. */
export function ternary(x: Tensor, top: Tensor, u: Tensor): Tensor {
  const isZero = top.equal(0);
  const chance = (np.abs(x) as Tensor).div(np.where(isZero, np.onesLike(top), top) as Tensor);
  return (np.sign(x) as Tensor).mul(u.less(chance).astype(x.dtype));
}

function clipped(leaf: Tensor, clip: number): Tensor {
  const deviation = leaf.sub(leaf.mean());
  const limit = root(deviation.mul(deviation).mean()).mul(clip);
  return np.minimum(np.maximum(leaf, limit.neg()), limit) as Tensor;
}
