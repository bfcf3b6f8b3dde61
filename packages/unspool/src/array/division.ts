/**
 * Quotients and remainders with NumPy's meaning: `floorDivide` rounds down and `remainder` (NumPy's %) has the sign of
 * the divisor; `fmod` has the sign of the dividend, as C's %. Integers divided by 0 give 0, and -2^31 by -1 is -2^31.
 * What jax-js does with integers is C's division, which stops a WebAssembly program at both.
 */
import * as jax from "@jax-js/jax";
import { isFloat } from "./dtype.ts";
import { floatFloorDivide, floatFmod, floatRemainder } from "./floatRemainders.ts";
import { isTensor, lift, nameProgram } from "./lift.ts";
import { constant, liftElementwise, promote } from "./promotion.ts";
import { counting } from "./promotionTable.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { where } from "./where.ts";

type Binary = (x: Tensor, y: Tensor) => Tensor;
type Division = (x: TensorLike, y: TensorLike) => Tensor;
const quotientOf = lift((x: jax.Array, y: jax.Array) => x.div(y)) as Binary;
/** jax-js takes the quotient of a known number and an unknown one for 0: y - y, which it does not see through, hides it. */
const truncated: Binary = (x, y) => quotientOf(x.add(y.sub(y)), y);
const rest = lift((x: jax.Array, y: jax.Array) => x.mod(y)) as Binary;

/** How a divisor may be used: one that is known to be positive needs no guard. */
function guarded(y: Tensor): { isPositive: boolean; safe: Tensor } {
  const isPositive = !y.isTraced && (y.data as Int32Array).every((n) => n > 0);
  if (isPositive) return { isPositive, safe: y };
  // -1 is 1 here: the remainder is 0 for both, and the quotient is put right by its sign.
  const isUnsafe = y.dtype === "uint32" ? y.equal(0) : y.equal(0).add(y.equal(-1));
  return { isPositive, safe: where(isUnsafe, 1, y) };
}

/** Whether a truncated division of whole numbers has to go one down: there is a remainder of the other sign. */
const isAbove = (remainder: Tensor, y: Tensor, isPositive: boolean): Tensor =>
  isPositive ? remainder.less(0) : remainder.notEqual(0).mul(remainder.less(0).notEqual(y.less(0)));

function wholeQuotient(x: Tensor, y: Tensor): Tensor {
  const { isPositive, safe } = guarded(y);
  const quotient = truncated(x, safe);
  if (x.dtype === "uint32") return isPositive ? quotient : where(y.equal(0), 0, quotient);
  const down = isAbove(x.sub(quotient.mul(safe)), y, isPositive);
  const floored = quotient.sub(down.astype("int32"));
  if (isPositive) return floored;
  return where(y.equal(0), 0, where(y.equal(-1), x.neg(), floored));
}

function wholeRemainder(x: Tensor, y: Tensor): Tensor {
  const { isPositive, safe } = guarded(y);
  const remainder = rest(x, safe);
  if (x.dtype === "uint32") return isPositive ? remainder : where(y.equal(0), 0, remainder);
  const moved = where(isAbove(remainder, y, isPositive), remainder.add(y), remainder);
  return isPositive ? moved : where(y.equal(0), 0, moved);
}

const wholeFmod: Binary = (x, y) => {
  const { isPositive, safe } = guarded(y);
  const remainder = rest(x, safe);
  return isPositive ? remainder : where(y.equal(0), 0, remainder);
};

/** A function of whole numbers, and of floats by another one. */
function divided(name: string, whole: Binary, float: Binary): Division {
  // Eagerly as one program: its operands are in memory, where jax-js would fold those of equal elements wrongly.
  const program = nameProgram(name, whole) as Binary;
  const floats = nameProgram(`${name}OfFloats`, float) as Binary;
  return (x, y) => {
    const [a, b] = promote(`np.${name}`, counting, [x, y]) as [Tensor, Tensor];
    const isWhole = isTensor(a) && isTensor(b) && !isFloat(a.dtype) && !isFloat(b.dtype);
    if (isWhole) return program(a, b);
    // Beside a tensor of floats plain numbers have stayed as they were.
    const dtype = [a, b].some((one) => isTensor(one) && one.dtype === "float64") ? "float64" : "float32";
    const [p, q] = [a, b].map((one) => (isTensor(one) ? one.astype(dtype) : constant(name, one, dtype)));
    return floats(p!, q!);
  };
}

/** The largest whole number of at most x / y. */
export const floorDivide: Division = divided("floorDivide", wholeQuotient, floatFloorDivide);
/** x - y floorDivide(x, y). */
export const remainder: Division = divided("remainder", wholeRemainder, floatRemainder);
/** What is left of x, with its sign. */
export const fmod: Division = divided("fmod", wholeFmod, floatFmod);

const quotient = liftElementwise("divide", jax.numpy.trueDivide) as Division;

/** The true quotient, a float. jax-js multiplies by the reciprocal, and takes 0 times anything for 0. */
export function divide(x: TensorLike, y: TensorLike): Tensor {
  if (Number(isTensor(x) || x) !== 0 || !isTensor(y)) return quotient(x, y);
  return where(y.equal(0).add(y.notEqual(y)), NaN, quotient(x, y));
}
