/**
 * Programs without fused multiply-add: no relaxed instruction in them, and sums in index order.
 *
 * Where every unit has its own sums, the engine adds in index order, one number at a time; sums that all units share are
 * added in four lanes. The reference adds in index order in float64; in float32 it adds four partial sums where the
 * summed axis is contiguous and a multiple of four long. Quotients are exempt: the engine divides, the reference
 * multiplies by the rounded reciprocal.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { compiledExecutor } from "../../unroll/index.ts";
import { compileUnitProgram, hasRelaxedSimd } from "../index.ts";
import { wrongOf } from "./testing/check.ts";
import { elements } from "./testing/choices.ts";
import { arithmetic } from "./testing/operations.ts";
import { type RandomFunction, caseOf, randomFunctions } from "./testing/randomFunction.ts";
import { type RandomLoop, loopOf, randomLoops } from "./testing/randomLoop.ts";

test(
  "float64: sums, products and roots per unit and per member are the reference's, bit by bit",
  { tags: ["long"] },
  () => {
    const check = (random: RandomFunction): void => {
      const options = { portableBits: true, isLanedOnly: true };
      const row = caseOf({ ...random, dtype: "float64" }, { from: arithmetic });
      expect(wrongOf(row, { ulps: 0 }, options)).toEqual([]);
    };
    fc.assert(fc.property(randomFunctions(40), check), { numRuns: 60, seed: 5 });
  },
);

test("float32: sums and products of matrices per unit are added in index order", () => {
  const count = 6;
  const [rows, columns] = [8, 12];
  const unit = elements({ shape: [count, rows, columns], dtype: "float32" }, 1).mul(1.1);
  const program = {
    name: "order",
    length: 0,
    begin: () => ({ members: [], kept: {} }),
    step: (_shared: object, _constant: object, carry: object) => carry,
    finish: (_shared: object, x: Tensor) => ({
      unit: x,
      mean: {},
      each: { sum: x.sum(1), all: x.sum(), product: np.matmul(x, x.transpose()) },
    }),
  };
  const { each } = compiledExecutor({ portableBits: true }).forward(program, {}, unit);
  const { fround } = Math;
  const add = (terms: readonly number[]): number => terms.reduce((sum, term) => fround(sum + term), 0);
  const wanted = Array.from({ length: count }, (_, u) => {
    const all = Array.from(unit.data.subarray(u * rows * columns, (u + 1) * rows * columns));
    const parts = Array.from({ length: rows }, (_unused, r) => all.slice(r * columns, (r + 1) * columns));
    const product = parts.flatMap((a) => parts.map((b) => add(a.map((value, i) => fround(value * b[i]!)))));
    return { sum: parts.map(add), all: add(all), product };
  });
  expect(Array.from(each.sum.data)).toEqual(wanted.flatMap(({ sum }) => sum));
  expect(Array.from(each.all.data)).toEqual(wanted.map(({ all }) => all));
  expect(Array.from(each.product.data)).toEqual(wanted.flatMap(({ product }) => product));
});

/** Relaxed instructions: prefix 0xfd, sub-opcodes 0x100 to 0x114 as LEB128. */
function relaxedIn(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] === 0xfd && bytes[i + 1]! >= 0x80 && bytes[i + 1]! <= 0x94 && bytes[i + 2] === 0x02) count++;
  }
  return count;
}

test("every module is valid, and portable ones hold no relaxed instruction", () => {
  let fused = 0;
  const check = (random: RandomLoop): void => {
    const { program, args } = loopOf(random);
    const compile = (fma: boolean) =>
      compileUnitProgram(program, args.shared, args.units, {
        fma,
        isShared: random.seed % 2 === 1,
        threads: 1,
      }).bytes;
    const portable = compile(false);
    expect(WebAssembly.validate(portable)).toBe(true);
    expect(relaxedIn(portable)).toBe(0);
    if (!hasRelaxedSimd()) return;
    const fast = compile(true);
    expect(WebAssembly.validate(fast)).toBe(true);
    fused += relaxedIn(fast);
  };
  fc.assert(fc.property(randomLoops(20), check), { numRuns: 40, seed: 6 });
  if (hasRelaxedSimd()) expect(fused).toBeGreaterThan(50);
});
