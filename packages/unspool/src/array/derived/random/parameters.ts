/** Parameters of distributions: broadcast, checked where their values are known. */
import { OptionError, ShapeError } from "../../../errors.ts";
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
