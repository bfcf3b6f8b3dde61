/**
 * Conjugate gradients that watch themselves: on a singular matrix they blow up along a direction without curvature, and
 * whoever uses their result must know.
 *
 *     a = rᵀr / pᵀA p,   x ← x + a p,   r ← r - a A p,   p ← r + (rᵀr new / rᵀr) p
 *
 * Hestenes and Stiefel 1952.
 */
import { type Tensor, np, scan, tree } from "../array/index.ts";
import { addScaled } from "./vectors.ts";

export interface WatchedSolution<T> {
  x: T;
  /** ‖b - A x‖ / ‖b‖ of the recurrence, float64: above 1 the iterations have made it worse. */
  residual: Tensor;
  /** Smallest curvature pᵀA p / pᵀp of a direction over the largest: 0 is a direction without curvature. */
  flatness: Tensor;
}

/** Residuals below this part of b are rounding errors: the iterations after it change nothing. */
const leastResidual: Readonly<Record<string, number>> = { float32: 1e-6, float64: 1e-13 };

/** `iterations` steps from 0. Cost: one product with A each. */
export function conjugateGradients<T>(product: (v: T) => T, b: T, iterations: number): WatchedSolution<T> {
  const square = tree.dot(b, b);
  const bound = square.mul(leastResidual[tree.floatType(b)]! ** 2);
  const step = (carry: Carry<T>): [Carry<T>, undefined] => {
    const { x, r, p, weight, least, most } = carry;
    const image = product(p);
    const curvature = tree.dot(p, image);
    const isDone = weight.lessEqual(bound);
    const orOne = (value: Tensor): Tensor => np.where(isDone, 1, value).astype("float64");
    const along = orOne(weight).div(orOne(curvature));
    const residual = addScaled(r, along.neg(), image);
    const next = tree.dot(residual, residual);
    const bend = orOne(curvature).div(orOne(tree.dot(p, p)));
    const moved = {
      x: addScaled(x, along, p),
      r: residual,
      p: addScaled(residual, orOne(next).div(orOne(weight)), p),
      weight: next,
      least: np.minimum(least, bend),
      most: np.maximum(most, bend),
    };
    return [tree.select(isDone, carry, moved), undefined];
  };
  const start: Carry<T> = {
    x: tree.zerosLike(b),
    r: b,
    p: b,
    weight: square,
    least: tree.scalar(Infinity, "float64"),
    most: tree.scalar(-Infinity, "float64"),
  };
  const [{ x, weight, least, most }] = scan(step, start, undefined, { length: iterations });
  const hasStepped = most.greater(-Infinity);
  const ratio = np.where(hasStepped, least, 1).div(np.where(hasStepped, most, 1));
  const isZero = square.equal(0);
  return {
    x,
    residual: np.sqrt(np.where(isZero, 0, weight).div(np.where(isZero, 1, square))),
    flatness: ratio,
  };
}

interface Carry<T> {
  x: T;
  r: T;
  p: T;
  weight: Tensor;
  least: Tensor;
  most: Tensor;
}
