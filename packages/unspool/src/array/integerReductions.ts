/**
 * Counts. jax-js 0.1.25 takes four numbers at a time where it sums along the last axis, and does not see that they are
 * whole when they come from a comparison of floats in the same kernel: it throws. Here they come from memory.
 */
import { type Equation, classes } from "./jaxprs.ts";

/**
 * The equations that stand for one: a reduction of whole numbers or bools reads a copy of them (padding by nothing is that). One
 * along no axes leaves things as they are; after another reduction jax-js takes what that left for its own operand, a
 * float for a bool, and throws.
 */
export function fromMemory(equation: Equation): Equation[] {
  const { primitive, inputs, outBinders } = equation;
  const { shape, dtype } = inputs[0]?.aval ?? { shape: [], dtype: "bool" };
  if (primitive !== "reduce") return [equation];
  const { Aval, Equation: Made, Variable } = classes();
  if ((equation.params as { axis?: number[] }).axis?.length === 0)
    return [new Made("reshape", inputs, { shape }, outBinders)];
  if (!["int32", "uint32", "bool"].includes(String(dtype))) return [equation];
  const copy = new Variable(new Aval(shape, dtype, false));
  return [
    new Made("pad", inputs, { width: shape.map(() => [0, 0]) }, [copy]),
    new Made("reduce", [copy], equation.params as Record<string, unknown>, outBinders),
  ];
}
