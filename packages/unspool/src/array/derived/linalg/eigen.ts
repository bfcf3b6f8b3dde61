/** Eigenvalues: of symmetric matrices by Jacobi rotations, of others by the QR algorithm on known elements. */
import { ShapeError } from "../../../errors.ts";
import { eigenvalues } from "../../../numerics/index.ts";
import { linalg as base } from "../../linalg.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, requireConcrete } from "../arguments.ts";
import { asSquare, scales } from "./matrices.ts";

/** Rising eigenvalues [..., n] and, as columns, eigenvectors [..., n, n] of symmetric matrices; NaN where an element is. */
export function eigh(x: ArrayLike): [Tensor, Tensor] {
  const a = asSquare("linalg.eigh", x);
  if (a.size === 0) return [np.zeros(a.shape.slice(0, -1), { dtype: a.dtype }), a];
  const scale = scales(a);
  const isKnown = np.all(np.isfinite(a), [-2, -1], { keepdims: true }) as Tensor;
  const safe = np.where(isKnown, a.div(scale), 0) as Tensor;
  const [values, vectors] = base.eigh(safe);
  const unknown = np.array(NaN, { dtype: a.dtype });
  const batch = a.shape.slice(0, -2);
  const scaled = values.mul(scale.reshape([...batch, 1]));
  return [
    np.where(isKnown.reshape([...batch, 1]), scaled, unknown) as Tensor,
    np.where(isKnown, vectors, unknown) as Tensor,
  ];
}

/** Rising eigenvalues [..., n] of symmetric matrices. */
export function eigvalsh(x: ArrayLike): Tensor {
  return eigh(x)[0];
}

/** Real and imaginary parts [..., n] of the eigenvalues of square matrices, by falling modulus. Outside of traces only. */
export function eigvals(x: ArrayLike): { re: Tensor; im: Tensor } {
  const a = asSquare("linalg.eigvals", x);
  requireConcrete("linalg.eigvals", [a], "Use linalg.eigvalsh for symmetric matrices, or call it outside.");
  if (!a.data.every(Number.isFinite)) {
    throw new ShapeError("linalg.eigvals", "an element is NaN or infinite, and no eigenvalue is known then.");
  }
  const n = a.shape.at(-1)!;
  const count = n === 0 ? 0 : a.size / (n * n);
  const parts = Array.from({ length: count }, (_, i) =>
    eigenvalues({ size: n, entries: Float64Array.from(a.data.subarray(i * n * n, (i + 1) * n * n)) }),
  );
  const part = (name: "re" | "im"): Tensor =>
    np.array(Float64Array.from(parts.flatMap((one) => [...one[name]])), {
      shape: a.shape.slice(0, -1),
      dtype: a.dtype,
    });
  return { re: part("re"), im: part("im") };
}
