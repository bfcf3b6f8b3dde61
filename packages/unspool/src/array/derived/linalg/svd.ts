/**
 * Singular value decomposition A = U diag(s) Vᵀ from the eigenvectors of
 *
 *     [ 0   R ]
 *     [ Rᵀ  0 ],   A = Q R,
 *
 * whose eigenvalues are ±s: other than by AᵀA, small singular values keep their digits. Householder vectors make the
 * singular vectors orthonormal, also those of singular values that are 0.
 */
import { np } from "../../np.ts";
import { lax } from "../../lax.ts";
import type { Tensor } from "../../tensor.ts";
import type { ArrayLike } from "../arguments.ts";
import { asMatrices, scales, transposed } from "./matrices.ts";
import { qr } from "./qr.ts";
import { eigh } from "./eigen.ts";

export interface SvdOptions {
  /** U [..., m, m] and Vᵀ [..., n, n] instead of the first min(m, n) columns and rows. Default false. */
  fullMatrices?: boolean;
  /** Default true; false gives the singular values only. */
  computeUv?: boolean;
}

/** U, the singular values in falling order, and Vᵀ. Derivatives need distinct singular values. */
export function svd(x: ArrayLike, options: SvdOptions & { computeUv: false }): Tensor;
export function svd(x: ArrayLike, options?: SvdOptions): [Tensor, Tensor, Tensor];
export function svd(x: ArrayLike, options: SvdOptions = {}): Tensor | [Tensor, Tensor, Tensor] {
  const { fullMatrices = false, computeUv = true } = options;
  const a = asMatrices("linalg.svd", x);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const parts = m >= n ? tall(a, fullMatrices) : swap(tall(transposed(a), fullMatrices));
  return computeUv ? [parts.u, parts.s, transposed(parts.v)] : parts.s;
}

interface Parts {
  u: Tensor;
  s: Tensor;
  v: Tensor;
}

const swap = ({ u, s, v }: Parts): Parts => ({ u: v, s, v: u });

/** For matrices with at least as many rows as columns. */
function tall(a: Tensor, isFull: boolean): Parts {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const batch = a.shape.slice(0, -2);
  if (a.size === 0) {
    const identity = (size: number, columns: number): Tensor =>
      np.broadcastTo(np.eye(size, columns, { dtype: a.dtype }), [...batch, size, columns]) as Tensor;
    const s = np.zeros([...batch, n], { dtype: a.dtype });
    return { u: identity(m, isFull ? m : n), s, v: identity(n, n) };
  }
  const scale = scales(a);
  const scaled = a.div(scale);
  const [q, r] = m > n ? qr(scaled, { mode: isFull ? "complete" : "reduced" }) : [undefined, scaled];
  const core = r.slice(...batch.map((): [] => []), [0, n], []);
  const zero = core.mul(0);
  const above = np.concatenate([zero, core], -1) as Tensor;
  const below = np.concatenate([transposed(core), zero], -1) as Tensor;
  const [values, vectors] = eigh(np.concatenate([above, below], -2) as Tensor);
  // Eigenvalues rise: those of +s are the upper half, from the end on.
  const every = batch.map((): [] => []);
  const s = np.flip(values.slice(...every, [n, 2 * n]), -1) as Tensor;
  const right = np.flip(vectors.slice(...every, [], [n, 2 * n]), -1) as Tensor;
  const u = orthonormal(right.slice(...every, [0, n], []), n);
  const v = orthonormal(right.slice(...every, [n, 2 * n], []), n);
  const inner = q === undefined ? u : widened(q, u, isFull, m, n);
  return { u: inner, s: np.maximum(s, 0).mul(scale.reshape([...batch, 1])), v };
}

/** Q U; the columns of a complete Q behind the first n stay. */
function widened(q: Tensor, u: Tensor, isFull: boolean, m: number, n: number): Tensor {
  const every = u.shape.slice(0, -2).map((): [] => []);
  const first = np.matmul(q.slice(...every, [], [0, n]), u) as Tensor;
  return isFull ? (np.concatenate([first, q.slice(...every, [], [n, m])], -1) as Tensor) : first;
}

/** Orthonormal columns in the directions of the given ones (halves of eigenvectors, of length sqrt 1/2). */
function orthonormal(columns: Tensor, n: number): Tensor {
  const [q, r] = qr(columns.mul(Math.SQRT2));
  const diagonal = lax.stopGradient(np.diagonal(r, 0, -2, -1)) as Tensor;
  const sign = np.where(diagonal.less(0), -1, 1).astype(columns.dtype) as Tensor;
  return q.mul(sign.reshape([...columns.shape.slice(0, -2), 1, n]));
}
