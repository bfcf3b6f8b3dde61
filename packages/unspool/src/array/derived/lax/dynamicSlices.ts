/**
 * Windows of fixed size at places that are known only when the program runs. A window that would reach beyond the end
 * is moved back into the array, as in JAX.
 */
import { ShapeError } from "../../../errors.ts";
import { isTensor } from "../../lift.ts";
import { np } from "../../np.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { type ArrayLike, asTensor } from "../arguments.ts";

/** `sizes` elements per axis from `starts` on. */
export function dynamicSlice(
  x: ArrayLike,
  starts: readonly TensorLike[] | Tensor,
  sizes: readonly number[],
): Tensor {
  const source = asTensor(x);
  const from = startsOf("lax.dynamicSlice", source, starts, sizes);
  return from.reduce((rest, start, axis) => {
    if (sizes[axis] === source.shape[axis]) return rest;
    return np.take(rest, start.add(np.arange(sizes[axis]!)), axis) as Tensor;
  }, source);
}

/** `x` with `update` written over it from `starts` on. */
export function dynamicUpdateSlice(
  x: ArrayLike,
  update: ArrayLike,
  starts: readonly TensorLike[] | Tensor,
): Tensor {
  const [target, piece] = [asTensor(x), asTensor(update).astype(asTensor(x).dtype)];
  const from = startsOf("lax.dynamicUpdateSlice", target, starts, piece.shape);
  if (piece.size === 0) return target;
  // Every element of the target asks for its element of the piece; those outside of the window keep their own.
  let spread = piece;
  let isInside: Tensor | undefined;
  for (const [axis, start] of from.entries()) {
    const [length, size] = [target.shape[axis]!, piece.shape[axis]!];
    if (length === size) continue;
    const place = np.arange(length).sub(start);
    const within = np.logicalAnd(place.greaterEqual(0), place.less(size)) as Tensor;
    spread = np.take(spread, np.clip(place, 0, Math.max(0, size - 1)), axis) as Tensor;
    const column = within.reshape(target.shape.map((_, i) => (i === axis ? length : 1)));
    isInside = isInside === undefined ? column : (np.logicalAnd(isInside, column) as Tensor);
  }
  return isInside === undefined ? spread : (np.where(isInside, spread, target) as Tensor);
}

function startsOf(
  where: string,
  x: Tensor,
  starts: readonly TensorLike[] | Tensor,
  sizes: readonly number[],
): Tensor[] {
  const list = isTensor(starts)
    ? Array.from({ length: starts.size }, (_, i) => starts.flatten().slice(i))
    : starts;
  if (list.length !== x.ndim || sizes.length !== x.ndim) {
    throw new ShapeError(
      where,
      `${x.toString()} needs ${x.ndim} starts and sizes, got ${list.length} and ${sizes.length}.`,
    );
  }
  return list.map((start, axis) => {
    const [length, size] = [x.shape[axis]!, sizes[axis]!];
    if (!Number.isInteger(size) || size < 0 || size > length) {
      throw new ShapeError(
        where,
        `size ${size} of axis ${axis} does not fit into ${x.toString()}. Use 0 to ${length}.`,
      );
    }
    const at = (isTensor(start) ? start : np.array(Number(start), { dtype: "int32" })).astype("int32");
    // A negative start counts from the end.
    return np.clip(np.where(at.less(0), at.add(length), at), 0, length - size) as Tensor;
  });
}
