/**
 * tanh and the logistic sigmoid. With 2^(n + r) = e^(2 |x|), n whole, and w = (e^(2 |x|) - 1) / 2, tanh |x| = w / (w + 1):
 * tanh is so little sensitive to the relative error of its argument that the product 2 |x| log2 e may be rounded.
 * 2^r - 1 = r P(r) is a minimax fit on |r| <= 1/2 (Remez exchange, relative weight).
 */
import type { Local } from "../wasm/index.ts";
import { expUnbounded } from "./exp.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

const power: Record<FloatLanes, readonly number[]> = {
  f32x4: [
    0.6931471824645996, 0.24022649228572845, 0.05550357326865196, 0.009618237614631653, 0.0013390821404755116,
    0.00015403599536512047,
  ],
  f64x2: [
    0.6931471805599453, 0.24022650695910072, 0.055504108664821625, 0.009618129107628437,
    0.0013333558146406501, 0.00015403530393466396, 1.5252733841533061e-5, 1.3215486721288474e-6,
    1.0178057093409163e-7, 7.054932249433615e-9, 4.455817826243506e-10, 2.5678529367733293e-11,
  ],
};

/** tanh rounds to 1 from here on. */
const saturation: Record<FloatLanes, number> = { f32x4: 10, f64x2: 20 };

function tanh(v: Lanes, x: Local): Operand {
  const magnitude = v.keep(v.atMost(v.op("abs", x), saturation[v.type]));
  const toPower = v.constant(2 * Math.LOG2E);
  const rounder = v.constant(v.format.rounder);
  const rounded = v.keep(v.madd(magnitude, toPower, rounder));
  const r = v.keep(v.madd(magnitude, toPower, v.sub(rounder, rounded)));
  // w = 2^(n-1) (2^r - 1) + (2^(n-1) - 1/2).
  const half = v.constant(0.5);
  const scale = v.keep(v.int("add", v.shift("shl", rounded, v.format.fractionBits), half));
  const w = v.keep(v.madd(scale, v.mul(v.polynomial(r, power[v.type]), r), v.sub(scale, half)));
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
