/** Continuous distributions by the inverse of their distribution functions, and correlated normals. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { lax } from "../../lax.ts";
import { np } from "../../np.ts";
import { type DrawOptions, type Key, random } from "../../random.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloats } from "../arguments.ts";
import { cholesky } from "../linalg/solves.ts";
import { leastFar, quantileOfTail } from "./normalTail.ts";
import { drawShape, orInvalid, parameters } from "./parameters.ts";

/** Laplace numbers with location 0 and scale 1. */
export function laplace(key: Key, shape: readonly number[] = [], options: DrawOptions = {}): Tensor {
  // An exponential number with a random sign.
  const size = np.log(random.uniform(random.foldIn(key, 0), shape, options).neg().add(1)) as Tensor;
  return size.mul(random.rademacher(random.foldIn(key, 1), shape, options)).neg();
}

/**
 * Cauchy numbers with location 0 and scale 1: tan(pi (u - 1/2)). By the distance v of u from the nearer end, which is
 * exact, as cot(pi v); above 1/4 as tan(pi (1/2 - v)): neither the tails nor the middle lose digits.
 */
export function cauchy(key: Key, shape: readonly number[] = [], options: DrawOptions = {}): Tensor {
  // The middle of the cell: at its end the tangent would be infinite.
  const u = random.uniform(key, shape, options).add(2 ** -24);
  const isLower = u.less(0.5);
  const v = np.where(isLower, u, u.neg().add(1)) as Tensor;
  const isTail = v.less(0.25);
  const angle = np.where(isTail, v, v.neg().add(0.5)).mul(Math.PI) as Tensor;
  const tangent = np.sin(angle).div(np.cos(angle)) as Tensor;
  const safe = np.where(isTail, tangent, 1) as Tensor;
  const size = np.where(isTail, np.reciprocal(safe), tangent) as Tensor;
  return np.where(isLower, size.neg(), size) as Tensor;
}

/** Normals given that they lie between `lower` and `upper`, also far out in a tail; NaN in a trace unless lower < upper. */
export function truncatedNormal(
  key: Key,
  lower: ArrayLike,
  upper: ArrayLike,
  shape?: readonly number[],
  options: DrawOptions = {},
): Tensor {
  const [low, high] = parameters(options.dtype, lower, upper) as [Tensor, Tensor];
  requireOrdered(low, high);
  const full = drawShape("random.truncatedNormal", shape, [low, high]);
  const u = random
    .uniform(key, full)
    .add(2 ** -24)
    .astype(low.dtype);
  // Where both lie above 0 they are mirrored: the distribution function is exact in its lower tail.
  const isMirrored = low.greater(0);
  const [from, to] = [np.where(isMirrored, high.neg(), low), np.where(isMirrored, low.neg(), high)] as [
    Tensor,
    Tensor,
  ];
  const isFar = to.lessEqual(-leastFar);
  const isAnyFar = isFar.isTraced || isFar.data.includes(1);
  const [nearFrom, nearTo] = isAnyFar ? [np.where(isFar, -1, from), np.where(isFar, 0, to)] : [from, to];
  const [below, above] = [lowerTail(nearFrom as Tensor), lowerTail(nearTo as Tensor)];
  let x = quantileOfNormal(below.add(above.sub(below).mul(u)));
  if (isAnyFar) {
    const [a, b] = [np.where(isFar, to.neg(), leastFar), np.where(isFar, from.neg(), Infinity)];
    x = np.where(isFar, quantileOfTail(a as Tensor, b as Tensor, u.neg().add(1)).neg(), x) as Tensor;
  }
  const signed = np.where(isMirrored, x.neg(), x) as Tensor;
  return orInvalid(np.clip(signed, low, high) as Tensor, () => low.less(high), low, high);
}

function requireOrdered(low: Tensor, high: Tensor): void {
  if (low.isTraced || high.isTraced) return;
  const isAlike = String(low.shape) === String(high.shape) || low.size === 1 || high.size === 1;
  // What broadcasts otherwise is left to the intervals of length 0 that come of it.
  const pairs = isAlike ? Math.max(low.size, high.size) : 0;
  const at = (x: Tensor, i: number): number => x.data[x.size === 1 ? 0 : i]!;
  for (let i = 0; i < pairs; i++) {
    if (at(low, i) < at(high, i)) continue;
    throw new OptionError("random.truncatedNormal", "upper", at(high, i), `above lower, ${at(low, i)}`);
  }
}

const show = (x: Tensor): string => JSON.stringify(x.toArray());
const lowerTail = (x: Tensor): Tensor => (lax.erfc(x.mul(-Math.SQRT1_2)) as Tensor).mul(0.5);

/**
 * The inverse of the normal distribution function by M. Giles' approximation of the inverse error function (2012), and
 * one step of Newton, which squares its error of 1e-7.
 */
function quantileOfNormal(p: Tensor): Tensor {
  const isUpper = p.greater(0.5);
  const q = np.where(isUpper, p.neg().add(1), p) as Tensor;
  const safe = np.clip(q, p.dtype === "float64" ? 1e-300 : 1e-37, 0.5) as Tensor;
  // erf⁻¹(1 - 2 q): w = -log((1 - x)(1 + x)) = -log(4 q (1 - q)).
  const w = np.log(safe.mul(4).mul(safe.neg().add(1))).neg() as Tensor;
  const isCentral = w.less(5);
  const near = polynomial(
    np.where(isCentral, w, 0).sub(2.5) as Tensor,
    [
      1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-6, -3.5233877e-6,
      3.43273939e-7, 2.81022636e-8,
    ],
  );
  const far = polynomial(
    np.sqrt(np.where(isCentral, 9, w) as Tensor).sub(3) as Tensor,
    [
      2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322,
      0.000100950558, -0.000200214257,
    ],
  );
  const x = safe.mul(-2).add(1);
  const start = np.where(isCentral, near, far).mul(x).mul(-Math.SQRT2) as Tensor;
  // Beyond w = 16 the approximation is not made for: start from the leading terms of the tail instead.
  const logs = np.log(safe) as Tensor;
  const inner = np.sqrt(logs.mul(-2)) as Tensor;
  const tail = inner.sub(np.log(inner.mul(Math.sqrt(2 * Math.PI))).div(inner)).neg() as Tensor;
  let guess = np.where(w.greater(16), tail, start) as Tensor;
  for (let i = 0; i < 3; i++) {
    const value = lowerTail(guess);
    const logDensity = guess
      .mul(guess)
      .mul(-0.5)
      .sub(Math.log(Math.sqrt(2 * Math.PI)));
    // On the logarithm, whose second derivative stays small in the tail.
    const ratio = np.log(np.maximum(value, 1e-300).div(safe)) as Tensor;
    guess = guess.sub(ratio.mul(np.exp(np.log(np.maximum(value, 1e-300) as Tensor).sub(logDensity))));
  }
  return np.where(isUpper, guess.neg(), guess) as Tensor;
}

function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  return coefficients.reduceRight<Tensor>((rest, c) => rest.mul(x).add(c), x.mul(0));
}

/** Normals [..., n] with mean [..., n] and covariance [..., n, n], which must be positive definite. */
export function multivariateNormal(
  key: Key,
  mean: ArrayLike,
  covariance: ArrayLike,
  shape?: readonly number[],
  options: DrawOptions = {},
): Tensor {
  const where = "random.multivariateNormal";
  const [centre, matrix] = parameters(options.dtype, mean, covariance) as [Tensor, Tensor];
  const n = centre.shape.at(-1);
  if (n === undefined || matrix.ndim < 2 || matrix.shape.at(-1) !== n || matrix.shape.at(-2) !== n) {
    throw new ShapeError(
      where,
      `needs a mean [..., n] and a covariance [..., n, n], got ${centre.toString()} and ${matrix.toString()}.`,
    );
  }
  const factor = cholesky(matrix);
  if (!factor.isTraced && !factor.data.every(Number.isFinite)) {
    throw new OptionError(where, "covariance", show(matrix), "a positive definite matrix");
  }
  const rows = np.zeros(matrix.shape.slice(0, -1), { dtype: centre.dtype });
  const full = drawShape(where, shape === undefined ? undefined : [...shape, n], [centre, rows]);
  const z = random.normal(key, full, { dtype: centre.dtype as "float32" });
  const [wide] = asFloats(z, factor) as [Tensor];
  return centre.add((np.matmul(factor, wide.reshape([...full, 1])) as Tensor).reshape(full));
}
