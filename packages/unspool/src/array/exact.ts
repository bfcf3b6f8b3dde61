/**
 * Elementwise functions that jax-js 0.1.25 computes with too few digits, or with a wrong derivative at a point:
 * written from pieces that are exact. Called eagerly, each is one
 * program and one dispatch.
 */
import * as jax from "@jax-js/jax";
import { atan } from "./arcs.ts";
import { sin } from "./sines.ts";
import { concrete, isTensor, lift, nameProgram } from "./lift.ts";
import { namedFunction } from "./namedDerivatives.ts";
import { liftElementwise, promote } from "./promotion.ts";
import { arithmetic, floating, kinds } from "./promotionTable.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { where as select } from "./where.ts";

export type Lifted = (...args: unknown[]) => Tensor;
const elementwise = (name: string, fn: unknown) => liftElementwise(name, fn) as Lifted;

const where = select as Lifted;
const exp = elementwise("exp", jax.numpy.exp);
const rawLog = elementwise("log", jax.numpy.log);
const rawLog1p = elementwise("log1p", jax.numpy.log1p);
const rightShift = elementwise("rightShift", jax.numpy.rightShift);
const bitwiseAnd = elementwise("bitwiseAnd", jax.numpy.bitwiseAnd);
const sqrt = elementwise("sqrt", jax.numpy.sqrt);
const floor = elementwise("floor", jax.numpy.floor);
const maximum = elementwise("maximum", jax.numpy.maximum);
export const stopGradient: Lifted = lift(jax.lax.stopGradient) as Lifted;
const bitcast = lift(jax.lax.bitcastConvertType) as Lifted;

/** A named program of floating-point tensors; other numbers become float32 first. */
export function program(name: string, fn: (...xs: Tensor[]) => Tensor): Lifted {
  const run = nameProgram(name, fn);
  return (...args) => run(...promote(`np.${name}`, floating, args));
}

/** A named program with the derivative `slope(x, y)`. */
function named(name: string, fn: (x: Tensor) => Tensor, slope: (x: Tensor, y: Tensor) => Tensor): Lifted {
  const run = namedFunction(name, fn, slope);
  return (arg) => {
    const [x] = promote(`np.${name}`, floating, [arg]) as [Tensor | number];
    return run(isTensor(x) ? x : concrete(Float32Array.of(x), [], "float32"));
  };
}

/** `coefficients[0] + coefficients[1] x + …` by Horner's rule. */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [highest, next, ...rest] = coefficients.toReversed() as [number, number, ...number[]];
  return rest.reduce((sum, c) => sum.mul(x).add(c), x.mul(highest).add(next));
}

/** -1 below 0, else 1: the branch of an odd function, with slope 1 at 0. */
export const branch = (x: Tensor): Tensor => where(x.less(0), -1, 1).astype(x.dtype);

/** The value of `exact` where `isValid`, with the derivatives of `near`, which differs by rounding only. */
const corrected = (near: Tensor, exact: Tensor, isValid: Tensor): Tensor =>
  where(isValid, stopGradient(exact).add(near.sub(stopGradient(near))), near);

/** A tensor, also from a plain number. */
function operand(name: string, given: TensorLike): Tensor {
  const [x] = promote(`np.${name}`, kinds.get(name) ?? arithmetic, [given]) as [TensorLike];
  return isTensor(x) ? x : concrete(Float32Array.of(Number(x)), [], "float32", true);
}

/** +1, -1, 0 or NaN, of the dtype of x. */
export function sign(given: TensorLike): Tensor {
  const x = operand("sign", given);
  const is = (condition: Tensor) => condition.astype(x.dtype);
  if (x.dtype === "uint32") return is(x.notEqual(0));
  if (x.dtype === "int32") return is(x.greater(0)).sub(is(x.less(0)));
  return where(x.greater(0), 1, where(x.less(0), -1, stopGradient(x))).astype(x.dtype);
}

/** Derivative 0 at 0, as in JAX and PyTorch (jax-js: 1). */
export function abs(given: TensorLike): Tensor {
  const x = operand("abs", given);
  return x.dtype === "bool" || x.dtype === "uint32" ? x : x.mul(sign(x));
}

/**
 * Natural logarithm. In float32, jax-js on WebAssembly is off by 1e-5, which is everything near 1; the value comes
 * from the reduction of FreeBSD's `e_logf.c`: x = 2^k m with m in [sqrt 1/2, sqrt 2), log m by an odd series.
 */
const log32 = named(
  "log",
  (x) => {
    const near = rawLog(x);
    const isValid = x.greater(1.2e-38).mul(x.less(Infinity));
    const bits = bitcast(where(isValid, x, 1).astype("float32"), "int32").add(int(0x3f800000 - 0x3f3504f3));
    const k = rightShift(bits, int(23)).sub(int(127)).astype("float32");
    const m = bitcast(bitwiseAnd(bits, int(0x007fffff)).add(int(0x3f3504f3)), "float32");
    const f = m.sub(1);
    const s = f.div(f.add(2));
    const z = s.mul(s);
    const r = z.mul(polynomial(z, [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841]));
    // 2 s + s r instead of f - f²/2 + …: jax-js would add the -1 of f last, and lose its digits.
    const small = s.mul(r.add(2));
    // log 2 in two parts, so that k log 2 is exact to the last digit.
    const exact = small.add(k.mul(9.0580006145e-6)).add(k.mul(6.9313812256e-1));
    return corrected(near, exact, isValid);
  },
  (x) => one(x).div(x),
);
export const log = (x: Tensor): Tensor => (isTensor(x) && x.dtype === "float64" ? rawLog(x) : log32(x));

const int = (value: number): Tensor => concrete(Int32Array.of(value), [], "int32");

/** log(1 + x). Kahan's correction of the rounding of 1 + x. */
export const log1p: Lifted = named(
  "log1p",
  (x) => {
    const u = x.add(1);
    const isOne = u.equal(1);
    const isValid = u.greater(0).mul(u.less(Infinity));
    const safe = where(isOne, 2, where(isValid, u, 2)).astype(x.dtype);
    // The quotient first: the logarithm of a huge x times x overflows.
    const exact = where(isOne, x, log(safe).mul(x.div(safe.sub(1))));
    return corrected(rawLog1p(x), exact, isValid);
  },
  (x) => one(x).div(x.add(1)),
);

/** exp(x) - 1. Kahan's correction of the rounding of exp(x): its logarithm is as far from x as it is from exp(x) - 1. */
export const expm1: Lifted = named(
  "expm1",
  (x) => {
    const isNear = x.less(1).mul(x.greater(-1));
    const near = where(isNear, x, 0.5).astype(x.dtype);
    const u = exp(near);
    const isOne = u.equal(1);
    const safe = where(isOne, 2, u).astype(x.dtype);
    const small = where(isOne, near, safe.sub(1).mul(near.div(log(safe))));
    return where(isNear, small, exp(x).sub(1));
  },
  (x) => exp(x),
);

export const log2: Lifted = program("log2", (x) => log(x).mul(Math.LOG2E));
export const log10: Lifted = program("log10", (x) => log(x).mul(Math.LOG10E));
export const exp2: Lifted = program("exp2", (x) => exp(x.mul(Math.LN2)));

/** Padé approximant [5/6] up to 0.3, where 1 - exp(-2x) would cancel; above, jax-js's formula. */
export const tanh: Lifted = named(
  "tanh",
  (x) => {
    const s = branch(x);
    const a = x.mul(s);
    const isSmall = a.less(0.3);
    const small = where(isSmall, x, 0).astype(x.dtype);
    const z = small.mul(small);
    const ratio = polynomial(z, [10395, 1260, 21]).div(polynomial(z, [10395, 4725, 210, 1]));
    const decay = exp(a.mul(-2));
    return where(isSmall, small.mul(ratio), s.mul(one(x).sub(decay)).div(decay.add(1)));
  },
  (x) => bell(x.mul(2)).mul(4),
);

/** -|x|, with slope -1 at 0 as on the right side: exp of it never overflows. */
export const minusAbs = (x: Tensor): Tensor => where(x.less(0), x, x.neg());

/** 1 / (1 + exp -x). */
export const sigmoid: Lifted = named(
  "sigmoid",
  (x) => {
    const decay = exp(minusAbs(x));
    const reciprocal = one(x).div(decay.add(1));
    return where(x.less(0), decay.mul(reciprocal), reciprocal);
  },
  (x) => bell(x),
);

/** The slope of the sigmoid: y (1 - y) would lose its digits where y is near 1. */
const bell: Lifted = named(
  "sigmoidSlope",
  (x) => {
    const decay = exp(minusAbs(x));
    const reciprocal = one(x).div(decay.add(1));
    return decay.mul(reciprocal).mul(reciprocal);
  },
  (x, y) => y.mul(tanh(x.mul(-0.5))),
);

/** Below 1 by exp(x) - 1, which keeps its digits near 0. */
export const sinh: Lifted = program("sinh", (x) => {
  const s = branch(x);
  const a = x.mul(s);
  const isSmall = a.less(1);
  const e = expm1(where(isSmall, a, 0).astype(x.dtype));
  const small = e.add(e.div(e.add(1))).mul(0.5);
  // Half of exp(a) is finite up to log 2 = 0.69 beyond the end of exp, and exp of jax-js ends 0.7 early; a - 1.5 is exact.
  const large = exp(a.sub(1.5)).mul(Math.exp(1.5) / 2);
  return s.mul(where(isSmall, small, large.sub(exp(a.neg()).mul(0.5))));
});
/** 1 + 2 sinh²(x/2): its derivative keeps its digits near 0. */
export const cosh: Lifted = program("cosh", (x) => {
  const half = sinh(x.mul(0.5));
  return half.mul(half).mul(2).add(1);
});

export const asinh: Lifted = program("asinh", (x) => {
  const s = branch(x);
  const a = x.mul(s);
  // From here on x² + 1 rounds to x², and x² may overflow.
  const isLarge = a.greater(x.dtype === "float64" ? 1e9 : 1e5);
  const small = where(isLarge, 1, a).astype(x.dtype);
  const square = small.mul(small);
  const near = log1p(small.add(square.div(sqrt(square.add(1)).add(1))));
  const far = log(where(isLarge, a, 1).astype(x.dtype)).add(Math.LN2);
  return s.mul(where(isLarge, far, near));
});
export const acosh: Lifted = program("acosh", (x) => {
  // As a product: of x - 1 in a sum, jax-js would add the -1 last, and lose its digits.
  const isLarge = x.greater(x.dtype === "float64" ? 1e9 : 1e5);
  const small = where(isLarge, 2, x).astype(x.dtype);
  const root = sqrt(small.sub(1));
  const near = log1p(root.mul(root.add(sqrt(small.add(1)))));
  const far = log(where(isLarge, x, 1).astype(x.dtype)).add(Math.LN2);
  return where(isLarge, far, near);
});
export const atanh: Lifted = program("atanh", (x) => {
  const s = branch(x);
  const a = x.mul(s);
  return s.mul(log1p(a.mul(2).div(one(x).sub(a)))).mul(0.5);
});

/** Derivative infinite at 0 (jax-js: NaN). */
export const cbrt: Lifted = program("cbrt", (x) => {
  const s = branch(x);
  const a = x.mul(s);
  const isZero = a.equal(0);
  const near = exp(log(where(isZero, 1, a).astype(x.dtype)).mul(1 / 3));
  // A step of Newton's: the logarithm of a large number has lost digits that a third of it needs.
  const exact = near.sub(near.sub(a.div(near.mul(near))).mul(1 / 3));
  const root = corrected(near, exact, a.greater(0).mul(a.less(Infinity)));
  return s.mul(where(isZero, sqrt(where(isZero, a, 1).astype(x.dtype)), root));
});

/** sin(pi x) / (pi x); below 0.25 / pi by its Taylor series, which has a derivative at 0 (jax-js: NaN). */
export const sinc: Lifted = program("sinc", (x) => {
  const angle = x.mul(Math.PI);
  const z = angle.mul(angle);
  const isSmall = z.less(1 / 16);
  const safe = where(isSmall, 1, angle).astype(x.dtype);
  const factorials = [1, -6, 120, -5040, 362880, -39916800];
  const series = polynomial(
    where(isSmall, z, 0).astype(x.dtype),
    factorials.map((n) => 1 / n),
  );
  return where(isSmall, series, sin(safe).div(safe));
});

/** Without overflow of squares. */
export const hypot: Lifted = program("hypot", (x, y) => {
  const largest = stopGradient(maximum(abs(x), abs(y)));
  const isPlain = largest.greater(0).mul(largest.less(Infinity));
  const scale = where(isPlain, largest, 1).astype(largest.dtype);
  const [u, v] = [x.div(scale), y.div(scale)];
  return sqrt(u.mul(u).add(v.mul(v))).mul(scale);
});

/** Angle of (x, y), from the arc tangent of a ratio of at most 1; 0 at the origin (jax-js: NaN). */
export const atan2: Lifted = program("atan2", (y, x) => {
  const [sy, sx] = [branch(y), branch(x)];
  const [b, a] = [y.mul(sy), x.mul(sx)];
  const isSteep = b.greater(a);
  const [numerator, denominator] = [where(isSteep, a, b), where(isSteep, b, a)];
  // Of two infinities the ratio is 1, as in C.
  const isDiagonal = numerator.equal(Infinity).mul(denominator.equal(Infinity));
  const over = where(isDiagonal, 1, numerator).astype(b.dtype);
  const under = where(denominator.equal(0).add(isDiagonal), 1, denominator).astype(b.dtype);
  const base = atan(over.div(under));
  const acute = where(isSteep, base.neg().add(Math.PI / 2), base);
  return sy.mul(where(x.less(0), acute.neg().add(Math.PI), acute));
});

/** log(b^x + b^y), also where both are -Infinity and where one term is lost beside the other. */
const logAddition = (name: string, logBase: number): Lifted =>
  program(name, (x, y) => {
    const largest = maximum(x, y);
    const isSame = x.equal(y).mul(largest.equal(Infinity).add(largest.equal(-Infinity)));
    const difference = where(isSame, 0, x.sub(y)).astype(largest.dtype);
    const decay = difference.mul(branch(difference)).mul(-logBase);
    return largest.add(log1p(exp(decay)).mul(1 / logBase));
  });
export const logaddexp: Lifted = logAddition("logaddexp", 1);
export const logaddexp2: Lifted = logAddition("logaddexp2", Math.LN2);

/** W. J. Cody's rational approximations (Math. Comp. 1969), netlib `calerf`; jax-js has 1e-7 only. */
const smallErf = {
  over: [
    3209.37758913846947, 377.485237685302021, 113.864154151050156, 3.1611237438705656, 0.185777706184603153,
  ],
  under: [2844.23683343917062, 1282.61652607737228, 244.024637934444173, 23.6012909523441209, 1],
};
const middleErfc = {
  // prettier-ignore
  over: [1230.33935479799725, 2051.07837782607147, 1712.04761263407058, 881.95222124176909, 298.635138197400131, 66.1191906371416295, 8.88314979438837594, 0.564188496988670089, 2.15311535474403846e-8],
  // prettier-ignore
  under: [1230.33935480374942, 3439.36767414372164, 4362.61909014324716, 3290.79923573345963, 1621.38957456669019, 537.181101862009858, 117.693950891312499, 15.7449261107098347, 1],
};
const largeErfc = {
  // prettier-ignore
  over: [6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1, 3.05326634961232344e-1, 1.63153871373020978e-2],
  // prettier-ignore
  under: [2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346725, 2.56852019228982242, 1],
};
const ratio = (x: Tensor, { over, under }: typeof smallErf): Tensor =>
  polynomial(x, over).div(polynomial(x, under));

/** erf x for |x| below 0.5, and erfc |x| above, both without derivatives. */
function erfParts(x: Tensor): { isSmall: Tensor; small: Tensor; tail: Tensor; s: Tensor } {
  const s = branch(x);
  const pick = (condition: Tensor, one: unknown, other: unknown) =>
    where(condition, one, other).astype(x.dtype);
  const size = x.mul(s);
  // From here on nothing is left of the tail, and infinity would not be a number below.
  const a = pick(size.less(30), size, 30);
  const isSmall = a.less(0.46875);
  const isLarge = a.greater(4);
  const inner = pick(isSmall, x, 0);
  const middle = pick(isSmall, 1, pick(isLarge, 4, a));
  const outer = pick(isLarge, a, 4);
  const inverse = one(x).div(outer.mul(outer));
  const far = one(x)
    .mul(1 / Math.sqrt(Math.PI))
    .sub(inverse.mul(ratio(inverse, largeErfc)))
    .div(outer);
  const scaled = pick(isLarge, far, ratio(middle, middleErfc));
  // exp(-a²) from a² split in two, because the rounding of a² would be multiplied by a².
  const coarse = floor(a.mul(16)).mul(1 / 16);
  const rest = a.sub(coarse).mul(a.add(coarse));
  const tail = scaled.mul(exp(coarse.mul(coarse).neg())).mul(exp(rest.neg()));
  return { isSmall, small: inner.mul(ratio(inner.mul(inner), smallErf)), tail, s };
}

/** The slope of both, but for its sign. */
const bellOf = (x: Tensor): Tensor => exp(x.mul(x).neg()).mul(2 / Math.sqrt(Math.PI));
const keepNaN = (x: Tensor, value: Tensor): Tensor => where(x.equal(x), value, x);

export const erf: Lifted = named(
  "erf",
  (x) => {
    const { isSmall, small, tail, s } = erfParts(x);
    return keepNaN(x, where(isSmall, small, s.mul(one(x).sub(tail))));
  },
  bellOf,
);
export const erfc: Lifted = named(
  "erfc",
  (x) => {
    const { isSmall, small, tail, s } = erfParts(x);
    const value = where(isSmall, one(x).sub(small), where(s.less(0), tail.neg().add(2), tail));
    return keepNaN(x, value);
  },
  (x) => bellOf(x).neg(),
);

export const one = (x: Tensor): Tensor =>
  concrete(x.dtype === "float64" ? Float64Array.of(1) : Float32Array.of(1), [], x.dtype);
