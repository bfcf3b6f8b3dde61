/**
 * What is different for whole numbers and bools: shifts, powers, rounding, and questions that only floats can answer
 * with yes.
 */
import * as jax from "@jax-js/jax";
import { OptionError, ShapeError } from "../errors.ts";
import { directly } from "./direct.ts";
import { isFloat } from "./dtype.ts";
import { isTensor, isTracing, lift, nameProgram } from "./lift.ts";
import { constant, liftElementwise, promote } from "./promotion.ts";
import { arithmetic, counting, kinds } from "./promotionTable.ts";
import { floorDivide } from "./division.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { where } from "./where.ts";

type Elementwise = (...args: unknown[]) => Tensor;
const shiftLeft = lift(jax.numpy.leftShift) as Elementwise;
const shiftRight = lift(jax.numpy.rightShift) as Elementwise;
const bitwiseXor = lift(jax.numpy.bitwiseXor) as Elementwise;
const bitwiseAnd = liftElementwise("bitwiseAnd", jax.numpy.bitwiseAnd) as Elementwise;

const product = directly("multiply", lift(jax.numpy.multiply)) as Elementwise;
const difference = lift(jax.numpy.subtract) as Elementwise;
/** One program when called eagerly: jax-js folds operands of equal elements in floats, without the lowest bits. */
const wholeProduct = directly(
  "multiply",
  nameProgram("multiply", (x, y) => product(x, y)),
) as Elementwise;

/** x times y; whole numbers modulo 2^32. */
export function multiply(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = promote("np.multiply", arithmetic, [x, y]);
  // jax-js takes 0 times anything for 0 where it knows the 0; the difference keeps NaN and infinity in view.
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    if (one === 0 && isTensor(other) && isFloat(other.dtype)) return difference(other, other);
  }
  const isInteger = isTensor(a) && (a.dtype === "int32" || a.dtype === "uint32");
  return isInteger && !isTracing() ? wholeProduct(a, b) : product(a, b);
}

/** Shifts by 32 bits and more leave nothing but the sign; the machine would shift by the rest modulo 32. */
function shifted(name: string, x: TensorLike, by: TensorLike, fn: Elementwise, rest: (x: Tensor) => Tensor) {
  const [a, b] = promote(`np.${name}`, kinds.get(name)!, [x, by]) as [Tensor, Tensor];
  if (!b.isTraced && (b.data as Int32Array).every((n) => n >= 0 && n < 32)) return fn(a, b);
  const isIn = b.dtype === "uint32" ? b.less(32) : b.less(32).mul(b.greaterEqual(0));
  return where(isIn, fn(a, where(isIn, b, 0)), rest(a));
}

/** All bits of a whole number turned around; the other truth. (jax-js writes the bits of uint32 as a float.) */
export function bitwiseNot(x: TensorLike): Tensor {
  const [a] = promote("np.bitwiseNot", kinds.get("bitwiseNot")!, [x]) as [Tensor];
  if (a.dtype === "bool") return a.equal(0);
  return bitwiseXor(a, constant("np.bitwiseNot", a.dtype === "uint32" ? 2 ** 32 - 1 : -1, a.dtype));
}

/** x 2^by, of which the lowest 32 bits are kept. */
export const leftShift = (x: TensorLike, by: TensorLike): Tensor =>
  shifted("leftShift", x, by, shiftLeft, (a) => a.mul(0));

/** floor(x / 2^by): the sign of an int32 comes in from the left. */
export const rightShift = (x: TensorLike, by: TensorLike): Tensor =>
  shifted("rightShift", x, by, arithmeticShift, (a) =>
    a.dtype === "uint32" ? a.mul(0) : a.less(0).astype("int32").neg(),
  );

/** jax-js lets zeros come in: the bits of a negative number are turned around for it. */
function arithmeticShift(x: unknown, by: unknown): Tensor {
  const a = x as Tensor;
  if (a.dtype === "uint32") return shiftRight(a, by);
  const flipped = a.less(0).astype("int32").neg();
  return bitwiseXor(shiftRight(bitwiseXor(a, flipped), by), flipped);
}

/** Whether `power` of these is one of whole numbers. */
export function isWholePower(x: TensorLike, y: TensorLike): boolean {
  const operands = [x, y];
  return (
    operands.some(isTensor) &&
    operands.every((one) =>
      isTensor(one) ? !isFloat(one.dtype) : typeof one === "boolean" || Number.isInteger(one),
    )
  );
}

/**
 * Whole numbers to whole powers, modulo 2^32, by repeated squaring. NumPy refuses negative exponents, and so is it here
 * where they are known; inside of a trace they give the whole part of x^y (0, or ±1 for x = ±1).
 */
export function wholePower(x: TensorLike, y: TensorLike): Tensor {
  const isNegative = isTensor(y) ? !y.isTraced && y.data.some((n) => n < 0) : Number(y) < 0;
  if (isNegative) {
    throw new OptionError(
      "np.power",
      "the exponent of an integer",
      isTensor(y) ? y.toArray() : y,
      "at least 0",
      'Cast the base first: np.power(x.astype("float32"), y).',
    );
  }
  const [base, exponent] = promote("np.power", counting, [x, y]) as [Tensor, Tensor];
  if (!isTensor(y)) return repeated(base, Number(y));
  const most = exponent.dtype === "uint32" ? 32 : 31;
  const bits = exponent.isTraced ? most : Math.max(0, ...exponent.data.map((n) => 32 - Math.clz32(n)));
  let square = base;
  let result = exponent.mul(0).add(1);
  for (let bit = 0; bit < bits; bit++) {
    const isIn = bitwiseAnd(exponent, bit < 31 ? 2 ** bit : 2 ** 31).notEqual(0);
    result = result.mul(where(isIn, square, 1));
    if (bit + 1 < bits) square = square.mul(square);
  }
  if (!exponent.isTraced || exponent.dtype === "uint32") return result;
  const isUnit = base.equal(1).add(base.equal(-1));
  const isOdd = bitwiseAnd(exponent, 1).equal(1);
  const inverse = where(isUnit, where(isOdd, base, 1), 0);
  return where(exponent.less(0), inverse, result);
}

function repeated(base: Tensor, exponent: number): Tensor {
  let result: Tensor | undefined;
  let square = base;
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = result === undefined ? square : result.mul(square);
    if (n > 1) square = square.mul(square);
  }
  return result ?? base.mul(0).add(1);
}

const isWhole = (x: unknown): x is Tensor => isTensor(x) && !isFloat(x.dtype);

/** Whole numbers and bools are rounded already. */
export function liftRounding(name: string, fn: unknown): (x: TensorLike, ...rest: unknown[]) => Tensor {
  const run = liftElementwise(name, fn) as Elementwise;
  return (x, ...rest) => (isWhole(x) ? x : run(x, ...rest));
}

/** A question of which the answer is known for whole numbers. */
export function liftQuestion(name: string, fn: unknown, answer: boolean): (x: TensorLike) => Tensor {
  const run = liftElementwise(name, fn) as Elementwise;
  return (x) => (isWhole(x) ? (answer ? x.equal(x) : x.notEqual(x)) : run(x));
}

/** `fmax` and `fmin`, which differ from `maximum` and `minimum` where there is NaN. */
export function liftExtremum(name: "fmax" | "fmin"): (x: TensorLike, y: TensorLike) => Tensor {
  const float = lift(jax.numpy[name]) as Elementwise;
  const whole = lift(name === "fmax" ? jax.numpy.maximum : jax.numpy.minimum) as Elementwise;
  return (x, y) => {
    const operands = promote(`np.${name}`, arithmetic, [x, y]);
    return (operands.some(isWhole) ? whole : float)(...operands);
  };
}

const roundFloat = liftRounding("round", jax.numpy.round);

/** To `decimals` places, ties to even; before the point where negative. */
export function round(x: TensorLike, decimals = 0): Tensor {
  if (!Number.isInteger(decimals)) throw new OptionError("np.round", "decimals", decimals, "an integer");
  if (!isWhole(x) || decimals >= 0 || x.dtype === "bool") return roundFloat(x, decimals);
  if (decimals < -9)
    throw new ShapeError("np.round", `decimals must be at least -9 for integers, got ${decimals}.`);
  const unit = 10 ** -decimals;
  const low = floorDivide(x, unit);
  const left = x.sub(low.mul(unit));
  const isOdd = bitwiseAnd(low, 1).equal(1);
  const isUp = left.greater(unit / 2).add(left.equal(unit / 2).mul(isOdd));
  return low.add(isUp.astype(x.dtype)).mul(unit);
}
