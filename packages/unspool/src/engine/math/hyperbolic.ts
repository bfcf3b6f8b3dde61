/**
 * tanh, the logistic sigmoid, and their derivatives, which keep their digits where the functions are near 1 or -1.
 *
 * With w = (e^(2 |x|) - 1) / 2 and q = 1 / (w + 1), tanh |x| = w q = 1 - q and tanh' x = (1 + tanh |x|) q, because
 * 1 - tanh |x| = q. With e = e^-x and y = 1 / (1 + e), sigmoid x = y and sigmoid' x = (e y) y.
 */
import type { Local } from "../wasm/index.ts";
import { expAnywhere, expUnbounded, halfExpm1 } from "./exp.ts";
import { type FloatLanes, type Lanes, type Operand, type PairEmitter, type UnaryEmitter } from "./lanes.ts";
import { pair, unary } from "./lanes.ts";

/** tanh' is below the smallest normal number from here on, and tanh rounds to 1. */
const saturation: Record<FloatLanes, number> = { f32x4: 43.66, f64x2: 354.19 };

/** tanh |x| and 1 - tanh |x|. */
function tanhParts(v: Lanes, magnitude: Local): [sum: Local, complement: Local] {
  const bounded = v.keep(v.atMost(magnitude, saturation[v.type]));
  const w = v.keep(halfExpm1(v, v.keep(v.add(bounded, bounded))));
  const complement = v.keep(v.div(v.constant(1), v.add(w, v.constant(1))));
  // w q may round to the number below 1 where the function is 1; what is left of 1 + tanh x would be all error.
  const isLarge = v.op("ge", w, v.constant(1));
  return [v.keep(v.select(isLarge, v.sub(v.constant(1), complement), v.mul(w, complement))), complement];
}

function tanhAndSlope(v: Lanes, x: Local): [Operand, Operand] {
  const magnitude = v.keep(v.op("abs", x));
  const [size, complement] = tanhParts(v, magnitude);
  const slope = v.mul(v.add(size, v.constant(1)), complement);
  const isSaturated = v.op("gt", magnitude, v.constant(saturation[v.type]));
  return [v.withSignOf(size, x), v.instruction("v128.andnot", slope, isSaturated)];
}

function tanh(v: Lanes, x: Local): Operand {
  return v.withSignOf(tanhParts(v, v.keep(v.op("abs", x)))[0], x);
}

function sigmoid(v: Lanes, x: Local): Operand {
  // e^-80 is nothing beside 1.
  const inverse = expUnbounded(v, v.atLeast(v.op("neg", x), -80));
  return v.div(v.constant(1), v.add(inverse, v.constant(1)));
}

function sigmoidAndSlope(v: Lanes, x: Local): [Operand, Operand] {
  const inverse = v.keep(expAnywhere(v, v.keep(v.op("neg", x))));
  const y = v.keep(v.div(v.constant(1), v.add(inverse, v.constant(1))));
  // 1 - y, which is 1 where e is infinite.
  const complement = v.op("pmin", v.constant(1), v.mul(inverse, y));
  return [y, v.mul(complement, y)];
}

type Formulas = (v: Lanes, x: Local) => [Operand, Operand];
const second =
  (formulas: Formulas) =>
  (v: Lanes, x: Local): Operand =>
    formulas(v, x)[1];

export const tanh32: UnaryEmitter = unary("f32x4", tanh);
export const tanh64: UnaryEmitter = unary("f64x2", tanh);
export const tanhSlope32: UnaryEmitter = unary("f32x4", second(tanhAndSlope));
export const tanhSlope64: UnaryEmitter = unary("f64x2", second(tanhAndSlope));
export const tanhAndSlope32: PairEmitter = pair("f32x4", tanhAndSlope);
export const tanhAndSlope64: PairEmitter = pair("f64x2", tanhAndSlope);
export const sigmoid32: UnaryEmitter = unary("f32x4", sigmoid);
export const sigmoid64: UnaryEmitter = unary("f64x2", sigmoid);
export const sigmoidSlope32: UnaryEmitter = unary("f32x4", second(sigmoidAndSlope));
export const sigmoidSlope64: UnaryEmitter = unary("f64x2", second(sigmoidAndSlope));
export const sigmoidAndSlope32: PairEmitter = pair("f32x4", sigmoidAndSlope);
export const sigmoidAndSlope64: PairEmitter = pair("f64x2", sigmoidAndSlope);
