/** Diagonals and rolling where there is nothing to take: jax-js 0.1.25 refuses what for NumPy is empty. */
import { zeros } from "./constructors.ts";
import type { Axis, Tensor } from "./tensor.ts";

type Raw = (...args: unknown[]) => unknown;

/** The elements (i, i + offset) of the last axes, as the last axis of the result; none for an offset outside. */
export const diagonalBy =
  (raw: Raw) =>
  (x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor => {
    const { shape, ndim, dtype } = x;
    const isOutside = offset >= shape.at(axis2)! || -offset >= shape.at(axis1)!;
    if (!isOutside) return raw(x, offset, axis1, axis2) as Tensor;
    const gone = [axis1, axis2].map((axis) => (axis < 0 ? axis + ndim : axis));
    return zeros([...shape.filter((_, i) => !gone.includes(i)), 0], { dtype });
  };

/** The sum of a diagonal. */
export const traceBy = (
  raw: Raw,
): ((x: Tensor, offset?: number, axis1?: number, axis2?: number) => Tensor) => {
  const diagonal = diagonalBy(raw);
  return (...args) => diagonal(...args).sum(-1);
};

/** Elements moved along, from the end back to the start. */
export const rollBy =
  (raw: Raw) =>
  (x: Tensor, shift: number | number[], axis?: Axis): Tensor =>
    x.size === 0 ? x : (raw(x, shift, axis) as Tensor);
