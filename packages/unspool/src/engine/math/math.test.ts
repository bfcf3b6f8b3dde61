/**
 * The error bounds, held against V8's Math (a port of fdlibm, below 1 ulp) in double precision, and against series in
 * exact arithmetic for erf and erfc, with and without fused multiply-add.
 */
import { describe, expect, test } from "vitest";
import { erfReference, erfcReference } from "./erfReference.ts";
import { type MathFunction, math32, math64, mathErrorBounds } from "./index.ts";
import { hasRelaxedSimd } from "../host.ts";
import { compileMap } from "./testing.ts";

const modes = hasRelaxedSimd() ? [false, true] : [false];

/** Where samples are taken: evenly, or evenly in the logarithm of the magnitude. */
interface Range {
  from: number;
  to: number;
  isLogarithmic?: boolean;
}

interface Case {
  reference: (x: number) => number;
  ranges32: Range[];
  ranges64?: Range[];
  samples?: number;
}

const tiny: Range = { from: 1e-30, to: 1, isLogarithmic: true };
const negativeTiny: Range = { from: -1e-30, to: -1, isLogarithmic: true };
const upTo = (to: number, from = 1e-30): Range => ({ from, to, isLogarithmic: true });
const waves32 = [{ from: -100, to: 100 }, upTo(8192), upTo(3.4e38, 8192), upTo(-3.4e38, -1)];
const waves64 = [{ from: -100, to: 100 }, upTo(2 ** 30), upTo(1.7e308, 2 ** 29), upTo(-1.7e308, -1)];

const cases: Record<MathFunction, Case> = {
  exp: {
    reference: Math.exp,
    ranges32: [{ from: -87.33, to: 88.7228 }, tiny],
    ranges64: [
      { from: -708.38, to: 709.78 },
      { from: -2, to: 2 },
    ],
  },
  expm1: {
    reference: Math.expm1,
    ranges32: [{ from: -20, to: 88.7 }, { from: -2, to: 2 }, tiny, negativeTiny],
  },
  log: { reference: Math.log, ranges32: [upTo(3.4e38, 1e-45), { from: 0.5, to: 2 }] },
  log1p: {
    reference: Math.log1p,
    ranges32: [{ from: -0.9999, to: 4 }, upTo(3.4e38), negativeTiny, { from: 2.3e38, to: 3.4e38 }],
  },
  sin: { reference: Math.sin, ranges32: waves32, ranges64: waves64 },
  cos: { reference: Math.cos, ranges32: waves32, ranges64: waves64 },
  tan: { reference: Math.tan, ranges32: waves32, ranges64: waves64 },
  asin: { reference: Math.asin, ranges32: [{ from: -1, to: 1 }, tiny] },
  acos: { reference: Math.acos, ranges32: [{ from: -1, to: 1 }, tiny] },
  atan: { reference: Math.atan, ranges32: [{ from: -10, to: 10 }, upTo(3.4e38)] },
  erf: { reference: erfReference, ranges32: [{ from: -4.5, to: 6 }, upTo(1, 1e-10)], samples: 1500 },
  erfc: {
    reference: erfcReference,
    ranges32: [
      { from: -6, to: 2 },
      { from: 2, to: 9.19 },
    ],
    ranges64: [
      { from: -6, to: 2 },
      { from: 2, to: 16 },
      { from: 26, to: 26.5 },
    ],
    samples: 700,
  },
  tanh: { reference: Math.tanh, ranges32: [{ from: -12, to: 12 }, tiny, negativeTiny] },
  sigmoid: {
    reference: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    ranges32: [
      { from: -87.3, to: 90 },
      { from: -4, to: 4 },
    ],
    ranges64: [
      { from: -708, to: 50 },
      { from: -4, to: 4 },
    ],
  },
  tanhSlope: {
    reference: (x) => (4 * Math.exp(-2 * Math.abs(x))) / (1 + Math.exp(-2 * Math.abs(x))) ** 2,
    ranges32: [{ from: -43.6, to: 43.6 }, { from: -4, to: 4 }, tiny],
    ranges64: [{ from: -354, to: 354 }, { from: -4, to: 4 }, tiny],
  },
  sigmoidSlope: {
    reference: (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2,
    ranges32: [{ from: -87.3, to: 87.3 }, { from: -4, to: 4 }, tiny],
    ranges64: [{ from: -708, to: 708 }, { from: -4, to: 4 }, tiny],
  },
};

function samplesOf(ranges: Range[], count: number): number[] {
  return ranges.flatMap(({ from, to, isLogarithmic }) =>
    Array.from({ length: count }, (_, i) => {
      const u = (i + 0.5) / count;
      return isLogarithmic === true ? from * (to / from) ** u : from + (to - from) * u;
    }),
  );
}

/** Distance to the exact value in units of its last place. */
function errorInUlp(actual: number, exact: number, fractionBits: number, leastExponent: number): number {
  if (actual === exact) return 0;
  const magnitude = Math.abs(exact);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent--;
  return Math.abs(actual - exact) / 2 ** (Math.max(exponent, leastExponent) - fractionBits);
}

/** The largest error, and where; NaN counts as infinite. */
function worst(
  inputs: Float32Array | Float64Array,
  results: ArrayLike<number>,
  exact: ArrayLike<number>,
): { ulp: number; at: number } {
  const isSingle = inputs instanceof Float32Array;
  let found = { ulp: 0, at: NaN };
  inputs.forEach((x, i) => {
    const error = errorInUlp(results[i]!, exact[i]!, isSingle ? 23 : 52, isSingle ? -126 : -1022);
    if (!(error <= found.ulp)) found = { ulp: Number.isNaN(error) ? Infinity : error, at: x };
  });
  return found;
}

describe.each(Object.keys(cases) as MathFunction[])("%s", (name) => {
  const { reference, ranges32, ranges64 = ranges32, samples } = cases[name];

  test("f32 is within its bound of the exact value", () => {
    const inputs = Float32Array.from(samplesOf(ranges32, samples ?? 60_000));
    const exact = [...inputs].map(reference);
    for (const fma of modes) {
      const results = compileMap<Float32Array>("f32x4", math32[name], { fma })(inputs);
      const { ulp, at } = worst(inputs, results, exact);
      expect(ulp, `fma ${fma}, at ${at}`).toBeLessThanOrEqual(mathErrorBounds[name]!.ulp32);
    }
  });

  test("f64 is within its bound of the reference", () => {
    const inputs = Float64Array.from(samplesOf(ranges64, samples ?? 30_000));
    const exact = [...inputs].map(reference);
    for (const fma of modes) {
      const results = compileMap<Float64Array>("f64x2", math64[name], { fma })(inputs);
      const { ulp, at } = worst(inputs, results, exact);
      expect(ulp, `fma ${fma}, at ${at}`).toBeLessThanOrEqual(mathErrorBounds[name]!.ulp64);
    }
  });
});
