/**
 * tanh and the logistic sigmoid. With w = (e^(2 |x|) - 1) / 2, tanh |x| = w / (w + 1); its relative error is at most that
 * of |x|, so the power may be one of 2 with a rounded exponent.
 */
import type { Local } from "../wasm/index.ts";
import { expUnbounded, halfExp2m1 } from "./exp.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

/** tanh rounds to 1 from here on. */
const saturation: Record<FloatLanes, number> = { f32x4: 10, f64x2: 20 };

function tanh(v: Lanes, x: Local): Operand {
  const magnitude = v.atMost(v.op("abs", x), saturation[v.type]);
  const w = v.keep(halfExp2m1(v, v.keep(v.mul(magnitude, v.constant(2 * Math.LOG2E)))));
  return v.withSignOf(v.div(w, v.add(w, v.constant(1))), x);
}

function sigmoid(v: Lanes, x: Local): Operand {
  // e^-80 is nothing beside 1.
  const inverse = expUnbounded(v, v.atLeast(v.op("neg", x), -80));
  return v.div(v.constant(1), v.add(inverse, v.constant(1)));
}

export const tanh32: UnaryEmitter = unary("f32x4", tanh);
export const tanh64: UnaryEmitter = unary("f64x2", tanh);
export const sigmoid32: UnaryEmitter = unary("f32x4", sigmoid);
export const sigmoid64: UnaryEmitter = unary("f64x2", sigmoid);
