/** Axes, shapes and indices of axes as users write them, checked and made plain. */
import { ShapeError, show } from "../errors.ts";

/** An axis from 0, from one that may count from the end. */
export function plainAxis(where: string, axis: unknown, rank: number, what = "axis"): number {
  if (typeof axis !== "number" || !Number.isInteger(axis)) {
    throw new ShapeError(
      where,
      `${what} must be an integer, got ${show(axis)}. An example is -1, the last one.`,
    );
  }
  if (axis < -rank || axis >= rank) {
    const allowed = rank === 0 ? "a scalar has no axes" : `the axes are ${-rank} to ${rank - 1}`;
    throw new ShapeError(where, `${what} ${axis} does not exist: ${allowed}. Count them in x.shape.`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Distinct axes from 0, in the order given; all for null or undefined. */
export function plainAxes(where: string, axis: unknown, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = (Array.isArray(axis) ? axis : [axis]).map((one) => plainAxis(where, one, rank));
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(where, `axis names one axis twice, got ${show(axis)}. Name each once.`);
  }
  return axes;
}

/** A shape from lengths, or one length. */
export function plainShape(where: string, shape: unknown): number[] {
  const lengths: unknown[] = typeof shape === "number" ? [shape] : Array.isArray(shape) ? shape : [undefined];
  const isPlain = lengths.every((length) => Number.isInteger(length) && (length as number) >= 0);
  if (isPlain) return lengths as number[];
  throw new ShapeError(
    where,
    `shape must be a list of whole numbers of at least 0, got ${show(shape)}. An example is [2, 3].`,
  );
}
