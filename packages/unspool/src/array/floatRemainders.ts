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
 * to 2^280, which is all of them. In float64 one piece is taken off: exact for quotients of few bits. Beyond `most`
 * there is no remainder to be had, and it is NaN.
 */
const pieces: Readonly<Record<string, { shifts: readonly number[]; most: number }>> = {
  float32: { shifts: [252, 224, 196, 168, 140, 112, 84, 56, 28, 0], most: 2 ** 280 },
  float64: { shifts: [0], most: 2 ** 53 },
};

/** What is left of x, with its sign; both of one float dtype. */
export function floatFmod(x: Tensor, y: Tensor): Tensor {
  const [wideX, wideY] = [x.astype("float64"), y.astype("float64")];
  const zero = like(0, wideX);
  const isNegative = wideX.less(zero);
  const b = choose(wideY.less(zero), wideY.neg(), wideY);
  let rest = choose(isNegative, wideX.neg(), wideX);
  const isWhole = rest.less(like(Infinity, b)).mul(b.equal(like(Infinity, b)));
  const whole = rest;
  const { shifts, most } = pieces[x.dtype]!;
  const isBeyond = rest.div(b).greaterEqual(like(most, b));
  for (const shift of shifts) {
    const by = b.mul(2 ** shift);
    const left = rest.sub(floor(rest.div(by)).mul(by));
    // The quotient may be one off by the rounding of the division.
    const up = choose(left.less(zero), left.add(by), left);
    rest = choose(up.greaterEqual(by), up.sub(by), up);
  }
  const size = choose(isWhole, whole, choose(isBeyond, like(NaN, rest), rest));
  return choose(isNegative, size.neg(), size).astype(x.dtype);
}

/** What is left of x, with the sign of y. */
export function floatRemainder(x: Tensor, y: Tensor): Tensor {
  const rest = floatFmod(x, y);
  const zero = like(0, rest);
  const isOther = rest.notEqual(zero).mul(rest.less(zero).notEqual(y.less(zero)));
  return choose(isOther, rest.add(y), rest);
}

/**
 * The largest whole number of at most x / y: the quotient of what the remainder leaves, which is a multiple of y. (That
 * of jax-js is the floor of x times 1 / y, so that 0.667 into itself went 0 times.)
 */
export function floatFloorDivide(x: Tensor, y: Tensor): Tensor {
  const zero = like(0, x);
  const quotient = x.div(y);
  const rest = floatRemainder(x, y);
  const near = floor(x.sub(rest).div(y).add(like(0.5, x)));
  const whole = choose(rest.equal(rest), near, floor(quotient));
  const isEndless = (z: Tensor): Tensor => z.equal(like(Infinity, z)).add(z.equal(like(-Infinity, z)));
  const isBelow = x.notEqual(zero).mul(x.less(zero).notEqual(y.less(zero)));
  const beside = choose(x.equal(x), choose(isBelow, like(-1, x), zero), x);
  const finite = choose(isEndless(x), like(NaN, x), choose(isEndless(y), beside, whole));
  return choose(y.equal(zero), quotient, finite);
}
