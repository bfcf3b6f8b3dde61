/**
 * Long sums of float32, accumulated in float64 and rounded once. One after the other in float32, as jax-js 0.1.25 adds,
 * ten million terms lose four digits; NumPy adds in pairs. The engine has its own (`emit/groupReductions.ts`).
 */
import { plainAxes } from "./axes.ts";
import { type Atom, type Equation, type Variable, classes } from "./jaxprs.ts";
import { concrete } from "./lift.ts";
import type { Axis, ReduceOptions, Tensor } from "./tensor.ts";

/** From so many terms on, a sum one after the other loses more than a digit; as in the engine. */
const longSum = 1024;

const countOf = (shape: readonly number[], axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * shape[axis]!, 1);

/** The sum of a tensor with elements, where it is a long one: no copy is made for it. */
export function longSumOf(x: Tensor, axis: Axis, { keepdims = false }: ReduceOptions): Tensor | undefined {
  if (x.isTraced || x.dtype !== "float32") return undefined;
  const axes = plainAxes("Tensor.sum", axis, x.ndim);
  if (countOf(x.shape, axes) <= longSum) return undefined;
  let shape = [...x.shape];
  let data: ArrayLike<number> = x.data;
  for (const one of axes) {
    data = sumAlong(data, shape, one);
    shape = shape.with(one, 1);
  }
  const kept = keepdims ? shape : shape.filter((_, i) => !axes.includes(i));
  return concrete(Float32Array.from(data), kept, "float32");
}

/** Sums along one axis, in float64. */
function sumAlong(data: ArrayLike<number>, shape: readonly number[], axis: number): Float64Array {
  const length = shape[axis]!;
  const inner = countOf(
    shape,
    shape.flatMap((_, i) => (i > axis ? [i] : [])),
  );
  const outer = countOf(
    shape,
    shape.flatMap((_, i) => (i < axis ? [i] : [])),
  );
  const sums = new Float64Array(outer * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    const start = o * inner;
    for (let k = 0; k < length; k++) for (let i = 0; i < inner; i++) sums[start + i]! += data[at++]!;
  }
  return sums;
}

/** The equations that a compiler gets for one: for a long sum three, of which the middle one is in float64. */
export function widened(equation: Equation): Equation[] {
  const { primitive, params, inputs, outBinders } = equation;
  const [x] = inputs as [Atom];
  const [out] = outBinders as [Variable];
  const axes = (params as { axis?: number[] }).axis ?? [];
  const isLong =
    primitive === "reduce" &&
    (params as { op?: string }).op === "Add" &&
    String(x.aval.dtype) === "float32" &&
    countOf(x.aval.shape, axes) > longSum;
  if (!isLong) return [equation];
  const { Aval, Equation: Made, Variable: Named } = classes();
  const wide = (shape: readonly number[]) => new Named(new Aval(shape, "float64", false));
  const [terms, sum] = [wide(x.aval.shape), wide(out.aval.shape)];
  return [
    new Made("cast", [x], { dtype: "float64" }, [terms]),
    new Made("reduce", [terms], params as never, [sum]),
    new Made("cast", [sum], { dtype: "float32" }, [out]),
  ];
}
