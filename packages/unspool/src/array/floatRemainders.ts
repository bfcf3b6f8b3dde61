/**
 * Remainders of floats that are exact, as C's fmod is. jax-js 0.1.25 subtracts a rounded multiple: 1e10 fmod 3 was 0,
 * and every remainder of a division by infinity NaN.
 */
import * as jax from "@jax-js/jax";
import { concrete, lift } from "./lift.ts";
import type { Tensor } from "./tensor.ts";

const choose = lift(jax.numpy.where) as (condition: Tensor, x: Tensor, y: Tensor) => Tensor;
const floor = lift(jax.numpy.floor) as (x: Tensor) => Tensor;
const like = (value: number, x: Tensor): Tensor =>
  concrete(x.dtype === "float64" ? Float64Array.of(value) : Float32Array.of(value), [], x.dtype);

/**
 * Quotients of float32 numbers are taken off in float64, 28 bits at a time, where every product is exact: quotients up
 * to 2^112. In float64 one piece is taken off: exact for quotients of few bits.
 */
const pieces: Readonly<Record<string, readonly number[]>> = { float32: [84, 56, 28, 0], float64: [0] };

/** What is left of x, with its sign; both of one float dtype. */
export function floatFmod(x: Tensor, y: Tensor): Tensor {
  const [wideX, wideY] = [x.astype("float64"), y.astype("float64")];
  const zero = like(0, wideX);
  const isNegative = wideX.less(zero);
  const b = choose(wideY.less(zero), wideY.neg(), wideY);
  let rest = choose(isNegative, wideX.neg(), wideX);
  const isWhole = rest.less(like(Infinity, b)).mul(b.equal(like(Infinity, b)));
  const whole = rest;
  for (const shift of pieces[x.dtype]!) {
    const by = b.mul(2 ** shift);
    const left = rest.sub(floor(rest.div(by)).mul(by));
    // The quotient may be one off by the rounding of the division.
    const up = choose(left.less(zero), left.add(by), left);
    rest = choose(up.greaterEqual(by), up.sub(by), up);
  }
  const size = choose(isWhole, whole, rest);
  return choose(isNegative, size.neg(), size).astype(x.dtype);
}

/** What is left of x, with the sign of y. */
export function floatRemainder(x: Tensor, y: Tensor): Tensor {
  const rest = floatFmod(x, y);
  const zero = like(0, rest);
  const isOther = rest.notEqual(zero).mul(rest.less(zero).notEqual(y.less(zero)));
  return choose(isOther, rest.add(y), rest);
}
