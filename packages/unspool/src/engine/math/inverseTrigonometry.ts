/**
 * asin, acos and atan. For |x| <= 1/2, asin x = y = s + s z P(z) with s = |x|, z = x^2; beyond, with z = (1 - |x|) / 2
 * and s = sqrt z, asin |x| = pi / 2 - 2 y and acos |x| = 2 y. atan t = t + t z P(z) on [0, 1], and pi / 2 - atan(1 / |x|)
 * beyond. P is a polynomial in f32 and a rational function in f64, minimax fits (Remez exchange, relative weight).
 */
import type { Local } from "../wasm/index.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

/** Numerator, and denominator if there is one. */
type Rational = readonly [readonly number[], (readonly number[])?];

const arcsine: Record<FloatLanes, Rational> = {
  f32x4: [
    [0.16666752099990845, 0.07495306432247162, 0.04546976089477539, 0.02418089099228382, 0.04216611385345459],
  ],
  f64x2: [
    [0.1666666666666683, -0.2976211448814074, 0.1614701167560864, -0.02593377539459167, 0.000269243795867322],
    [1, -2.235726869286749, 1.7070406487666352, -0.5072071972381773, 0.045937061195684324],
  ],
};

const arctangent: Record<FloatLanes, Rational> = {
  f32x4: [
    [
      -0.33333152532577515, 0.19993767142295837, -0.14210999011993408, 0.10665743798017502,
      -0.07551576942205429, 0.04320339858531952, -0.016362156718969345, 0.0029191095381975174,
    ],
  ],
  f64x2: [
    [
      -0.3333333333333327, -0.7481917763774614, -0.5881417079218237, -0.1923675044410605,
      -0.023983235047489813, -0.000761455282674131,
    ],
    [
      1, 2.844575329132104, 3.0425988926845777, 1.5168914695701954, 0.35357813881842576, 0.03351047911860502,
      0.0008441296186589362,
    ],
  ],
};

/** s + s z P(z). */
function series(v: Lanes, s: Local, z: Local, [numerator, denominator]: Rational): Operand {
  const top = v.polynomial(z, numerator);
  const ratio = denominator === undefined ? top : v.div(top, v.polynomial(z, denominator));
  return v.madd(v.mul(ratio, z), s, s);
}

/** y of the module comment, and whether |x| > 1/2. */
function arcsineSeries(v: Lanes, x: Local): { y: Local; isLarge: Local } {
  const magnitude = v.keep(v.op("abs", x));
  const half = v.constant(0.5);
  const isLarge = v.keep(v.op("gt", magnitude, half));
  const z = v.keep(v.select(isLarge, v.madd(magnitude, v.constant(-0.5), half), v.mul(x, x)));
  const s = v.keep(v.select(isLarge, v.op("sqrt", z), magnitude));
  return { y: v.keep(series(v, s, z, arcsine[v.type])), isLarge };
}

function asin(v: Lanes, x: Local): Operand {
  const { y, isLarge } = arcsineSeries(v, x);
  const large = v.sub(v.constant(Math.PI / 2), v.add(y, y));
  return v.withSignOf(v.select(isLarge, large, y), x);
}

/** pi / 2 - (+-y), 2 y, or pi - 2 y. */
function acos(v: Lanes, x: Local): Operand {
  const { y, isLarge } = arcsineSeries(v, x);
  const sign = v.keep(v.and(x, v.constant(-0)));
  const small = v.sub(v.constant(Math.PI / 2), v.xor(y, sign));
  const fromZero = v.xor(v.add(y, y), sign);
  const start = v.and(v.op("lt", x, v.constant(0)), v.constant(Math.PI));
  return v.select(isLarge, v.add(start, fromZero), small);
}

function atan(v: Lanes, x: Local): Operand {
  const magnitude = v.keep(v.op("abs", x));
  const one = v.constant(1);
  const isLarge = v.keep(v.op("gt", magnitude, one));
  const t = v.keep(v.select(isLarge, v.div(one, magnitude), magnitude));
  const z = v.keep(v.mul(t, t));
  const y = v.keep(series(v, t, z, arctangent[v.type]));
  return v.withSignOf(v.select(isLarge, v.sub(v.constant(Math.PI / 2), y), y), x);
}

export const asin32: UnaryEmitter = unary("f32x4", asin);
export const asin64: UnaryEmitter = unary("f64x2", asin);
export const acos32: UnaryEmitter = unary("f32x4", acos);
export const acos64: UnaryEmitter = unary("f64x2", acos);
export const atan32: UnaryEmitter = unary("f32x4", atan);
export const atan64: UnaryEmitter = unary("f64x2", atan);
