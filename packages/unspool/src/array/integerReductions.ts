/**
 * Counts. jax-js 0.1.25 takes four numbers at a time where it sums along the last axis, and does not see that they are
 * whole when they come from a comparison of floats in the same kernel: it throws. Here they come from memory.
 */
import { type Equation, classes } from "./jaxprs.ts";

/**
 * The equations that stand for one: a reduction of whole numbers or bools reads a copy of them (padding by nothing is that),
 * and what a reduction of bools leaves is a copy too. One along no axes leaves things as they are; after another reduction jax-js takes what that left for its own operand, a
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
  const inMemory = (from: typeof inputs, of: readonly number[], to: typeof outBinders): Equation =>
    new Made("pad", from, { width: of.map(() => [0, 0]) }, to);
  const reduce = (to: typeof outBinders): Equation =>
    new Made("reduce", [copy], equation.params as Record<string, unknown>, to);
  if (dtype !== "bool") return [inMemory(inputs, shape, [copy]), reduce(outBinders)];
  // What follows in the same kernel takes the bits of a bool for those of a float.
  const { aval } = outBinders[0]!;
  const whole = new Variable(new Aval(aval.shape, aval.dtype, false));
  return [inMemory(inputs, shape, [copy]), reduce([whole]), inMemory([whole], aval.shape, outBinders)];
}
