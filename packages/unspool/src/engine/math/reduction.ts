/**
 * Reduction of large f32 arguments modulo pi, after Payne and Hanek (f64: `wideReduction.ts`): 1 / pi in pieces of 29 bits, so that a 24-bit
 * argument times a piece is exact in f64. Multiples of two in each product do not count and are taken off before the
 * sum, which is then small and good to about 2^-52 for every finite f32. The code stands behind a branch that ordinary
 * arguments do not take.
 */
import type { Local } from "../wasm/index.ts";
import type { Lanes, Operand } from "./lanes.ts";

/** Bits 1-29, 30-58, ... of 1 / pi after the first, from its binary expansion. */
const inversePi = [
  0.3183098854497075, 7.340831623126043e-10, 1.1380050335985908e-18, 2.9406073693865217e-27,
  5.173434350418107e-36, 1.8916281755456595e-45, 1.8602374392588695e-53,
];

export interface LargeArgument {
  x: Local;
  limit: number;
  /** In units of pi. */
  period: 1 | 0.5;
  /** Added to every multiple of the period. */
  offset: 0 | 0.5;
  /** Remainder and multiple, rewritten in the lanes where |x| > limit. */
  r: Local;
  multiple: Local;
}

export function reduceExactly(v: Lanes, argument: LargeArgument): void {
  const { x, limit, r, multiple } = argument;
  const { f } = v;
  const isLarge = v.keep(v.op("gt", v.op("abs", x), v.constant(limit)));
  f.get(isLarge).op("v128.any_true");
  f.if(() => {
    const [pair, remainders, multiples] = [v.keep(x), v.keep(x), v.keep(x)];
    const pass = f.local("i32");
    // The two low lanes, twice: results come in at the high end.
    f.forLoop(pass, 0, 2, 1, () => {
      const reduced = reducePair(v, argument, pair);
      f.get(remainders, reduced.r).shuffle32(2, 3, 4, 5).set(remainders);
      f.get(multiples, reduced.multiple).shuffle32(2, 3, 4, 5).set(multiples);
      f.get(pair, pair).shuffle32(2, 3, 0, 1).set(pair);
    });
    f.release(pass);
    v.push(v.select(isLarge, remainders, r));
    f.set(r);
    v.push(v.select(isLarge, multiples, multiple));
    f.set(multiple);
  });
}

/** Remainders (f32) and multiples (i32) of the two low lanes of `x`, in the two low lanes. */
function reducePair(v: Lanes, { period, offset }: LargeArgument, x: Local): { r: Local; multiple: Local } {
  const op = (name: string, ...operands: Operand[]) => v.instruction(`f64x2.${name}`, ...operands);
  const constant = (value: number): Operand => v.f.constant("f64x2", value);
  const wide = v.keep(v.instruction("f64x2.promote_low_f32x4", x));
  const modulo2 = (piece: number): Operand => {
    const product = v.keep(op("mul", wide, constant(piece / period)));
    const halves = op("nearest", op("mul", product, constant(0.5)));
    return op("sub", product, op("mul", halves, constant(2)));
  };
  const sum = inversePi.map(modulo2).reduceRight((total, term) => op("add", total, term));
  const turns = v.keep(op("sub", sum, constant(offset)));
  const n = v.keep(op("nearest", turns));
  const remainder = op("mul", op("sub", turns, n), constant(Math.PI * period));
  return {
    r: v.keep(v.instruction("f32x4.demote_f64x2_zero", remainder)),
    multiple: v.keep(v.instruction("i32x4.trunc_sat_f64x2_s_zero", n)),
  };
}
