/** Values that hold exactly, limits that are never passed, and independence of lanes. */
import { expect, test } from "vitest";
import { hasRelaxedSimd } from "../host.ts";
import { type MathFunction, type MathPair, math32, math64, pairs32, pairs64 } from "./index.ts";
import type { PairEmitter, UnaryEmitter } from "./lanes.ts";
import { compileMap } from "./testing.ts";

const modes = hasRelaxedSimd() ? [false, true] : [false];
const nan = NaN;
const infinity = Infinity;
const quarter = Math.PI / 2;

/** [argument, result] that hold exactly, results rounded to the format. */
const special: Record<MathFunction, [number, number][]> = {
  exp: [
    [0, 1],
    [-0, 1],
    [infinity, infinity],
    [-infinity, 0],
    [-1000, 0],
    [1000, infinity],
    [-1e30, 0],
    [1e30, infinity],
  ],
  expm1: [
    [0, 0],
    [-0, -0],
    [infinity, infinity],
    [-infinity, -1],
    [1000, infinity],
    [-1000, -1],
  ],
  log: [
    [1, 0],
    [0, -infinity],
    [-0, -infinity],
    [-1, nan],
    [-1e-45, nan],
    [infinity, infinity],
    [-infinity, nan],
  ],
  log1p: [
    [0, 0],
    [-0, -0],
    [-1, -infinity],
    [-1.5, nan],
    [infinity, infinity],
    [-infinity, nan],
  ],
  sin: [
    [0, 0],
    [-0, -0],
    [infinity, nan],
    [-infinity, nan],
  ],
  cos: [
    [0, 1],
    [-0, 1],
    [infinity, nan],
    [-infinity, nan],
  ],
  tan: [
    [0, 0],
    [-0, -0],
    [infinity, nan],
    [-infinity, nan],
  ],
  asin: [
    [0, 0],
    [-0, -0],
    [1, quarter],
    [-1, -quarter],
    [1.0001, nan],
    [-2, nan],
    [infinity, nan],
  ],
  acos: [
    [1, 0],
    [-1, Math.PI],
    [0, quarter],
    [-0, quarter],
    [1.0001, nan],
    [-2, nan],
    [infinity, nan],
  ],
  atan: [
    [0, 0],
    [-0, -0],
    [infinity, quarter],
    [-infinity, -quarter],
    [1e38, quarter],
  ],
  erf: [
    [0, 0],
    [-0, -0],
    [infinity, 1],
    [-infinity, -1],
    [7, 1],
    [-30, -1],
  ],
  erfc: [
    [0, 1],
    [-0, 1],
    [infinity, 0],
    [-infinity, 2],
    [30, 0],
    [-30, 2],
    [1e30, 0],
  ],
  tanh: [
    [0, 0],
    [-0, -0],
    [infinity, 1],
    [-infinity, -1],
    [30, 1],
    [-1e30, -1],
  ],
  sigmoid: [
    [0, 0.5],
    [-0, 0.5],
    [infinity, 1],
    [-infinity, 0],
    [1000, 1],
    [-1000, 0],
  ],
  tanhSlope: [
    [0, 1],
    [-0, 1],
    [infinity, 0],
    [-infinity, 0],
    [1000, 0],
    [-1e30, 0],
  ],
  sigmoidSlope: [
    [0, 0.25],
    [-0, 0.25],
    [infinity, 0],
    [-infinity, 0],
    [1000, 0],
    [-1e30, 0],
  ],
};

test.each(Object.keys(special) as MathFunction[])("special values of %s", (name) => {
  const pairs: [number, number][] = [...special[name], [nan, nan], [-nan, nan]];
  for (const fma of modes) {
    const inputs = pairs.map(([x]) => x);
    const single = compileMap<Float32Array>("f32x4", math32[name], { fma })(Float32Array.from(inputs));
    const double = compileMap<Float64Array>("f64x2", math64[name], { fma })(Float64Array.from(inputs));
    expect([...single]).toEqual(pairs.map(([, y]) => Math.fround(y)));
    expect([...double]).toEqual(pairs.map(([, y]) => y));
  }
});

const half =
  (pair: PairEmitter, which: 0 | 1): UnaryEmitter =>
  (f, x, options) => {
    const results = pair(f, x, options);
    f.get(results[which]);
    f.release(...results);
  };

const pairNames: [MathPair, MathFunction, MathFunction][] = [
  ["tanhAndSlope", "tanh", "tanhSlope"],
  ["sigmoidAndSlope", "sigmoid", "sigmoidSlope"],
];

test.each(pairNames)("%s has the bits of %s and %s", (pair, ...names) => {
  const inputs = Array.from({ length: 4000 }, (_, i) => (i - 2000) * 0.05).concat(
    nan,
    infinity,
    -infinity,
    -0,
  );
  for (const fma of modes) {
    names.forEach((name, which) => {
      const single = (emit: UnaryEmitter) =>
        compileMap<Float32Array>("f32x4", emit, { fma })(Float32Array.from(inputs));
      const double = (emit: UnaryEmitter) =>
        compileMap<Float64Array>("f64x2", emit, { fma })(Float64Array.from(inputs));
      expect(single(half(pairs32[pair], which as 0 | 1))).toEqual(single(math32[name]));
      expect(double(half(pairs64[pair], which as 0 | 1))).toEqual(double(math64[name]));
    });
  }
});

test("a lane's result does not depend on the other lanes", () => {
  const alone = [0.3, 1, 2.5, 7].map((x) => new Float32Array(4).fill(x));
  const mixed = Float32Array.of(0.3, 1e9, NaN, 0);
  for (const fma of modes) {
    for (const name of Object.keys(math32) as MathFunction[]) {
      const map = compileMap<Float32Array>("f32x4", math32[name], { fma });
      expect(map(mixed)[0], name).toBe(map(alone[0]!)[0]);
    }
  }
});

test("sines, tanh and erf stay between -1 and 1", () => {
  const inputs = Float32Array.from({ length: 400_000 }, (_, i) => 1.2 + i * 1e-6).map((x, i) =>
    i % 2 ? x : 6 * x,
  );
  for (const fma of modes) {
    for (const name of ["sin", "cos", "tanh", "erf"] as const) {
      const results = compileMap<Float32Array>("f32x4", math32[name], { fma })(inputs);
      expect(
        results.reduce((most, y) => Math.max(most, Math.abs(y)), 0),
        name,
      ).toBeLessThanOrEqual(1);
    }
    const huge = compileMap<Float64Array>("f64x2", math64.sin, { fma })(
      Float64Array.of(1e12, 1e200, -1e308, 3e15),
    );
    expect(huge.every((y) => Math.abs(y) <= 1)).toBe(true);
  }
});
