/** Norms of vectors and matrices. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { linalg as base } from "../../linalg.ts";
import { np } from "../../np.ts";
import type { Axis, Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, axesOf, requireElements } from "../arguments.ts";
import { asMatrices } from "./matrices.ts";
import { svd } from "./svd.ts";

export type MatrixOrder = "fro" | "nuc" | 1 | -1 | 2 | -2 | number;

export interface MatrixNormOptions {
  /** Default "fro". */
  ord?: MatrixOrder;
  keepdims?: boolean;
}

/**
 * Norms [...] of matrices [..., m, n]: "fro" root of the sum of squares, "nuc" sum of singular values, 2 and -2 largest
 * and smallest singular value, 1 and -1 largest and smallest column sum, Infinity and -Infinity the same of rows. An extreme
 * of none of these is a `ShapeError`.
 */
export function matrixNorm(x: ArrayLike, options: MatrixNormOptions = {}): Tensor {
  const { ord = "fro", keepdims = false } = options;
  const a = asMatrices("linalg.matrixNorm", x);
  // Singular values, column sums and row sums of which there are none have no extreme.
  const [rows, columns] = a.shape.slice(-2) as [number, number];
  const count = { 1: columns, 2: Math.min(rows, columns), Infinity: rows }[Math.abs(Number(ord))];
  if (count === 0) requireElements("linalg.matrixNorm", a, [a.ndim - 2, a.ndim - 1]);
  const shape = (value: Tensor): Tensor =>
    keepdims ? value.reshape([...a.shape.slice(0, -2), 1, 1]) : value;
  const size = np.abs(a) as Tensor;
  if (ord === "fro") return shape(base.vectorNorm(a, { axis: [-2, -1] }));
  if (ord === "nuc") return shape(svd(a, { computeUv: false }).sum(-1));
  if (ord === 2) return shape(svd(a, { computeUv: false }).max(-1));
  if (ord === -2) return shape(svd(a, { computeUv: false }).min(-1));
  if (ord === 1) return shape(size.sum(-2).max(-1));
  if (ord === -1) return shape(size.sum(-2).min(-1));
  if (ord === Infinity) return shape(size.sum(-1).max(-1));
  if (ord === -Infinity) return shape(size.sum(-1).min(-1));
  throw new OptionError("linalg.matrixNorm", "ord", ord, '"fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity');
}

export interface NormOptions {
  /** Default: 2 of vectors, "fro" of matrices. */
  ord?: MatrixOrder;
  /** One axis: norms of vectors; two: of matrices. Default: of the whole, which then has at most two axes if `ord` is given. */
  axis?: Axis;
  keepdims?: boolean;
}

/** NumPy's norm: of vectors or matrices, by the number of axes. Without `ord` the root of the sum of squares. */
export function norm(x: ArrayLike, options: NormOptions | MatrixOrder = {}): Tensor {
  const { ord, axis = null, keepdims = false } = typeof options === "object" ? options : { ord: options };
  const a = asFloat(x);
  const axes = axis === null ? a.shape.map((_, i) => i) : [axis].flat();
  if (ord === undefined) return base.vectorNorm(a, { axis, keepdims });
  if (axes.length === 1 && Math.abs(Number(ord)) === Infinity)
    requireElements("linalg.norm", a, axesOf("linalg.norm", a, axes));
  if (axes.length === 1 && typeof ord === "number") return base.vectorNorm(a, { ord, axis: axes, keepdims });
  if (axes.length !== 2) {
    throw new ShapeError(
      "linalg.norm",
      `ord ${String(ord)} of ${a.toString()}: name one axis (vectors) or two (matrices).`,
    );
  }
  const all = axes.map((i) => (i < 0 ? i + a.ndim : i));
  const kept = a.shape.map((_, i) => i).filter((i) => !all.includes(i));
  const moved = a.transpose([...kept, ...all]);
  const value = matrixNorm(moved, { ord });
  return keepdims ? value.reshape(a.shape.map((length, i) => (all.includes(i) ? 1 : length))) : value;
}
