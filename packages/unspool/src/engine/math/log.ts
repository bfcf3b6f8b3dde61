/**
 * log and log1p. x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2); with s = f / (2 + f), log(1 + f) = 2 atanh s =
 * f - f^2 / 2 + s (f^2 / 2 + z R(z)), z = s^2: the decomposition of FreeBSD's msun (e_log.c), R being an own minimax fit
 * (Remez exchange, coefficients rounded one after the other). log1p forms f = x 2^-k + (2^-k - 1), which is x itself
 * for k = 0.
 */
import type { Local } from "../wasm/index.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

const ln2: Record<FloatLanes, readonly [high: number, low: number]> = {
  f32x4: [0.693359375, -2.1219444e-4],
  f64x2: [6.9314718036912381649e-1, 1.90821492927058770002e-10],
};

const seriesR: Record<FloatLanes, readonly number[]> = {
  f32x4: [0.6666678190231323, 0.3997679054737091, 0.29893532395362854],
  f64x2: [
    0.666666666666671, 0.3999999999953971, 0.2857142871955856, 0.22222200580779108, 0.18183472481644847,
    0.15316156853643012, 0.14776812747367357,
  ],
};

/** The bits of x with k + bias in the exponent: 1 + f has its fraction plus the bits of sqrt(1/2). */
function split(v: Lanes, x: Operand): Local {
  return v.keep(v.int("add", x, v.bits(v.bitsOf(1) - v.bitsOf(Math.SQRT1_2))));
}

/** k, as a number. */
function exponent(v: Lanes, bits: Local): Operand {
  const { fractionBits, bias } = v.format;
  const high = v.or(v.shift("shr_u", bits, fractionBits), v.constant(2 ** fractionBits));
  return v.sub(high, v.constant(2 ** fractionBits + bias));
}

/** 1 + f. */
function significand(v: Lanes, bits: Local): Operand {
  const mask = v.bits((1n << BigInt(v.format.fractionBits)) - 1n);
  return v.int("add", v.and(bits, mask), v.constant(Math.SQRT1_2));
}

/** k ln 2 + log(1 + f). */
function combine(v: Lanes, k: Local, f: Local): Operand {
  const [high, low] = ln2[v.type];
  const s = v.keep(v.div(f, v.add(f, v.constant(2))));
  const z = v.keep(v.mul(s, s));
  const halfSquare = v.keep(v.mul(v.mul(f, v.constant(0.5)), f));
  const inner = v.madd(v.polynomial(z, seriesR[v.type]), z, halfSquare);
  const small = v.madd(s, inner, v.mul(k, v.constant(low)));
  return v.madd(k, v.constant(high), v.sub(f, v.sub(halfSquare, small)));
}

/** log of positive normal numbers. */
export function logOfNormal(v: Lanes, x: Local): Operand {
  const bits = split(v, x);
  const k = v.keep(exponent(v, bits));
  const f = v.keep(v.sub(significand(v, bits), v.constant(1)));
  return combine(v, k, f);
}

/**
 * Mends `result` where `argument` is not from `lowest` to below Infinity, behind a branch: Infinity and NaN stay, NaN
 * for negative numbers, -Infinity for zero. The branch costs a third less than the selections it saves.
 */
function mend(v: Lanes, argument: Local, lowest: number, result: Local, subnormal?: () => void): void {
  const { f } = v;
  const infinity = v.constant(Infinity);
  const isOrdinary = v.and(v.op("ge", argument, v.constant(lowest)), v.op("lt", argument, infinity));
  v.push(v.instruction("v128.andnot", f.constant("i32x4", -1), isOrdinary));
  f.op("v128.any_true").if(() => {
    subnormal?.();
    const finite = v.select(v.op("lt", argument, infinity), result, argument);
    const notNegative = v.or(finite, v.op("lt", argument, v.constant(0)));
    v.push(v.select(v.op("eq", argument, v.constant(0)), v.constant(-Infinity), notNegative));
    f.set(result);
  });
}

function log(v: Lanes, x: Local): Operand {
  const { fractionBits, bias } = v.format;
  const smallestNormal = 2 ** (1 - bias);
  const result = v.keep(logOfNormal(v, x));
  mend(v, x, smallestNormal, result, () => {
    const scaled = logOfNormal(v, v.keep(v.mul(x, v.constant(2 ** fractionBits))));
    const shifted = v.sub(scaled, v.constant(fractionBits * Math.LN2));
    v.push(v.select(v.op("lt", x, v.constant(smallestNormal)), shifted, result));
    v.f.set(result);
  });
  return result;
}

function log1p(v: Lanes, x: Local): Operand {
  const argument = v.keep(v.add(x, v.constant(1)));
  const bits = split(v, argument);
  const k = v.keep(exponent(v, bits));
  // 2^(2-k), which is a normal number for all k: 2 bias + 2 in the exponent is the sign bit.
  const scale = v.keep(v.int("sub", v.constant(-0), v.and(bits, v.constant(-Infinity))));
  const quarter = v.constant(0.25);
  const f = v.keep(v.madd(v.mul(x, scale), quarter, v.madd(scale, quarter, v.constant(-1))));
  const result = v.keep(v.withSignOf(combine(v, k, f), x));
  mend(v, argument, 2 ** -v.format.fractionBits / 4, result);
  return result;
}

export const log32: UnaryEmitter = unary("f32x4", log);
export const log64: UnaryEmitter = unary("f64x2", log);
export const log1p32: UnaryEmitter = unary("f32x4", log1p);
export const log1p64: UnaryEmitter = unary("f64x2", log1p);
