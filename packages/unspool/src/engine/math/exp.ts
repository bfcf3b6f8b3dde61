/**
 * exp, expm1 and 2^y - 1. With n = round(x / ln 2) and r = x - n ln 2 (ln 2 in two pieces, the first short enough that n times it
 * is exact), e^x = 2^n e^r; e^r = 1 + r + r^2 P(r). The pieces of ln 2 are those of Cephes (f32) and FreeBSD's msun
 * (f64); P is a minimax fit (Remez exchange on |r| <= ln 2 / 2, relative weight, coefficients rounded one after the
 * other with the rest fitted again).
 */
import type { Local } from "../wasm/index.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

interface ExpTable {
  ln2: readonly [high: number, low: number];
  /** 1, 1, and P for exp. */
  exp: readonly number[];
  /** P for expm1, where the error counts relative to e^r - 1. */
  expm1: readonly number[];
  /** (2^r - 1) / r on |r| <= 1/2. */
  exp2m1: readonly number[];
  /** Results below e^lowest, which are near or below the smallest normal number, are 0. */
  lowest: number;
  /** The largest argument with a finite result. */
  highest: number;
  /** An argument past `highest` that still rounds to n = bias + 1. */
  past: number;
  /** expm1 is -1 from here down. */
  minusOne: number;
}

const tables: Record<FloatLanes, ExpTable> = {
  f32x4: {
    ln2: [0.693359375, -2.1219444e-4],
    exp: [
      1, 1, 0.4999999403953552, 0.16666512191295624, 0.04166804254055023, 0.008369727060198784,
      0.0013846101937815547,
    ],
    expm1: [
      0.4999999701976776, 0.16666536033153534, 0.04166772961616516, 0.00836752075701952,
      0.0013839439488947392,
    ],
    exp2m1: [
      0.6931471824645996, 0.24022649228572845, 0.05550357326865196, 0.009618237614631653,
      0.0013390821404755116, 0.00015403599536512047,
    ],
    lowest: -87.33,
    highest: 88.72283172607422,
    past: 89,
    minusOne: -20,
  },
  f64x2: {
    ln2: [6.9314718036912381649e-1, 1.90821492927058770002e-10],
    exp: [
      1, 1, 0.5000000000000011, 0.16666666666666397, 0.04166666666652504, 0.008333333333502625,
      0.001388888894519062, 0.0001984126949299795, 2.4801491295547293e-5, 2.755759467867568e-6,
      2.763094883487495e-7, 2.4998660325183084e-8,
    ],
    expm1: [
      0.5, 0.1666666666666668, 0.04166666666666672, 0.008333333333318926, 0.0013888888888841982,
      0.0001984126989339128, 2.4801587429594373e-5, 2.7557236674474842e-6, 2.7557174823502085e-7,
      2.511169624384447e-8, 2.0946280818387253e-9,
    ],
    exp2m1: [
      Math.LN2,
      0.24022650695910072,
      0.055504108664821625,
      0.009618129107628437,
      0.0013333558146406501,
      0.00015403530393466396,
      1.5252733841533061e-5,
      1.3215486721288474e-6,
      1.0178057093409163e-7,
      7.054932249433615e-9,
      4.455817826243506e-10,
      2.5678529367733293e-11,
    ],
    lowest: -708.39,
    highest: 709.782712893384,
    past: 710,
    minusOne: -40,
  },
};

interface Reduced {
  /** n in the low bits. */
  rounded: Local;
  /** x - n ln 2. */
  r: Local;
}

/** `low` is a small number that is added to x after the reduction. */
function reduce(v: Lanes, x: Local, low?: Operand): Reduced {
  const { ln2 } = tables[v.type];
  const rounder = v.constant(v.format.rounder);
  const rounded = v.keep(v.madd(x, v.constant(Math.LOG2E), rounder));
  const n = v.keep(v.sub(rounded, rounder));
  let r = v.madd(n, v.constant(-ln2[1]), v.madd(n, v.constant(-ln2[0]), x));
  if (low !== undefined) r = v.add(r, low);
  return { rounded, r: v.keep(r) };
}

/** 2^(n-1), for n from 2 - bias to bias + 1. */
function halfPower(v: Lanes, rounded: Local): Operand {
  const { fractionBits } = v.format;
  return v.int("add", v.shift("shl", rounded, fractionBits), v.constant(0.5));
}

/** e^(x + low), 0 below `lowest`. Beyond `highest` it is meaningless. */
export function expBounded(v: Lanes, x: Local, low?: Operand): Operand {
  const { exp, lowest } = tables[v.type];
  const { rounded, r } = reduce(v, x, low);
  // Adds n to the exponent.
  const scaled = v.int("add", v.polynomial(r, exp), v.shift("shl", rounded, v.format.fractionBits));
  return v.instruction("v128.andnot", scaled, v.op("lt", x, v.constant(lowest)));
}

/** e^x for x from -bias ln 2 up; infinite where it should be. Twice e^r times 2^(n-1), so that n = bias + 1 can be met. */
export function expUnbounded(v: Lanes, x: Operand): Operand {
  const { exp, past } = tables[v.type];
  const { rounded, r } = reduce(v, v.keep(v.atMost(x, past)));
  const doubled = exp.map((coefficient) => 2 * coefficient);
  return v.mul(v.polynomial(r, doubled), halfPower(v, rounded));
}

/** e^x for all x. */
export function expAnywhere(v: Lanes, x: Local): Operand {
  const result = v.keep(expBounded(v, x));
  const isSmall = v.op("le", x, v.constant(tables[v.type].highest));
  // x + Infinity is right for what overflows and for NaN.
  return v.select(isSmall, result, v.add(x, v.constant(Infinity)));
}

/** (2^n (1 + series) - 1) / 2. */
function halfMinusOne(v: Lanes, rounded: Local, series: Operand): Operand {
  const power = v.keep(halfPower(v, rounded));
  return v.madd(power, series, v.sub(power, v.constant(0.5)));
}

/** (e^x - 1) / 2 for x from -(bias - 1) ln 2 to bias ln 2. */
export function halfExpm1(v: Lanes, x: Local): Operand {
  const { rounded, r } = reduce(v, x);
  const series = v.madd(v.mul(r, r), v.polynomial(r, tables[v.type].expm1), r);
  return halfMinusOne(v, rounded, series);
}

function expm1(v: Lanes, x: Local): Operand {
  const { past, minusOne } = tables[v.type];
  const half = v.keep(halfExpm1(v, v.keep(v.atMost(v.atLeast(x, minusOne), past))));
  return v.withSignOf(v.add(half, half), x);
}

/** (2^y - 1) / 2 for |y| < 60. */
export function halfExp2m1(v: Lanes, y: Local): Operand {
  const rounder = v.constant(v.format.rounder);
  const rounded = v.keep(v.add(y, rounder));
  const r = v.keep(v.sub(y, v.sub(rounded, rounder)));
  return halfMinusOne(v, rounded, v.mul(v.polynomial(r, tables[v.type].exp2m1), r));
}

export const exp32: UnaryEmitter = unary("f32x4", expAnywhere);
export const exp64: UnaryEmitter = unary("f64x2", expAnywhere);
export const expm132: UnaryEmitter = unary("f32x4", expm1);
export const expm164: UnaryEmitter = unary("f64x2", expm1);
