/**
 * sin, cos and tan. The argument is reduced by the nearest multiple n of the period (pi; an odd multiple of pi / 2 for
 * cos; pi / 2 for tan) with the period in four pieces, n times the first three being exact (Cody and Waite). sin r =
 * r (1 + r^2 P(r^2)) on |r| <= pi / 2, its sign that of (-1)^n; tan r = r N(r^2) / D(r^2) on |r| <= pi / 4, or minus its
 * reciprocal. P, N and D are minimax fits (Remez exchange, relative weight).
 */
import type { Local } from "../wasm/index.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";
import { reduceExactly } from "./reduction.ts";
import { reduceWide } from "./wideReduction.ts";

interface TrigonometricTable {
  /** Pi in pieces of 11 (23) bits and a last one of full length. */
  pi: readonly number[];
  sine: readonly number[];
  tangent: readonly [numerator: readonly number[], denominator: readonly number[]];
  /** The pieces are short enough up to here. */
  limit: number;
}

const tables: Record<FloatLanes, TrigonometricTable> = {
  f32x4: {
    pi: [3.140625, 0.0009675025939941406, 1.5099067240953445e-7, 5.126688136514179e-12],
    sine: [-0.16666659712791443, 0.008333069272339344, -0.00019809773948509246, 2.6060815798700787e-6],
    tangent: [
      [1, -0.095802827907991],
      [1, -0.42913683538296343, 0.009717227566551771],
    ],
    limit: 8192,
  },
  f64x2: {
    pi: [3.141592502593994, 1.5099578831723193e-7, 1.078060505991553e-14, 6.564007085747001e-22],
    sine: [
      -0.16666666666666666, 0.008333333333333207, -0.00019841269841212476, 2.7557319211568334e-6,
      -2.5052106904243136e-8, 1.6058940989009444e-10, -7.643018902982109e-13, 2.721413215598016e-15,
    ],
    tangent: [
      [1, -0.12828362864979895, 0.0028059358668462583, -7.483805365310268e-6],
      [1, -0.4616169619831294, 0.023344923194485792, -0.00020845057338969214],
    ],
    limit: 2 ** 30,
  },
};

interface Reduced {
  /** x minus n periods. */
  r: Local;
  /** n in the low bits. */
  multiple: Local;
}

/** `periods` are in units of pi; `offset`, 0 or 1/2, is added to every multiple. */
function reduce(v: Lanes, x: Local, period: 1 | 0.5, offset: 0 | 0.5): Reduced {
  const { pi, limit } = tables[v.type];
  const rounder = v.constant(v.format.rounder);
  const inverse = v.constant(1 / (Math.PI * period));
  const turns =
    offset === 0 ? v.madd(x, inverse, rounder) : v.add(v.madd(x, inverse, v.constant(-offset)), rounder);
  const multiple = v.keep(turns);
  let n = v.sub(multiple, rounder);
  if (offset !== 0) n = v.add(n, v.constant(offset));
  const count = v.keep(n);
  const r = v.keep(pi.reduce<Operand>((rest, piece) => v.madd(count, v.constant(-piece * period), rest), x));
  (v.type === "f32x4" ? reduceExactly : reduceWide)(v, { x, limit, period, offset, r, multiple });
  return { r, multiple };
}

/** The lowest bit as the sign bit. */
function parity(v: Lanes, multiple: Local): Operand {
  return v.shift("shl", multiple, v.type === "f32x4" ? 31 : 63);
}

/** r (1/2 + P_0 z + z^2 (P_1 + ...)) + r / 2: unlike r + r z P, it keeps the sign of zero. */
function sineOf(v: Lanes, r: Local): Operand {
  const [first, ...rest] = tables[v.type].sine;
  const half = v.constant(0.5);
  const z = v.keep(v.mul(r, r));
  const low = v.keep(v.madd(z, v.constant(first!), half));
  return v.madd(v.madd(v.polynomial(z, rest), v.mul(z, z), low), r, v.mul(r, half));
}

function sin(v: Lanes, x: Local): Operand {
  const { r, multiple } = reduce(v, x, 1, 0);
  return v.xor(sineOf(v, r), parity(v, multiple));
}

/** cos x = sin (x + pi / 2) = (-1)^(n + 1) sin r. */
function cos(v: Lanes, x: Local): Operand {
  const { r, multiple } = reduce(v, x, 1, 0.5);
  const sign = v.xor(parity(v, multiple), v.constant(-0));
  return v.xor(sineOf(v, r), sign);
}

function tan(v: Lanes, x: Local): Operand {
  const [numerator, denominator] = tables[v.type].tangent;
  const { r, multiple } = reduce(v, x, 0.5, 0);
  const z = v.keep(v.mul(r, r));
  const top = v.keep(v.mul(v.polynomial(z, numerator), r));
  const bottom = v.keep(v.polynomial(z, denominator));
  const sign = v.keep(parity(v, multiple));
  const isOdd = v.keep(v.shift("shr_s", sign, v.type === "f32x4" ? 31 : 63));
  return v.xor(v.div(v.select(isOdd, bottom, top), v.select(isOdd, top, bottom)), sign);
}

export const sin32: UnaryEmitter = unary("f32x4", sin);
export const sin64: UnaryEmitter = unary("f64x2", sin);
export const cos32: UnaryEmitter = unary("f32x4", cos);
export const cos64: UnaryEmitter = unary("f64x2", cos);
export const tan32: UnaryEmitter = unary("f32x4", tan);
export const tan64: UnaryEmitter = unary("f64x2", tan);
