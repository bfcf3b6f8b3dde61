/** Long sums of float32 in programs of jax-js: accumulated in float64 and rounded once, as `longSums.ts` does with elements. */
import { type Atom, type Equation, type Variable, classes } from "./jaxprs.ts";

/** From so many terms on, a sum one after the other loses more than a digit; as in the engine. */
export const longSum = 1024;

export const countOf = (shape: readonly number[], axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * shape[axis]!, 1);

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
    new Made("reduce", [terms], params, [sum]),
    new Made("cast", [sum], { dtype: "float32" }, [out]),
  ];
}
