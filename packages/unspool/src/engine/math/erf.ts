/**
 * erf and erfc. erf |x| = 1 - 2^(-|x| T(|x|)) with the smooth T(x) = -log2(erfc x) / x, a polynomial (f32) or rational
 * function (f64) on the range where erf is not yet 1, fitted so that the error of erf counts. For x >= 0,
 * (1 + 2 x) e^(x^2) erfc x is a polynomial in t = (x - c) / (x + c), the form of Shepherd and Laframboise (1981); below,
 * erfc x = 2 - erfc(-x). All are minimax fits (Remez exchange, relative weight), the f32 polynomial of erfc with last bits
 * chosen so that erfc 0 = 1 exactly.
 */
import type { Local } from "../wasm/index.ts";
import { expBounded, halfExp2m1 } from "./exp.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

interface ErfTable {
  /** Of -T. */
  numerator: readonly number[];
  denominator?: readonly number[];
  /** erf rounds to 1 from here on. */
  saturation: number;
}

const erfTables: Record<FloatLanes, ErfTable> = {
  f32x4: {
    numerator: [
      -1.6279070377349854, -0.9184446930885315, -0.14832158386707306, 0.02785232849419117,
      -0.0002654106938280165, -0.0018278432544320822, 0.0005571971414610744, -5.972622966510244e-5,
    ],
    saturation: 3.95,
  },
  f64x2: {
    numerator: [
      -1.627907028611115, -3.6398295723866485, -3.8512673800382786, -2.4726848219675017, -1.0389667504298965,
      -0.28825095197675965, -0.0504295666635169, -0.004856785953045922, -0.00017060447290277394,
    ],
    denominator: [
      1, 1.6717056539659294, 1.3315396931052657, 0.6323875362474565, 0.18868390838705465, 0.03439633404791239,
      0.0033640269804600716, 0.00011827504455766159,
    ],
    saturation: 5.95,
  },
};

interface ErfcTable {
  /** t = (x - center) / (x + center). */
  center: number;
  polynomial: readonly number[];
}

const erfcTables: Record<FloatLanes, ErfcTable> = {
  f32x4: {
    center: 2,
    polynomial: [
      1.2769783735275269, -0.09276404231786728, -0.16603004932403564, 0.16405591368675232,
      -0.054217781871557236, -0.008064454421401024, 0.008675308898091316, 0.0013358555734157562,
      -0.0012760910904034972, -0.00043353281216695905,
    ],
  },
  f64x2: {
    center: 4,
    polynomial: [
      1.2329951186255526, -0.13962111684056286, 0.015379652102620139, 0.06809705425473354,
      -0.10103906603632351, 0.09373283499691457, -0.06633036581203974, 0.0371675155607003,
      -0.016197734054712722, 0.00503196977062256, -0.0007577733614695353, -0.00019925557961334548,
      0.00015062229029869092, -2.440295362414371e-5, -1.122482175244811e-5, 5.7174980129521505e-6,
      3.0127360206712857e-7, -8.347654255261695e-7, 6.288809552841742e-8, 1.1515979453794141e-7,
      -7.84203436719646e-9, -1.3649834118858657e-8, -1.8001181461130618e-9,
    ],
  },
};

function erf(v: Lanes, x: Local): Operand {
  const { numerator, denominator, saturation } = erfTables[v.type];
  const magnitude = v.keep(v.atMost(v.op("abs", x), saturation));
  const top = v.mul(v.polynomial(magnitude, numerator), magnitude);
  const exponent = denominator === undefined ? top : v.div(top, v.polynomial(magnitude, denominator));
  const half = v.keep(halfExp2m1(v, v.keep(exponent)));
  return v.withSignOf(v.op("abs", v.add(half, half)), x);
}

function erfc(v: Lanes, x: Local): Operand {
  const { center, polynomial } = erfcTables[v.type];
  const magnitude = v.keep(v.atMost(v.op("abs", x), 28));
  const t = v.keep(v.div(v.sub(magnitude, v.constant(center)), v.add(magnitude, v.constant(center))));
  const scaled = v.keep(v.polynomial(t, polynomial));
  // x^2 in two parts: the upper half of the bits of x squared, exactly, and the rest.
  const lowerBits = v.bits(v.type === "f32x4" ? (1n << 12n) - 1n : (1n << 27n) - 1n);
  const upper = v.keep(v.instruction("v128.andnot", magnitude, lowerBits));
  const square = v.keep(v.op("neg", v.mul(upper, upper)));
  const rest = v.mul(v.sub(upper, magnitude), v.add(upper, magnitude));
  const power = expBounded(v, square, rest);
  const one = v.constant(1);
  const tail = v.keep(v.div(v.mul(power, scaled), v.add(v.add(magnitude, magnitude), one)));
  return v.select(v.op("lt", x, v.constant(0)), v.sub(v.constant(2), tail), tail);
}

export const erf32: UnaryEmitter = unary("f32x4", erf);
export const erf64: UnaryEmitter = unary("f64x2", erf);
export const erfc32: UnaryEmitter = unary("f32x4", erfc);
export const erfc64: UnaryEmitter = unary("f64x2", erfc);
