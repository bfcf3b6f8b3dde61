/**
 * Comparisons of tensors and plain numbers. An integer is compared with any plain number as the two numbers are: a
 * fraction is moved to the whole number that decides, one out of range to the end of the range.
 */
import * as jax from "@jax-js/jax";
import { directly } from "./direct.ts";
import { isTensor, lift } from "./lift.ts";
import { constant, promote, ranges } from "./promotion.ts";
import { arithmetic } from "./promotionTable.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

export type Comparison = "less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual";

const run = {
  less: directly("less", lift(jax.numpy.less)),
  lessEqual: directly("lessEqual", lift(jax.numpy.lessEqual)),
  greater: directly("greater", lift(jax.numpy.greater)),
  greaterEqual: directly("greaterEqual", lift(jax.numpy.greaterEqual)),
  equal: directly("equal", lift(jax.numpy.equal)),
  notEqual: directly("notEqual", lift(jax.numpy.notEqual)),
};

/** The comparison with the operands exchanged. */
const mirrored: Readonly<Record<Comparison, Comparison>> = {
  less: "greater",
  lessEqual: "greaterEqual",
  greater: "less",
  greaterEqual: "lessEqual",
  equal: "equal",
  notEqual: "notEqual",
};

const isInteger = (x: unknown): x is Tensor => isTensor(x) && (x.dtype === "int32" || x.dtype === "uint32");

/** Elementwise, bool. */
export function compare(name: Comparison, x: TensorLike, y: TensorLike): Tensor {
  // jax-js has no order of bools, and a bool beside a number is one.
  const isOrder = name !== "equal" && name !== "notEqual";
  const isBool = (one: TensorLike) => (isTensor(one) ? one.dtype === "bool" : typeof one === "boolean");
  const isCounted = isOrder && isBool(x) && isBool(y);
  const [a, b] = [x, y].map((one, i) => {
    const isBesideNumber = typeof (i === 0 ? y : x) === "number";
    return isTensor(one) && isBool(one) && (isCounted || isBesideNumber) ? one.astype("int32") : one;
  }) as [TensorLike, TensorLike];
  if (isInteger(a) && typeof b === "number") return compareWhole(name, a, b);
  if (isInteger(b) && typeof a === "number") return compareWhole(mirrored[name], b, a);
  return run[name](...promote(`np.${name}`, arithmetic, [a, b])) as Tensor;
}

/** An integer tensor against a number that it may not hold. */
function compareWhole(name: Comparison, x: Tensor, value: number): Tensor {
  const [least, most] = ranges[x.dtype as "int32"];
  const against = (op: Comparison, whole: number) =>
    run[op](x, constant(`np.${name}`, whole, x.dtype)) as Tensor;
  const never = () => against("less", least);
  const always = () => against("greaterEqual", least);
  if (Number.isNaN(value)) return name === "notEqual" ? always() : never();
  const isHeld = Number.isInteger(value) && value >= least && value <= most;
  if (name === "equal") return isHeld ? against(name, value) : never();
  if (name === "notEqual") return isHeld ? against(name, value) : always();
  const isBelow = name === "less" || name === "lessEqual";
  if (value > most) return isBelow ? always() : never();
  if (value < least) return isBelow ? never() : always();
  // x < 1.5 is x < 2, x > 1.5 is x > 1; x <= 1.5 is x <= 1, x >= 1.5 is x >= 2.
  const isUp = name === "less" || name === "greaterEqual";
  return against(name, isUp ? Math.ceil(value) : Math.floor(value));
}
