/**
 * PowerSGD (Vogels, Karimireddy & Jaggi, NeurIPS 2019): rank r by one step of power iteration, warm-started.
 *
 *     P = orth(M Q),   Q ← Mᵀ P,   decoded = P Qᵀ          (M [m, n]: a leaf, Q [n, r]: kept between steps)
 *
 * Among workers P and Q are means of what each computes, so nobody but the network sums, and M stands for the mean of
 * the gradients. Biased: put `errorFeedback` around it. Leaves of one axis, and those that would not get shorter, are
 * sent whole; leaves of more than two axes are matrices of their first axis by all others.
 */
import { type Tensor, np, random, tree } from "../../../array/index.ts";
import { OptionError, requireInteger } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { globalNorm, isFloatLeaf } from "../../leaves.ts";
import type { Compressor } from "./compressor.ts";
import { bytesPerNumber, leafwise } from "./leafwise.ts";
import { reduceLinear } from "./reduceOver.ts";

export interface PowerSgdOptions {
  /** Columns of P and Q. Default 2. */
  rank?: number;
  /** Of the Q that everybody starts from. Default 0. */
  seed?: number;
}

export type PowerSgdState = {
  /** Q by path of the leaf, [n, rank]. */
  bases: Record<string, Tensor>;
};

export const powerSgdDefaults: Required<PowerSgdOptions> = { rank: 2, seed: 0 };

/**
 * Low rank. Cost: r columns of each matrix, two products with them and one more to decode; r (m + n) numbers per
 * matrix, other leaves whole.
 */
export function powerSgd(options: PowerSgdOptions = {}): Compressor<PowerSgdState> {
  const { rank, seed } = withDefaults("powerSgd", options, powerSgdDefaults);
  requireInteger("powerSgd", "rank", rank, 1);
  requireInteger("powerSgd", "seed", seed, 0);
  const compressor: Compressor<PowerSgdState> = {
    name: "powerSgd",
    isUnbiased: false,
    init(like) {
      requireRank(like, rank);
      const key = random.key(seed);
      const bases: Record<string, Tensor> = {};
      tree.entries(like).forEach(([path, leaf], index) => {
        if (!isLowRank(leaf, rank)) return;
        const columns = leaf.size / leaf.shape[0]!;
        const start = random.normal(random.foldIn(key, index), [columns, rank]);
        bases[path] = start.astype(leaf.dtype);
      });
      return { bases };
    },
    compress(gradient, { bases }) {
      const next: Record<string, Tensor> = {};
      const sent = leafwise(gradient, (leaf, path) => {
        const basis = bases[path];
        if (basis === undefined) {
          return { message: leaf, decoded: leaf, bytes: leaf.size * bytesPerNumber(leaf) };
        }
        const [rows] = leaf.shape as [number];
        const matrix = leaf.reshape([rows, leaf.size / rows]);
        const p = orthonormalColumns(np.matmul(matrix, basis));
        const q = np.matmul(matrix.transpose([1, 0]), p);
        next[path] = withoutZeroColumns(q, basis);
        return {
          message: { p, q },
          decoded: np.matmul(p, q.transpose([1, 0])).reshape([...leaf.shape]),
          bytes: rank * (rows + leaf.size / rows) * bytesPerNumber(leaf),
        };
      });
      return { ...sent, state: { bases: next } };
    },
    reduce: (gradients, states, key) => reduceLinear(compressor.compress, gradients, states, key),
  };
  return compressor;
}

/** Throws `OptionError` for a rank above the shorter side of every matrix: all would be sent whole, in silence. */
function requireRank(like: unknown, rank: number): void {
  const matrices = tree.leaves(like).filter((leaf) => isFloatLeaf(leaf) && leaf.ndim >= 2 && leaf.size > 0);
  const sides = matrices.map(({ shape, size }) => Math.min(shape[0]!, size / shape[0]!));
  const most = Math.max(...sides);
  if (sides.length === 0 || rank <= most) return;
  const wanted = `at most ${most}, the shorter side of the largest matrix`;
  throw new OptionError("powerSgd", "rank", rank, wanted, "With a larger one every matrix is sent whole.");
}

/** A matrix whose factors are shorter than itself. */
function isLowRank(leaf: Tensor, rank: number): boolean {
  if (!isFloatLeaf(leaf) || leaf.ndim < 2 || leaf.size === 0) return false;
  const rows = leaf.shape[0]!;
  return rank * (rows + leaf.size / rows) < leaf.size;
}

/** Gram and Schmidt, one column after the other; a column that the ones before span becomes 0. */
function orthonormalColumns(matrix: Tensor): Tensor {
  const columns: Tensor[] = [];
  for (let i = 0; i < matrix.shape[1]!; i++) {
    const given = matrix.slice([], i);
    let column = given;
    for (const done of columns) column = column.sub(done.mul(done.mul(column).sum()));
    const length = globalNorm(column);
    // What is left of a spanned column is rounding: 100 times the precision of its numbers, or less.
    const least = globalNorm(given).mul(matrix.dtype === "float64" ? 1e-14 : 1e-5);
    const isSpanned = length.lessEqual(least);
    columns.push(
      np.where(isSpanned, np.zerosLike(column), column.div(np.where(isSpanned, np.onesLike(length), length))),
    );
  }
  return np.stack(columns, 1) as Tensor;
}

/** A zero column would stay zero for ever: there the old one is kept. */
function withoutZeroColumns(q: Tensor, old: Tensor): Tensor {
  return np.where(q.mul(q).sum(0).greater(0), q, old);
}
