/**
 * QSGD (Alistarh, Grubic, Li, Tomioka & Vojnovic, NeurIPS 2017): levels between 0 and the norm, rounded at random so
 * that the mean is right.
 *
 *     r = s · |g| / ‖g‖₂,   ξ = ⌊r⌋ + [u < r - ⌊r⌋],   u uniform in [0, 1)
 *     decoded = ‖g‖₂ · sign(g) · ξ / s            (per bucket)
 */
import { type Tensor, np, random } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { normAlong } from "../../leaves.ts";
import { bytesPerNumber, flat, givenDraws, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export interface QsgdOptions {
  /** Levels s above 0. Default 4. */
  levels?: number;
  /** Elements that share a norm. Default 512, the paper's. */
  bucket?: number;
  /** u, in the structure of the gradient, instead of draws from the key: to reproduce a result. Default null. */
  draws?: unknown;
}

export const qsgdDefaults: Required<QsgdOptions> = { levels: 4, bucket: 512, draws: null };

/**
 * Unbiased. The size is that of the paper's dense code: a norm per bucket, ξ + 1 in Elias' gamma code and a sign where
 * ξ is not 0, so it depends on the numbers. Cost: no memory; about 1 to 3 bits per element for 4 levels, and one
 * number per bucket.
 */
export function qsgd(options: QsgdOptions = {}): StatelessCompressor {
  const { levels, bucket, draws } = withDefaults("qsgd", options, qsgdDefaults);
  requireInteger("qsgd", "levels", levels, 1);
  requireInteger("qsgd", "bucket", bucket, 1);
  const drawsOf = givenDraws("qsgd", draws);
  return {
    name: "qsgd",
    isUnbiased: true,
    init: () => ({}),
    compress: (gradient, _state, key) => ({
      ...leafwise(gradient, (leaf, path, index) => {
        const { dtype, size } = leaf;
        const width = Math.min(bucket, size);
        const buckets = Math.ceil(size / width);
        const inRows = (of: Tensor): Tensor =>
          (np.pad(flat(of), [[0, buckets * width - size]]) as Tensor).reshape([buckets, width]);
        const rows = inRows(leaf);
        const norm = normAlong(rows, [1]).length;
        const known = drawsOf(path, leaf);
        const u =
          known === undefined
            ? random.uniform(random.foldIn(key, index), [buckets, width], { dtype: floatOf(dtype) })
            : inRows(known);
        const level = randomLevels(rows, norm, levels, u);
        const sign = np.sign(rows) as Tensor;
        const decoded = norm.mul(sign).mul(level).div(levels);
        return {
          message: { norm, code: sign.mul(level).astype("int32") },
          decoded: unpadded(decoded, leaf),
          bytes: eliasBits(unpadded(level, leaf), levels)
            .add(8 * buckets * bytesPerNumber(leaf))
            .div(8),
        };
      }),
      state: {},
    }),
  };
}

/** @internal ξ for uniform draws u. */
export function randomLevels(x: Tensor, norm: Tensor, levels: number, u: Tensor): Tensor {
  const isZero = norm.equal(0);
  const r = (np.abs(x) as Tensor).mul(levels).div(np.where(isZero, np.onesLike(norm), norm) as Tensor);
  const floor = np.floor(r) as Tensor;
  return floor.add(u.less(r.sub(floor)).astype(x.dtype));
}

/** Σ 2 ⌊log₂(ξ + 1)⌋ + 1, and a sign bit where ξ > 0: float64 scalar. */
function eliasBits(level: Tensor, levels: number): Tensor {
  let bits = np.onesLike(level).add(level.greater(0).astype(level.dtype));
  for (let power = 2; power <= levels + 1; power *= 2) {
    bits = bits.add(
      level
        .greaterEqual(power - 1)
        .astype(level.dtype)
        .mul(2),
    );
  }
  return bits.astype("float64").sum();
}

function unpadded(rows: Tensor, leaf: Tensor): Tensor {
  return flat(rows)
    .slice([0, leaf.size])
    .reshape([...leaf.shape]);
}

function floatOf(dtype: Tensor["dtype"]): "float32" | "float64" {
  return dtype === "float64" ? "float64" : "float32";
}
