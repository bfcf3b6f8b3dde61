/** Mathematical functions and random bits as emitters of vector code. */
import { erf32, erf64, erfc32, erfc64 } from "./erf.ts";
import { exp32, exp64, expm132, expm164 } from "./exp.ts";
import {
  sigmoid32,
  sigmoid64,
  sigmoidAndSlope32,
  sigmoidAndSlope64,
  sigmoidSlope32,
  sigmoidSlope64,
  tanh32,
  tanh64,
  tanhAndSlope32,
  tanhAndSlope64,
  tanhSlope32,
  tanhSlope64,
} from "./hyperbolic.ts";
import { acos32, acos64, asin32, asin64, atan32, atan64 } from "./inverseTrigonometry.ts";
import type { PairEmitter, UnaryEmitter } from "./lanes.ts";
import { log1p32, log1p64, log32, log64 } from "./log.ts";
import { cos32, cos64, sin32, sin64, tan32, tan64 } from "./trigonometry.ts";

export { multiplyAdd } from "./lanes.ts";
export type { FloatLanes, MathOptions, PairEmitter, UnaryEmitter } from "./lanes.ts";
export { mathErrorBounds } from "./errorBounds.ts";
export type { MathErrorBound } from "./errorBounds.ts";
export { emitBoxMuller, emitThreefry } from "./random.ts";

export type MathFunction =
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "erf"
  | "erfc"
  | "tanh"
  | "sigmoid"
  /** Derivatives. */
  | "tanhSlope"
  | "sigmoidSlope";

/** f32x4. */
export const math32: Record<MathFunction, UnaryEmitter> = {
  exp: exp32,
  expm1: expm132,
  log: log32,
  log1p: log1p32,
  sin: sin32,
  cos: cos32,
  tan: tan32,
  asin: asin32,
  acos: acos32,
  atan: atan32,
  erf: erf32,
  erfc: erfc32,
  tanh: tanh32,
  sigmoid: sigmoid32,
  tanhSlope: tanhSlope32,
  sigmoidSlope: sigmoidSlope32,
};

/** f64x2. */
export const math64: Record<MathFunction, UnaryEmitter> = {
  exp: exp64,
  expm1: expm164,
  log: log64,
  log1p: log1p64,
  sin: sin64,
  cos: cos64,
  tan: tan64,
  asin: asin64,
  acos: acos64,
  atan: atan64,
  erf: erf64,
  erfc: erfc64,
  tanh: tanh64,
  sigmoid: sigmoid64,
  tanhSlope: tanhSlope64,
  sigmoidSlope: sigmoidSlope64,
};

/** Two functions of one argument that have most of their work in common. */
export type MathPair = "tanhAndSlope" | "sigmoidAndSlope";

export const pairs32: Record<MathPair, PairEmitter> = {
  tanhAndSlope: tanhAndSlope32,
  sigmoidAndSlope: sigmoidAndSlope32,
};

export const pairs64: Record<MathPair, PairEmitter> = {
  tanhAndSlope: tanhAndSlope64,
  sigmoidAndSlope: sigmoidAndSlope64,
};
