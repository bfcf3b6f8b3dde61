/** Are arrays equal, up to rounding? */
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloats, asTensor, requireConcrete } from "../arguments.ts";

export interface ClosenessOptions {
  /** Relative to |b|. Default 1e-5. */
  rtol?: number;
  /** Absolute. Default 1e-8. */
  atol?: number;
  /** NaN is close to NaN. Default false. */
  equalNan?: boolean;
}

/** |a - b| <= atol + rtol |b|, elementwise; infinities are close to themselves only. */
export function isclose(a: ArrayLike, b: ArrayLike, options: ClosenessOptions = {}): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  const [x, y] = asFloats(a, b) as [Tensor, Tensor];
  const isFinite = np.logicalAnd(np.isfinite(x), np.isfinite(y)) as Tensor;
  const [p, q] = [np.where(isFinite, x, 0), np.where(isFinite, y, 0)] as [Tensor, Tensor];
  const isNear = np.abs(p.sub(q)).lessEqual(np.abs(q).mul(rtol).add(atol)) as Tensor;
  const near = np.where(isFinite, isNear, x.equal(y)) as Tensor;
  if (!equalNan) return near;
  return np.logicalOr(near, np.logicalAnd(x.notEqual(x), y.notEqual(y))) as Tensor;
}

/** Whether all elements are close: a boolean of JavaScript, outside of traces only. */
export function allclose(a: ArrayLike, b: ArrayLike, options: ClosenessOptions = {}): boolean {
  requireConcrete("np.allclose", [asTensor(a), asTensor(b)], "Use np.isclose(a, b).all(), a bool tensor.");
  return isclose(a, b, options).all().item() === 1;
}

/** Whether shapes and all elements are equal: a boolean of JavaScript, outside of traces only. */
export function arrayEqual(a: ArrayLike, b: ArrayLike, options: { equalNan?: boolean } = {}): boolean {
  const [x, y] = [asTensor(a), asTensor(b)];
  requireConcrete("np.arrayEqual", [x, y], "Use np.equal(a, b).all(), a bool tensor.");
  if (String(x.shape) !== String(y.shape)) return false;
  const isSame = (p: number, q: number) => p === q || (options.equalNan === true && p !== p && q !== q);
  return x.data.every((value, i) => isSame(value, y.data[i]!));
}
