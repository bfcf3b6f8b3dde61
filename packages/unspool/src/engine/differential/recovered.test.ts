/**
 * Functions that the engine recovers from their pieces or by their name, and their derivatives, against the reference:
 * zeros of both signs, where branches of the array room's formulas meet, where results saturate, infinities and NaN.
 */
import { expect, test } from "vitest";
import { type Tensor, grad, lax, nn, np, vjp } from "../../array/index.ts";
import { compileFunction } from "../compileFunction.ts";
import { wrongOfAll } from "./testing/check.ts";
import type { FunctionCase } from "./testing/functions.ts";

type Unary = (x: Tensor) => Tensor;
type FloatType = "float32" | "float64";

const f = np as unknown as Record<string, Unary>;
const special = [0, -0, NaN, Infinity, -Infinity];
const around = (...points: number[]): number[] =>
  points.flatMap((x) => [0.999, 1, 1.001].flatMap((factor) => [x * factor, -x * factor]));

interface Row {
  call: Unary;
  points: readonly number[];
  /** Where the derivative is held against the reference, if not at all points. */
  slopes?: readonly number[];
}

const everywhere = [...special, ...around(1e-30, 1e-6, 0.1, 0.3, 0.46875, 1, 4, 9, 20), 42, -42, 100, -100];
const finite = everywhere.filter(Number.isFinite);

const rows: Readonly<Record<string, Row>> = {
  tanh: { call: f["tanh"]!, points: everywhere },
  sigmoid: { call: nn.sigmoid, points: everywhere },
  softplus: { call: nn.softplus, points: everywhere },
  logSigmoid: { call: nn.logSigmoid, points: everywhere },
  silu: { call: nn.silu, points: finite },
  gelu: { call: (x) => nn.gelu(x, { approximate: false }), points: finite },
  elu: { call: nn.elu, points: everywhere },
  // The reference has NaN at infinity, and few digits of erfc in its tail.
  erf: { call: lax.erf as Unary, points: [...finite, NaN] },
  erfc: { call: lax.erfc as Unary, points: [...finite.filter((x) => x < 8), NaN] },
  expm1: { call: f["expm1"]!, points: everywhere },
  sinh: { call: f["sinh"]!, points: everywhere },
  // The reference has 1e-6 at 1.
  acos: { call: f["acos"]!, points: [...special.slice(0, 3), ...around(1e-6, 0.1, 0.5, 0.99), -1] },
  tan: { call: f["tan"]!, points: [...special, ...around(1e-30, 0.1, 0.7, 1.5, 3)] },
  log: { call: f["log"]!, points: [...special, ...around(1e-30, 0.5, 1, 2, 1e20).map(Math.abs), -1] },
  log1p: { call: f["log1p"]!, points: [...special, ...around(1e-30, 1e-6, 0.5), 1e20, -1, -2] },
};

const caseOf = (name: string, call: Unary, points: readonly number[], dtype: FloatType): FunctionCase => ({
  name,
  call: (x) => [call(x!)],
  args: [np.array([...points], { dtype })],
  vary: "roll",
  isDifferentiable: false,
});

test.each(["float32", "float64"] as const)("%s: values", { tags: ["long"] }, (dtype) => {
  const cases = Object.entries(rows).map(([name, { call, points }]) => caseOf(name, call, points, dtype));
  expect(wrongOfAll(cases, { ulps: dtype === "float32" ? 16 : 4096 })).toEqual([]);
});

test.each(["float32", "float64"] as const)("%s: exact values that the reference misses", (dtype) => {
  const at = (call: Unary, ...points: number[]): number[] => {
    const x = np.array(points, { dtype });
    return Array.from(compileFunction("exact", call, [x])(x).data);
  };
  expect(at(lax.erf as Unary, Infinity, -Infinity)).toEqual([1, -1]);
  expect(at(lax.erfc as Unary, Infinity, -Infinity)).toEqual([0, 2]);
  expect(at(f["acos"]!, 1)).toEqual([0]);
});

test.each(["float32", "float64"] as const)("%s: derivatives, and derivatives of those", (dtype) => {
  const pulled =
    (call: Unary): Unary =>
    (x) =>
      vjp(call, [x], np.full([...x.shape], 1.5, { dtype }) as Tensor)[1][0];
  const second =
    (call: Unary): Unary =>
    (x) =>
      grad((y: Tensor) => pulled(call)(y).sum())(x);
  const cases = Object.entries(rows).flatMap(([name, { call, points, slopes = points }]) => [
    caseOf(`${name}'`, pulled(call), slopes, dtype),
    ...(["tanh", "sigmoid"].includes(name) ? [caseOf(`${name}''`, second(call), slopes, dtype)] : []),
  ]);
  expect(wrongOfAll(cases, { ulps: dtype === "float32" ? 32 : 4096 })).toEqual([]);
});
