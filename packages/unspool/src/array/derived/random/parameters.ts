/**
 * Parameters of distributions: broadcast, checked where their values are known. Inside of a trace they are not, and
 * draws of parameters that are none are NaN, or -1 where draws are whole numbers.
 */
import { OptionError, ShapeError } from "../../../errors.ts";
import { isFloat } from "../../dtype.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats } from "../arguments.ts";

/** In the dtype asked for, or the wider of their own. */
export function parameters(dtype: "float32" | "float64" | undefined, ...values: ArrayLike[]): Tensor[] {
  return dtype === undefined ? asFloats(...values) : values.map((value) => asFloat(value).astype(dtype));
}

export function requireParameter(
  where: string,
  name: string,
  x: Tensor,
  isValid: (value: number) => boolean,
  allowed: string,
): void {
  if (x.isTraced) return;
  const wrong = x.data.find((value) => !isValid(value));
  if (wrong !== undefined) throw new OptionError(where, name, wrong, allowed);
}

/** The draws where `isValid`, which broadcasts to them, else NaN or -1; as they are where all `parameters` were checked. */
export function orInvalid(draws: Tensor, isValid: () => Tensor, ...parameters: readonly Tensor[]): Tensor {
  if (!parameters.some((x) => x.isTraced)) return draws;
  return np.where(
    isValid(),
    draws,
    np.array(isFloat(draws.dtype) ? NaN : -1, { dtype: draws.dtype }),
  ) as Tensor;
}

/** True where `x` is from `least` to `most`: false for NaN. */
export function isWithin(x: Tensor, least: number, most: number): Tensor {
  return np.logicalAnd(x.greaterEqual(least), x.lessEqual(most)) as Tensor;
}

/** The shape of the draws: the one asked for, to which the parameters must broadcast, or theirs. */
export function drawShape(
  where: string,
  shape: readonly number[] | undefined,
  xs: readonly Tensor[],
): number[] {
  const own = xs.reduce<number[]>((joint, { shape: next }) => broadcast(where, joint, next), []);
  if (shape === undefined) return own;
  const joint = broadcast(where, own, shape);
  if (String(joint) !== String(shape)) {
    throw new ShapeError(
      where,
      `parameters of shape [${own.join(",")}] do not broadcast to [${shape.join(",")}].`,
    );
  }
  return [...shape];
}

function broadcast(where: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m === n || n === 1) return m;
    if (m === 1) return n;
    throw new ShapeError(where, `shapes [${a.join(",")}] and [${b.join(",")}] do not broadcast.`);
  });
}
