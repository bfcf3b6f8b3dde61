/**
 * Promotion: the dtype in which a function computes, by the dtypes of its operands and what the function is
 * (`promotionTable.ts`). Everything that has operands passes here, so that a trace holds the casts too, and engines
 * never meet two dtypes in one equation. Plain numbers are weak: they take the dtype of what they meet, if it holds them.
 */
import { ShapeError, show } from "../errors.ts";
import { directly } from "./direct.ts";
import { type DType, allocate, isFloat } from "./dtype.ts";
import { concrete, isTensor, isTracing, lift, liftArithmetic } from "./lift.ts";
import { type Kind, arithmetic, counting, kinds, listed, paired } from "./promotionTable.ts";
import type { Tensor } from "./tensor.ts";

type Lifted = (...args: unknown[]) => unknown;

const order: readonly DType[] = ["bool", "uint32", "int32", "float32", "float64"];
const higher = (a: DType, b: DType): DType => (order.indexOf(a) > order.indexOf(b) ? a : b);
const isNumber = (x: unknown): x is number => typeof x === "number";
const isBoolean = (x: unknown): x is boolean => typeof x === "boolean";
const isOperand = (x: unknown) => isTensor(x) || isNumber(x) || isBoolean(x);

/** The range of whole numbers that a dtype holds. */
export const ranges: Readonly<Record<"int32" | "uint32", readonly [number, number]>> = {
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
};

/** The dtype in which a function of this kind computes; undefined where only plain numbers were given. */
export function resultDtype(where: string, kind: Kind, operands: readonly unknown[]): DType | undefined {
  const tensors = operands.filter(isTensor);
  const numbers = operands.filter(isNumber);
  // A weak tensor is a plain number whose value may not be known.
  const strong = tensors.filter(({ isWeak }) => !isWeak);
  const isFractional = strong.length < tensors.length || !numbers.every(Number.isInteger);
  const isPlain = strong.length === 0 && (isFractional || numbers.length > 0);
  if (isPlain && (kind.refusesFloats === undefined || operands.length === 0)) return undefined;
  let dtype = strong.map((tensor) => tensor.dtype).reduce(higher, "bool");
  if (isFractional) dtype = higher(dtype, "float32");
  else if (numbers.length > 0 && dtype === "bool") dtype = "int32";
  if (kind.refusesBools !== undefined && dtype === "bool")
    throw new ShapeError(where, `has no meaning for bools, got ${listOf(operands)}. ${kind.refusesBools}`);
  if (kind.refusesFloats !== undefined && isFloat(dtype))
    throw new ShapeError(where, `has no meaning for floats, got ${listOf(operands)}. ${kind.refusesFloats}`);
  const has = (one: DType) => strong.some((tensor) => tensor.dtype === one);
  if (!isFloat(dtype) && has("int32") && has("uint32")) {
    throw new ShapeError(
      where,
      `no dtype holds all numbers of int32 and uint32, got ${listOf(operands)}. Cast one of them: x.astype("int32").`,
    );
  }
  // uint32 counts as well as int32 does.
  return kind.least === "int32" && dtype !== "bool" ? dtype : higher(dtype, kind.least ?? "bool");
}

/** The arguments of a function with its operands in one dtype; arguments that are no operands pass. */
export function promote(where: string, kind: Kind, args: readonly unknown[]): unknown[] {
  const operands = args.slice(0, kind.operands).filter((arg) => arg !== undefined);
  for (const arg of operands) if (!isOperand(arg)) throw noOperand(where, arg);
  const dtype = resultDtype(where, kind, operands);
  const last = kind.operands ?? args.length;
  return args.map((arg, i) => (i < last ? inDtype(where, arg, dtype) : arg));
}

function inDtype(where: string, arg: unknown, dtype: DType | undefined): unknown {
  if (dtype === undefined) return isBoolean(arg) ? Number(arg) : arg;
  if (isTensor(arg)) return arg.dtype === dtype || arg.isWeak ? arg : arg.astype(dtype);
  // In a trace a plain number beside float32 is recorded as a literal. An eager operation takes it as an argument: a
  // constant would be compiled into a kernel of its own.
  if (dtype === "bool" || (dtype === "float32" && isNumber(arg) && isTracing())) return arg;
  if (isNumber(arg) || isBoolean(arg)) return constant(where, Number(arg), dtype);
  return arg;
}

/** A plain number as a scalar of a dtype that holds it. */
export function constant(where: string, value: number, dtype: DType): Tensor {
  if (dtype === "int32" || dtype === "uint32") {
    const [least, most] = ranges[dtype];
    if (value < least || value > most) {
      throw new ShapeError(
        where,
        `a whole number beside ${dtype} must be between ${least} and ${most}, got ${value}. ` +
          'Cast the tensor first: x.astype("float32").',
      );
    }
  }
  return concrete(allocate(dtype, 1).fill(value), [], dtype);
}

function noOperand(where: string, arg: unknown): ShapeError {
  const hint = Array.isArray(arg) || ArrayBuffer.isView(arg) ? " Write np.array(...) around it." : "";
  return new ShapeError(where, `needs tensors or numbers, got ${show(arg)}.${hint}`);
}

const listOf = (operands: readonly unknown[]): string => operands.map((x) => String(x)).join(" and ");

/** An elementwise function of jax-js on tensors and plain numbers. */
export function liftElementwise(name: string, fn: unknown): Lifted {
  const run = directly(name, lift(fn));
  const kind = kinds.get(name) ?? arithmetic;
  return (...args) => run(...promote(`np.${name}`, kind, args));
}

/** A binary method of jax-js arrays. */
export function liftBinary(name: string, fn: unknown): (x: Tensor, y: unknown) => Tensor {
  return liftElementwise(name, fn) as (x: Tensor, y: unknown) => Tensor;
}

/** A function that moves, sums or multiplies elements: some have operands of which they make one. */
export function liftStructural(name: string, fn: unknown): Lifted {
  const run = liftArithmetic(fn);
  const where = `np.${name}`;
  const kind = kinds.get(name);
  if (listed.has(name))
    return (list, ...rest) => run(Array.isArray(list) ? promote(where, arithmetic, list) : list, ...rest);
  if (paired.has(name)) return (...args) => inProduct(where, kind ?? { operands: 2 }, args, run);
  return kind === undefined ? run : (...args) => run(...promote(where, kind, args));
}

/** Calls a product with its operands in one dtype. */
export function inProduct(where: string, kind: Kind, args: readonly unknown[], run: Lifted): unknown {
  const isBool =
    kind.isBoolAgain === true && resultDtype(where, kind, args.slice(0, kind.operands)) === "bool";
  const result = run(...promote(where, isBool ? { ...kind, ...counting } : kind, args));
  return isBool ? (result as Tensor).astype("bool") : result;
}
