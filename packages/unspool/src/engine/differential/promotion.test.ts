/**
 * Operands of every dtype and mixed ones, compiled: NumPy's recorded values, the reference's at every level of the
 * engine, and the step's `t`, an int32, in a compiled loop.
 */
import * as jax from "@jax-js/jax";
import { expect, test } from "vitest";
import { type Tensor, lax, np } from "../../array/index.ts";
import { lift } from "../../array/lift.ts";
import { isRefused, promotionCases, wrongElements } from "../../array/testing/promotionCases.ts";
import { type ForwardProgram, compiledExecutor } from "../../unroll/index.ts";
import { compileFunction } from "../index.ts";
import { wrongOfAll } from "./testing/check.ts";

const kept = promotionCases.filter((row) => !isRefused(row));
const dtypesOf = ({ args }: (typeof kept)[number]): string => args.map((arg) => arg.dtype).join();
const groups = [...new Set(kept.map(dtypesOf))].map(
  (dtypes) => [dtypes, kept.filter((row) => dtypesOf(row) === dtypes)] as const,
);

test.each(groups)("%s: every function has NumPy's values, compiled", (_, rows) => {
  const all = rows.map(({ args }) => args);
  const compiled = compileFunction(
    "promotion",
    (inputs: Tensor[][]) => rows.map(({ call }, i) => call(...inputs[i]!)),
    [all],
  );
  const outputs = compiled(all);
  expect(rows.flatMap((row, i) => wrongElements(row, outputs[i]!))).toEqual([]);
});

test("whole numbers in arithmetic, per unit and per member, as in the reference", () => {
  const names =
    /^(add|subtract|multiply|floorDivide|remainder|fmod|maximum|where|less|equal|rightShift|leftShift) (ii|uu|ub|bi)$/;
  const rows = promotionCases.filter((row) => names.test(row.name) && !isRefused(row));
  const pairs = [...new Set(rows.map(({ name }) => name.split(" ")[1]!))];
  const cases = pairs.map((pair) => {
    const group = rows.filter(({ name }) => name.endsWith(` ${pair}`));
    return {
      name: pair,
      call: (...args: Tensor[]) => group.map(({ call }) => call(...args)),
      args: group[0]!.args,
      vary: "roll" as const,
      isDifferentiable: false,
    };
  });
  expect(wrongOfAll(cases, { ulps: 0 })).toEqual([]);
});

test("the step's t in floating functions (its bits were read as floats: 5e8 for 0.126)", () => {
  interface Carry {
    sum: Tensor;
    bits: Tensor;
  }
  const program: ForwardProgram<object, Tensor, object, object, Carry, object, Carry> = {
    name: "t in floats",
    length: 4,
    begin: (_shared, unit) => ({
      members: [{ constant: {}, carry: { sum: unit.mul(0), bits: np.zeros([], { dtype: "int32" }) } }],
      kept: {},
    }),
    step: (_shared, _constant, { sum, bits }, t) => ({
      sum: sum
        .add(np.exp(t.mul(-0.5)))
        .add(np.cos(t))
        .add(np.where(t.less(1.5), 10, 0)),
      bits: bits.add(np.power(t, 2)).add(t.sub(2).mod(3)),
    }),
    finish: (_shared, unit, [member]) => ({ unit, mean: {}, each: member!.carry }),
  };
  const { each } = compiledExecutor().forward(program, {}, np.array([1, 2, 3]));
  // t = 0 … 3: sums of exp(-t/2) + cos t + 10 (t < 1.5), and of t² + (t - 2 mod 3) = 0+1, 1+2, 4+0, 9+1.
  const wanted = [0, 1, 2, 3].reduce(
    (sum, t) => sum + Math.exp(-t / 2) + Math.cos(t) + (t < 1.5 ? 10 : 0),
    0,
  );
  for (const sum of each.sum.data) expect(sum).toBeCloseTo(wanted, 4);
  expect(Array.from(each.bits.data)).toEqual([18, 18, 18]);
});

test("convolutions of float64 with float32, and of whole numbers with floats", () => {
  // numpy 1.24.2: np.convolve([1, 2, 3], [0.5, 1]) = [0.5, 2, 3.5, 3].
  const kernel = np.array([0.5, 1]);
  for (const dtype of ["float64", "int32", "uint32"] as const) {
    const x = np.array([1, 2, 3], { dtype });
    const convolve = (a: Tensor, b: Tensor): Tensor => np.convolve(a, b);
    expect(compileFunction("convolve", convolve, [x, kernel])(x, kernel).toArray()).toEqual([0.5, 2, 3.5, 3]);
  }
  const image = np.array([1, 2, 3, 4], { dtype: "int32", shape: [1, 1, 4] });
  const window = np.array([0.5, 0.5], { shape: [1, 1, 2] });
  const pairs = (a: Tensor, b: Tensor): Tensor => lax.convGeneralDilated(a, b, [1], "VALID") as Tensor;
  expect(compileFunction("pairs", pairs, [image, window])(image, window).toArray()).toEqual([
    [[1.5, 2.5, 3.5]],
  ]);
});

test("a floating primitive of integers that reaches the engine is refused, never computed from bits", () => {
  const bare = lift(jax.numpy.exp) as (x: Tensor) => Tensor;
  const x = np.array([1], { dtype: "int32" });
  expect(() => compileFunction("bare", bare, [x])).toThrow("internal: exp has no kernel for int32");
});
