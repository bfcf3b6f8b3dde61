/** Arrays made from few numbers, and values of polynomials. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { type DType, allocate } from "../../dtype.ts";
import { concrete } from "../../lift.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asTensor, requireCount } from "../arguments.ts";

/** p[0] x^(n-1) + … + p[n-1] by Horner's rule. */
export function polyval(p: ArrayLike, x: ArrayLike): Tensor {
  const [coefficients, at] = [asTensor(p), asTensor(x)];
  if (coefficients.ndim !== 1 || coefficients.size === 0) {
    throw new ShapeError(
      "np.polyval",
      `p must be a vector with at least one coefficient, got ${coefficients.toString()}.`,
    );
  }
  let value = at.mul(0).add(coefficients.slice(0));
  for (let i = 1; i < coefficients.size; i++) value = value.mul(at).add(coefficients.slice(i));
  return value;
}

/** Kronecker product: every element of `a` times the whole of `b`. */
export function kron(a: ArrayLike, b: ArrayLike): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  const rank = Math.max(x.ndim, y.ndim);
  const shape = (t: Tensor): number[] => [...Array<number>(rank - t.ndim).fill(1), ...t.shape];
  const [m, n] = [shape(x), shape(y)];
  const left = x.reshape(m.flatMap((length) => [length, 1]));
  const right = y.reshape(n.flatMap((length) => [1, length]));
  return left.mul(right).reshape(m.map((length, i) => length * n[i]!));
}

export interface TriOptions {
  /** Default float32. */
  dtype?: DType;
}

/** Ones on and below diagonal `k`, zeros above: [rows, columns]. */
export function tri(rows: number, columns: number = rows, k = 0, options: TriOptions = {}): Tensor {
  requireCount("np.tri", "rows", rows, 0);
  requireCount("np.tri", "columns", columns, 0);
  const dtype = options.dtype ?? "float32";
  const data = allocate(dtype, rows * columns);
  for (let i = 0; i < rows; i++)
    data.fill(1, i * columns, i * columns + Math.min(columns, Math.max(0, i + k + 1)));
  return concrete(data, [rows, columns], dtype);
}

export interface SpaceOptions {
  /** Default float32. */
  dtype?: "float32" | "float64";
}

/** `count` powers of `base` (default 10) with evenly spaced exponents from `start` to `stop`. */
export function logspace(
  start: number,
  stop: number,
  count = 50,
  options: SpaceOptions & { base?: number } = {},
): Tensor {
  const { base = 10, dtype = "float32" } = options;
  return spaced("np.logspace", count, dtype, (share) => base ** (start + (stop - start) * share));
}

/** `count` numbers from `start` to `stop` with a constant ratio; both of one sign. */
export function geomspace(start: number, stop: number, count = 50, options: SpaceOptions = {}): Tensor {
  if (!(start * stop > 0)) {
    throw new OptionError(
      "np.geomspace",
      "stop",
      stop,
      `of the sign of start, which is ${start}, and neither 0`,
    );
  }
  const value = (share: number) => (share === 1 ? stop : start * (stop / start) ** share);
  return spaced("np.geomspace", count, options.dtype ?? "float32", value);
}

function spaced(where: string, count: number, dtype: DType, value: (share: number) => number): Tensor {
  const data = allocate(dtype, requireCount(where, "count", count, 0));
  for (let i = 0; i < count; i++) data[i] = value(count === 1 ? 0 : i / (count - 1));
  return concrete(data, [count], dtype);
}
