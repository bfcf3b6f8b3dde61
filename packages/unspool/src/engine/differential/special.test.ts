/**
 * NaN, infinities, zeros of both signs and the ends of the range, through everything that compares, selects, rounds,
 * converts and computes, against the reference, for all units, per unit and per member.
 */
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { compileFunction } from "../compileFunction.ts";
import { wrongOfAll } from "./testing/check.ts";
import type { FunctionCase } from "./testing/functions.ts";

const f = np as unknown as Record<string, (...xs: Tensor[]) => Tensor>;

type FloatType = "float32" | "float64";

/** Smallest number, smallest normal number, largest number. */
const ends: Readonly<Record<FloatType, readonly number[]>> = {
  float32: [2 ** -149, 2 ** -126, (2 - 2 ** -23) * 2 ** 127],
  float64: [2 ** -1074, 2 ** -1022, Number.MAX_VALUE],
};
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1.5, 0.5];
const everything = (dtype: FloatType): number[] => [...special, 3e9, -3e9, ...ends[dtype]];

/** A case of one argument, or of two in all combinations. */
function caseOf(
  name: string,
  count: 1 | 2,
  dtype: FloatType,
  call: (...xs: Tensor[]) => Tensor[],
  values: readonly number[] = everything(dtype),
): FunctionCase {
  const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
  const args = Array.from({ length: count }, (_, i) =>
    np.array(count === 1 ? [...values] : pairs.map((pair) => pair[i]!), { dtype }),
  );
  return { name, call, args, vary: "roll", isDifferentiable: false };
}

const comparisons = ["less", "lessEqual", "greater", "greaterEqual", "equal", "notEqual"];

test.each(["float32", "float64"] as const)(
  "%s: comparisons, selections and conversions are exact",
  { tags: ["long"] },
  (dtype) => {
    const rows = [
      ...[...comparisons, "maximum", "minimum", "fmax", "fmin", "copysign"].map((name) =>
        caseOf(name, 2, dtype, (x, y) => [f[name]!(x!, y!)]),
      ),
      ...["isnan", "isinf", "isfinite", "floor", "ceil", "trunc", "round", "abs", "nanToNum"].map((name) =>
        caseOf(name, 1, dtype, (x) => [f[name]!(x!)]),
      ),
      ...["max", "min", "argmax", "argmin", "sort", "argsort", "all", "any"].map((name) =>
        caseOf(name, 1, dtype, (x) => [f[name]!(x!), f[name]!(x!.slice([3, 13]))]),
      ),
      caseOf("where", 2, dtype, (x, y) => [np.where(x!.less(y!), x!, y!) as Tensor]),
      caseOf("astype", 1, dtype, (x) =>
        (["int32", "uint32", "bool", "float32", "float64"] as const).map((to) => x!.astype(to)),
      ),
    ];
    expect(wrongOfAll(rows, { ulps: 0, isSigned: true })).toEqual([]);
  },
);

test.each(["float32", "float64"] as const)("%s: zeros keep their sign where they are moved", (dtype) => {
  // By IEEE 754. The reference has 0 - x for -x, and adds padded parts to concatenate them: 0 for -0.
  const x = np.array([0, -0, 3], { dtype });
  const call = (y: Tensor) => [y.neg(), np.concatenate([np.flip(y) as Tensor, y]) as Tensor, y.slice([1, 2])];
  const outs = compileFunction("zeros", call, [x])(x);
  expect(outs.map(({ data }) => Array.from(data))).toEqual([[-0, 0, -3], [3, -0, 0, 0, -0, 3], [-0]]);
});

test.each(["float32", "float64"] as const)("%s: arithmetic and functions", { tags: ["long"] }, (dtype) => {
  const binary = ["add", "subtract", "multiply", "divide", "hypot", "arctan2", "power", "logaddexp"];
  const unary = ["exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "arcsin", "log1p", "expm1", "cbrt", "sign", "square", "reciprocal"]; // prettier-ignore
  // Numbers near the ends of the range are left out: the reference's quotients and functions give up there.
  const values = [...special, 100, -37];
  const rows = [
    ...binary.map((name) => caseOf(name, 2, dtype, (x, y) => [f[name]!(x!, y!)], values)),
    ...unary.map((name) => caseOf(name, 1, dtype, (x) => [f[name]!(x!)], values)),
    ...["sum", "prod", "cumsum"].map((name) =>
      caseOf(name, 1, dtype, (x) => [f[name]!(x!), f[name]!(x!.slice([3, 9]))], values),
    ),
  ];
  expect(wrongOfAll(rows, { ulps: dtype === "float32" ? 64 : 4096 })).toEqual([]);
});
