/**
 * QR decomposition by Householder reflections (Golub and Van Loan, algorithm 5.2.1), one step of a `scan` per column:
 *
 *     v = x + sign(x_k) |x| e_k,    A ← A - 2 v (vᵀ A) / vᵀv,    Q ← Q - 2 (Q v) vᵀ / vᵀv
 *
 * Signs are those of LAPACK, which leaves a column alone that has only its first element: there the reflection, which
 * the derivative needs, is undone by a change of sign.
 */
import { np } from "../../np.ts";
import { scan } from "../../scan.ts";
import type { Tensor } from "../../tensor.ts";
import { OptionError } from "../../../errors.ts";
import type { ArrayLike } from "../arguments.ts";
import { asMatrices, scales, transposed } from "./matrices.ts";

export interface QrOptions {
  /** "reduced": Q [..., m, k] and R [..., k, n] with k = min(m, n), the default; "complete": Q [..., m, m], R [..., m, n]. */
  mode?: "reduced" | "complete";
}

/** Q with orthonormal columns and R upper triangular, A = Q R. Differentiable where A has full rank. */
export function qr(x: ArrayLike, options: QrOptions = {}): [Tensor, Tensor] {
  const { mode = "reduced" } = options;
  if (mode !== "reduced" && mode !== "complete") {
    throw new OptionError("linalg.qr", "mode", mode, '"reduced" or "complete"');
  }
  const a = asMatrices("linalg.qr", x);
  const [q, r] = householder(a);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = mode === "reduced" ? Math.min(m, n) : m;
  return [lastAxes(q, m, k), np.triu(lastAxes(r, k, n)) as Tensor];
}

function householder(a: Tensor): [Tensor, Tensor] {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const batch = a.shape.slice(0, -2);
  const identity = np.broadcastTo(np.eye(m, m, { dtype: a.dtype }), [...batch, m, m]) as Tensor;
  const reflections = Math.min(m - 1, n);
  if (a.size === 0 || reflections < 1) return [identity, a];
  const scale = scales(a);
  const rows = np.arange(m);
  type Carry = { q: Tensor; r: Tensor };
  const reflect = ({ q, r }: Carry, _: undefined, k: Tensor): [Carry, undefined] => {
    const column = np.take(r, k.reshape([1]), -1) as Tensor;
    const isPivot = rows.equal(k).reshape([m, 1]);
    const x = np.where(rows.reshape([m, 1]).greaterEqual(k), column, 0) as Tensor;
    const pivot = np.where(isPivot, column, 0).sum(-2, { keepdims: true }) as Tensor;
    const square = x.mul(x).sum(-2, { keepdims: true });
    const isZero = square.equal(0);
    const safe = np.where(isZero, 1, square) as Tensor;
    const length = np.sqrt(safe) as Tensor;
    const signed = np.where(pivot.less(0), length.neg(), length) as Tensor;
    const v = x.add(np.where(isPivot, signed, 0) as Tensor);
    const factor = np.where(isZero, 0, np.reciprocal(safe.add(pivot.mul(signed)) as Tensor)) as Tensor;
    const row = transposed(v);
    const below = np.where(isPivot, 0, x) as Tensor;
    const isAlone = np.logicalAnd(
      below.mul(below).sum(-2, { keepdims: true }).equal(0),
      pivot.notEqual(0),
    ) as Tensor;
    const sign = np.where(np.logicalAnd(isPivot, isAlone), -1, 1).astype(a.dtype) as Tensor;
    const nextR = r.sub(v.mul(factor).mul(np.matmul(row, r))).mul(sign);
    const nextQ = q.sub((np.matmul(q, v) as Tensor).mul(factor).mul(row)).mul(transposed(sign));
    return [{ q: nextQ, r: nextR }, undefined];
  };
  const [{ q, r }] = scan(reflect, { q: identity, r: a.div(scale) }, undefined, { length: reflections });
  return [q, r.mul(scale)];
}

function lastAxes(x: Tensor, rows: number, columns: number): Tensor {
  return x.slice(...x.shape.slice(0, -2).map((): [] => []), [0, rows], [0, columns]);
}
