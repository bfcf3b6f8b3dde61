/** Derivatives and integrals of sampled functions. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Axis, Index, Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats, asTensor, axesOf, axisOf } from "../arguments.ts";

export interface GradientOptions {
  /** Along which axes; several give a list. Default: all of them. */
  axis?: Axis;
}

/**
 * Derivatives of the samples `f`: central differences inside, of second order also for uneven spacing, and one-sided
 * ones at the ends. `spacing` is the distance of neighbours (default 1), or the coordinates along an axis; a list of
 * them holds one for each axis. One tensor for one axis, else a list with one per axis.
 */
export function gradient(
  f: ArrayLike,
  spacing: ArrayLike = 1,
  options: GradientOptions = {},
): Tensor | Tensor[] {
  const values = asFloat(f);
  const axes = axesOf("np.gradient", values, options.axis ?? null);
  const isList = Array.isArray(spacing) && axes.length > 1;
  if (isList && spacing.length !== axes.length) {
    throw new OptionError(
      "np.gradient",
      "spacing",
      spacing.length,
      `one spacing for each of ${axes.length} axes`,
    );
  }
  const slopes = axes.map((axis, i) =>
    slopesAlong(values, axis, isList ? (spacing[i] as ArrayLike) : spacing),
  );
  return slopes.length === 1 ? slopes[0]! : slopes;
}

function slopesAlong(f: Tensor, axis: number, spacing: ArrayLike): Tensor {
  const length = f.shape[axis]!;
  if (length < 2) {
    throw new ShapeError("np.gradient", `needs two samples along axis ${axis}, got ${f.toString()}.`);
  }
  const [values, given] = asFloats(f, asTensor(spacing)) as [Tensor, Tensor];
  const at = (from: number, to: number): Tensor => along(values, axis, from, to);
  if (given.ndim > 1 || (given.ndim === 1 && given.size !== length)) {
    throw new ShapeError(
      "np.gradient",
      `spacing is ${given.toString()}; a number or ${length} coordinates are needed.`,
    );
  }
  const column = values.shape.map((_, i) => (i === axis ? -1 : 1));
  const steps =
    given.ndim === 0
      ? (np.broadcastTo(
          given.reshape(column.map(() => 1)),
          column.map((n) => (n === -1 ? length - 1 : 1)),
        ) as Tensor)
      : given
          .slice([1, length])
          .sub(given.slice([0, length - 1]))
          .reshape(column);
  const step = (from: number, to: number): Tensor => along(steps, axis, from, to);
  const first = at(1, 2).sub(at(0, 1)).div(step(0, 1));
  const last = at(length - 1, length)
    .sub(at(length - 2, length - 1))
    .div(step(length - 2, length - 1));
  if (length === 2) return np.concatenate([first, last], axis) as Tensor;
  if (given.ndim === 0) {
    const inside = at(2, length)
      .sub(at(0, length - 2))
      .div(given.mul(2));
    return np.concatenate([first, inside, last], axis) as Tensor;
  }
  const [before, behind] = [step(0, length - 2), step(1, length - 1)];
  const sum = before.add(behind);
  const inside = at(0, length - 2)
    .mul(behind.div(before.mul(sum)).neg())
    .add(at(1, length - 1).mul(behind.sub(before).div(before.mul(behind))))
    .add(at(2, length).mul(before.div(behind.mul(sum))));
  return np.concatenate([first, inside, last], axis) as Tensor;
}

export interface TrapezoidOptions {
  /** Distance of neighbours where no coordinates are given. Default 1. */
  dx?: number;
  /** Along which axis. Default -1. */
  axis?: number;
}

/** Integral of samples by the trapezoidal rule; `x` are coordinates, a vector or of the shape of `y`. */
export function trapezoid(y: ArrayLike, x?: ArrayLike | null, options: TrapezoidOptions = {}): Tensor {
  const { dx = 1 } = options;
  const [values, places] = (x === undefined || x === null ? [asFloat(y)] : asFloats(y, x)) as [
    Tensor,
    Tensor?,
  ];
  const axis = axisOf("np.trapezoid", values, options.axis ?? -1);
  const length = values.shape[axis]!;
  if (length < 2) return values.sum(axis).mul(0);
  const mean = along(values, axis, 1, length)
    .add(along(values, axis, 0, length - 1))
    .mul(0.5);
  if (places === undefined) return mean.sum(axis).mul(dx);
  const isVector = places.ndim === 1;
  if (isVector ? places.size !== length : String(places.shape) !== String(values.shape)) {
    throw new ShapeError(
      "np.trapezoid",
      `x is ${places.toString()}; it needs ${length} coordinates or the shape of y.`,
    );
  }
  const grid = isVector ? places.reshape(values.shape.map((_, i) => (i === axis ? length : 1))) : places;
  return mean.mul(along(grid, axis, 1, length).sub(along(grid, axis, 0, length - 1))).sum(axis);
}

function along(x: Tensor, axis: number, from: number, to: number): Tensor {
  return x.slice(...x.shape.map((_, i): Index => (i === axis ? [from, to] : [])));
}
