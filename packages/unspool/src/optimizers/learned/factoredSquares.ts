/**
 * Running means of squared gradients kept as one vector per side of a matrix (Shazeer and Stern 2018), in the form of
 * `small_fc_lopt` (Metz et al. 2022): the two largest axes are factored, vectors keep a mean per element.
 *
 *     s = g² + 1e-30
 *     row ← c row + (1 - c) mean(s over the largest axis),   column ← c column + (1 - c) mean(s over the second)
 *     R = rsq(row / (mean(row) + 1e-9)),   C = rsq(column),   rsq(x) = max(x, 1e-9)^(-1/2)
 */
import { type Tensor, np } from "../../array/index.ts";
import { oneMinus } from "../hyperparameter.ts";

/** Axes that are averaged away: the largest (for rows), and the second largest (for columns). Ties: the later first. */
export interface FactoredAxes {
  largest: number;
  second: number;
}

/** The two axes of a shape that are factored; undefined below rank 2. */
export function factoredAxes(shape: readonly number[]): FactoredAxes | undefined {
  if (shape.length < 2) return undefined;
  const order = shape.map((_, axis) => axis).sort((a, b) => shape[a]! - shape[b]! || a - b);
  return { largest: order.at(-1)!, second: order.at(-2)! };
}

/** The means of one tensor; of a vector `row` has its shape and `column` is missing. */
export interface SquareFactors {
  row: Tensor;
  column?: Tensor;
}

export function initFactors(x: Tensor): SquareFactors {
  const axes = factoredAxes(x.shape);
  if (axes === undefined) return { row: np.zerosLike(x) };
  const without = (axis: number): Tensor =>
    np.zeros(
      x.shape.filter((_, i) => i !== axis),
      { dtype: x.dtype },
    );
  return { row: without(axes.largest), column: without(axes.second) };
}

export function updateFactors(factors: SquareFactors, gradient: Tensor, decay: Tensor): SquareFactors {
  const axes = factoredAxes(gradient.shape);
  const squares = gradient.mul(gradient).add(1e-30);
  const keep = oneMinus(decay);
  const moved = (mean: Tensor, fresh: Tensor): Tensor => mean.mul(decay).add(fresh.mul(keep));
  if (axes === undefined) return { row: moved(factors.row, squares) };
  return {
    row: moved(factors.row, squares.mean(axes.largest)),
    column: moved(factors.column!, squares.mean(axes.second)),
  };
}

/** What the network sees of the factors of one tensor: each broadcasts with the tensor. */
export interface FactorViews {
  row: Tensor;
  column: Tensor;
  /** x preconditioned by the factors: x R C, or x (diag + eps)^(-1/2). */
  precondition(x: Tensor, eps: number): Tensor;
}

export function factorViews({ row, column }: SquareFactors, shape: readonly number[]): FactorViews {
  const axes = factoredAxes(shape);
  if (axes === undefined) {
    return {
      row,
      column: row,
      precondition: (x, eps) => x.mul(rsq(row.add(eps))),
    };
  }
  const { largest, second } = axes;
  const secondInRow = second > largest ? second - 1 : second;
  const shares = row.div(row.mean(secondInRow, { keepdims: true }).add(1e-9));
  const expand = (x: Tensor, axis: number): Tensor =>
    x.reshape([...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
  const [r, c] = [expand(rsq(shares), largest), expand(rsq(column!), second)];
  return {
    row: expand(row, largest),
    column: expand(column!, second),
    precondition: (x) => x.mul(r).mul(c),
  };
}

function rsq(x: Tensor): Tensor {
  return np.reciprocal(np.sqrt(np.maximum(x, 1e-9)));
}
