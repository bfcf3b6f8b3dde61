/** Powers of floats, with the limits that C99 gives them: jax-js 0.1.25 has NaN for most of those. */
import * as jax from "@jax-js/jax";
import { type Lifted, branch, log, one, program, stopGradient } from "./exact.ts";
import { liftElementwise } from "./promotion.ts";
import type { Tensor } from "./tensor.ts";
import { where as select } from "./where.ts";

const where = select as Lifted;
const [exp, floor, sqrt] = (["exp", "floor", "sqrt"] as const).map((name) =>
  liftElementwise(name, jax.numpy[name]),
) as [Lifted, Lifted, Lifted];

/**
 * |x|^y with the sign of x for odd y, and C's limits: 1 for y = 0 and for x = 1 whatever the other one, and for x = -1 to an
 * infinite y. At x = 0 the derivative is 0 for y > 1, 1 for y = 1 (jax-js: NaN).
 */
export const power: Lifted = program("power", (x, y) => {
  const dtype = x.dtype === "float64" || y.dtype === "float64" ? "float64" : "float32";
  const pick = (condition: Tensor, a: unknown, b: unknown) => where(condition, a, b).astype(dtype);
  const s = branch(x);
  const a = x.mul(s);
  const isZero = a.equal(0);
  const isEndless = y.equal(Infinity).add(y.equal(-Infinity));
  // exp(y log a) would be NaN for 0 times infinity.
  const isOne = x
    .equal(1)
    .mul(isEndless.add(y.notEqual(y)))
    .add(x.equal(-1).mul(isEndless));
  const isNought = y.equal(0).mul(a.less(Infinity).notEqual(true));
  const isReplaced = isZero.add(isNought).add(isOne);
  const size = exp(log(pick(isReplaced, 1, a)).mul(pick(isOne, 0, y)));
  const isRoot = y.notEqual(floor(y));
  const isOdd = y
    .mul(0.5)
    .notEqual(floor(y.mul(0.5)))
    .mul(y.equal(floor(y)));
  const signed = size.mul(pick(isOdd, s, 1));
  const elsewhere = pick(isRoot.mul(x.less(0)).mul(x.greater(-Infinity)), NaN, signed);
  const isSqrtLike = isZero.mul(y.greater(0)).mul(y.less(1));
  const end = stopGradient(pick(isZero, x, 0));
  const pole = pick(isOdd, one(end).div(end), Infinity);
  const below = pick(y.less(0), pole, pick(y.equal(0), 1, y));
  const atZero = pick(y.greater(0), pick(y.equal(1), x, pick(isOdd, end, 0)), below);
  const rising = pick(isSqrtLike, sqrt(pick(isSqrtLike, a, 1)), atZero);
  return pick(isZero, rising, elsewhere);
});
