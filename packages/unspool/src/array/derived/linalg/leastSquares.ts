/** Pseudo-inverses and least squares by the singular values; those below a threshold count as 0. */
import { ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats } from "../arguments.ts";
import { asMatrices, transposed } from "./matrices.ts";
import { svd } from "./svd.ts";

export interface RankOptions {
  /** Singular values below rcond times the largest are 0. Default: 10 max(m, n) times the precision of the dtype. */
  rcond?: number;
}

/** Moore-Penrose inverse [..., n, m]. */
export function pinv(x: ArrayLike, options: RankOptions = {}): Tensor {
  const a = asMatrices("linalg.pinv", x);
  if (a.size === 0) return transposed(a);
  const [u, s, vt] = svd(a);
  const inverse = inverted(s, a, options);
  return np.matmul(transposed(vt).mul(inverse.reshape(rowsOf(inverse))), transposed(u)) as Tensor;
}

/** The x of least norm among those that minimise |a x - b|: [n] for b [m], [n, k] for b [m, k]. */
export function lstsq(x: ArrayLike, y: ArrayLike, options: RankOptions = {}): Tensor {
  const [a, b] = asFloats(asMatrices("linalg.lstsq", x), asFloat(y)) as [Tensor, Tensor];
  if (a.ndim !== 2 || b.ndim < 1 || b.ndim > 2 || b.shape[0] !== a.shape[0]) {
    throw new ShapeError(
      "linalg.lstsq",
      `needs a matrix a [m, n] and b [m] or [m, k], got ${a.toString()} and ${b.toString()}. Use vmap for batches.`,
    );
  }
  const columns = b.ndim === 1 ? b.reshape([-1, 1]) : b;
  const solution = np.matmul(pinv(a, options), columns) as Tensor;
  return b.ndim === 1 ? solution.reshape([-1]) : solution;
}

/** The number of singular values that are not 0, int32 [...]. */
export function matrixRank(x: ArrayLike, options: RankOptions = {}): Tensor {
  const a = asMatrices("linalg.matrixRank", x);
  if (a.size === 0) return np.zeros(a.shape.slice(0, -2), { dtype: "int32" });
  const s = svd(a, { computeUv: false });
  return s
    .greater(thresholds(s, a, options))
    .astype("int32")
    .sum(-1);
}

function inverted(s: Tensor, a: Tensor, options: RankOptions): Tensor {
  const isZero = s.lessEqual(thresholds(s, a, options));
  return np.where(isZero, 0, np.reciprocal(np.where(isZero, 1, s) as Tensor)) as Tensor;
}

function thresholds(s: Tensor, a: Tensor, { rcond }: RankOptions): Tensor {
  const precision = a.dtype === "float64" ? 2 ** -52 : 2 ** -23;
  const share = rcond ?? 10 * Math.max(...a.shape.slice(-2)) * precision;
  return s.max(-1, { keepdims: true }).mul(share);
}

const rowsOf = (s: Tensor): number[] => [...s.shape.slice(0, -1), 1, s.shape.at(-1)!];
