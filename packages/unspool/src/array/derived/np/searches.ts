/** Searches in sorted arrays, and what stands on them: bins and linear interpolation. NaN sorts behind all numbers. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloats, asTensor } from "../arguments.ts";

export interface SearchOptions {
  /** Before ("left", the default) or behind ("right") equal elements. */
  side?: "left" | "right";
}

/**
 * Where `values` would be inserted in the sorted vector `sorted`, so that it stays sorted; int32 with the shape of
 * `values`. Binary search: log2(n) comparisons per value.
 */
export function searchsorted(sorted: ArrayLike, values: ArrayLike, options: SearchOptions = {}): Tensor {
  return search("np.searchsorted", sorted, values, options);
}

export function search(where: string, sorted: ArrayLike, values: ArrayLike, options: SearchOptions): Tensor {
  const { side = "left" } = options;
  if (side !== "left" && side !== "right") throw new OptionError(where, "side", side, '"left" or "right"');
  const [row, v] = common(sorted, values);
  if (row.ndim !== 1)
    throw new ShapeError(where, `the sorted array must have one axis, got ${row.toString()}.`);
  const count = row.shape[0]!;
  let found = np.zeros(v.shape, { dtype: "int32" });
  if (count === 0) return found;
  for (let stride = 2 ** Math.floor(Math.log2(count)); stride >= 1; stride /= 2) {
    const next = found.add(stride);
    const element = np.take(row, np.minimum(next, count).sub(1) as Tensor, 0) as Tensor;
    const isBefore = precedes(element, v, side).astype("int32");
    found = np.where(next.lessEqual(count), found.add(isBefore.mul(stride)), found) as Tensor;
  }
  return found;
}

/** Both as they are where the dtypes agree, else as floats. */
function common(a: ArrayLike, b: ArrayLike): [Tensor, Tensor] {
  const [x, y] = [asTensor(a), asTensor(b)];
  return x.dtype === y.dtype ? [x, y] : (asFloats(x, y) as [Tensor, Tensor]);
}

function precedes(element: Tensor, value: Tensor, side: "left" | "right"): Tensor {
  if (element.dtype !== "float32" && element.dtype !== "float64") {
    return side === "left" ? element.less(value) : element.lessEqual(value);
  }
  const isNumber = element.equal(element);
  const isBehindAll = value.notEqual(value);
  if (side === "right") return either(element.lessEqual(value), isBehindAll);
  return either(element.less(value), np.logicalAnd(isBehindAll, isNumber) as Tensor);
}

const either = (a: Tensor, b: Tensor): Tensor => np.logicalOr(a, b) as Tensor;

export interface DigitizeOptions {
  /** The right end belongs to a bin, not the left one. Default false. */
  right?: boolean;
}

/** The number of the bin of each element: i where bins[i-1] <= x < bins[i]. `bins` rise or fall. int32. */
export function digitize(x: ArrayLike, bins: ArrayLike, options: DigitizeOptions = {}): Tensor {
  const edges = asTensor(bins);
  const isRight = options.right ?? false;
  if (edges.ndim !== 1)
    throw new ShapeError("np.digitize", `bins must have one axis, got ${edges.toString()}.`);
  const rising = () => search("np.digitize", edges, x, { side: isRight ? "left" : "right" });
  const falling = () =>
    search("np.digitize", np.flip(edges) as Tensor, x, { side: isRight ? "left" : "right" })
      .neg()
      .add(edges.shape[0]!);
  if (edges.shape[0]! < 2) return rising();
  if (edges.isTraced)
    return np.where(edges.slice(0).greater(edges.slice(edges.shape[0]! - 1)), falling(), rising());
  const steps = Array.from(edges.data.subarray(1), (edge, i) => edge - edges.data[i]!);
  if (steps.every((step) => step >= 0)) return rising();
  if (steps.every((step) => step <= 0)) return falling();
  throw new OptionError("np.digitize", "bins", Array.from(edges.data.slice(0, 8)), "rising or falling edges");
}

export interface InterpOptions {
  /** Value below xp[0]. Default fp[0]. */
  left?: number;
  /** Value above the last of xp. Default the last of fp. */
  right?: number;
}

/** Linear interpolation at `x` between the points (xp, fp), xp rising; differentiable in x and fp. */
export function interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike, options: InterpOptions = {}): Tensor {
  const [at, places, values] = asFloats(x, xp, fp) as [Tensor, Tensor, Tensor];
  if (places.ndim !== 1 || values.ndim !== 1 || places.size !== values.size || places.size === 0) {
    throw new ShapeError(
      "np.interp",
      `xp and fp must be vectors of one length from 1, got ${places.toString()} and ${values.toString()}.`,
    );
  }
  const count = places.size;
  if (!places.isTraced && places.data.some((p, i) => i > 0 && !(p >= places.data[i - 1]!))) {
    throw new OptionError(
      "np.interp",
      "xp",
      Array.from(places.data.slice(0, 8)),
      "rising (sort xp and fp first)",
    );
  }
  const first = places.slice(0);
  const last = places.slice(count - 1);
  const upper = np.clip(
    search("np.interp", places, at, { side: "right" }),
    Math.min(1, count - 1),
    count - 1,
  );
  const [i0, i1] = [np.maximum((upper as Tensor).sub(1), 0), upper] as [Tensor, Tensor];
  const [x0, x1, f0, f1] = [
    np.take(places, i0, 0),
    np.take(places, i1, 0),
    np.take(values, i0, 0),
    np.take(values, i1, 0),
  ] as [Tensor, Tensor, Tensor, Tensor];
  const width = x1.sub(x0);
  const isPoint = width.equal(0);
  const slope = np.where(isPoint, 0, f1.sub(f0).div(np.where(isPoint, 1, width)));
  // From the nearer end, so that the points themselves are met exactly.
  const isNearLeft = at.sub(x0).less(x1.sub(at));
  const [fromLeft, fromRight] = [f0.add(slope.mul(at.sub(x0))), f1.sub(slope.mul(x1.sub(at)))];
  const nearer = np.where(isNearLeft, fromLeft, fromRight) as Tensor;
  // Between points that are not finite the way from one end may be NaN: then the other end's, and the points' own values.
  const farther = np.where(isNearLeft, fromRight, fromLeft) as Tensor;
  const some = np.where(np.isnan(nearer), farther, nearer) as Tensor;
  const level = np.where(np.logicalAnd(f0.equal(f1), at.equal(at)), f0, some) as Tensor;
  const known = np.where(at.equal(x0), f0, np.where(at.equal(x1), f1, level)) as Tensor;
  const inside = np.where(np.isfinite(nearer), nearer, known) as Tensor;
  const below = options.left ?? values.slice(0);
  const above = options.right ?? values.slice(count - 1);
  return np.where(at.less(first), below, np.where(at.greater(last), above, inside)) as Tensor;
}
