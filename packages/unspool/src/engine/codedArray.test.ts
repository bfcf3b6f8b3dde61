/** Coded arrays against the arrays themselves, bit for bit: the codes, and what compiled gathers read of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DType, type Tensor, type TensorData, np } from "../array/index.ts";
import { codedArray } from "./codedArray.ts";
import { compileFunction } from "./compileFunction.ts";
import { compileUnitProgram } from "./unitProgram.ts";
import { UnitRunner } from "./unitRunner.ts";

const length = 65536;

/** `length` elements, all values in turn, in an order without period. */
function fill<Data extends TensorData>(data: Data, values: readonly number[]): Data {
  for (let i = 0; i < data.length; i++) data[i] = values[i < values.length ? i : (i * i) % values.length]!;
  return data;
}

const words = (data: TensorData): Int32Array => new Int32Array(data.buffer, data.byteOffset, data.length);

function expectSame(data: Float32Array | Int32Array): void {
  const coded = codedArray(data)!;
  const decoded = data.slice();
  for (let i = 0; i < decoded.length; i++) decoded[i] = coded.table[coded.codes[i]!]!;
  const [expected, found] = [words(data), words(decoded)];
  expect(found.findIndex((word, i) => word !== expected[i])).toBe(-1);
}

describe("codes", () => {
  test("reproduce floats of any bits, with codes in ascending order of the values", () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(
        fc.uniqueArray(float, { minLength: 1, maxLength: 256, comparator: "SameValue" }),
        (values) => {
          const data = fill(new Float32Array(length), values);
          expectSame(data);
          const { table } = codedArray(data)!;
          for (let i = 1; i < table.length; i++) expect(table[i]!).toBeGreaterThanOrEqual(table[i - 1]!);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });
  test("reproduce whole numbers, negative and far apart too", () => {
    const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.uniqueArray(whole, { minLength: 1, maxLength: 256 }), (values) =>
        expectSame(fill(new Int32Array(length), values)),
      ),
      { numRuns: 30, seed: 2 },
    );
  });
  test("tell zeros of both signs apart, and keep what is not a number", () => {
    expectSame(fill(new Float32Array(length), [0, -0, 1, -1, Infinity, -Infinity]));
    const data = fill(new Float32Array(length), [0, NaN, -0]);
    words(data)[7] = 0x7fc01234;
    expect(codedArray(data)!.table).toHaveLength(4);
    expectSame(data);
  });
  test("are steps where the values are, gaps between them or not", () => {
    const stepsOf = (values: readonly number[]) => codedArray(fill(new Float32Array(length), values))!.affine;
    expect(stepsOf([0, 1, 2, 5, 255])).toEqual({ scale: 1, offset: 0 });
    expect(stepsOf([-3, -2.5, 7])).toEqual({ scale: 0.5, offset: -3 });
    // 3 (k - 1/3) rounded, as pixels of mean 1/3: no two roundings give all of them.
    expect(stepsOf(Array.from({ length: 256 }, (_, k) => k / 78.57 - 1 / 3))).toBeUndefined();
    expect(codedArray(fill(new Int32Array(length), [-5, 0, 95]))!.affine).toEqual({ scale: 5, offset: -5 });
  });
  test("are not made for short arrays, for more values, and for other dtypes", () => {
    const many = Array.from({ length: 257 }, (_, i) => i / 7);
    expect(codedArray(fill(new Float32Array(length), many))).toBeUndefined();
    expect(codedArray(new Float32Array(length - 1))).toBeUndefined();
    expect(codedArray(new Float64Array(length))).toBeUndefined();
  });
});

const [rows, columns] = [512, 131];
const cases: Record<string, { dtype: DType; values: readonly number[] }> = {
  "floats by a table": { dtype: "float32", values: Array.from({ length: 256 }, (_, k) => k / 78.57 - 1 / 3) },
  "floats in steps": { dtype: "float32", values: Array.from({ length: 100 }, (_, k) => 0.25 * k - 3) },
  "bytes as floats": { dtype: "float32", values: Array.from({ length: 256 }, (_, k) => k) },
  labels: { dtype: "int32", values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  "whole numbers in steps": { dtype: "int32", values: [-30, -27, 0, 300] },
  "whole numbers by a table": { dtype: "int32", values: [-7, 1, 2, 100_000] },
};

const picks = np.array(Int32Array.of(0, 511, 17, 17, 300, 1, 44, 508, 2));
/** Indices into columns, one per pick. */
const places = np.array(Int32Array.of(130, 0, 5, 6, 7, 128, 64, 129, 130));

/** Gathers of rows, columns, elements; of views turned and mirrored; their elements by hand. */
const gathers: Record<string, { gather: (x: Tensor, p: Tensor, q: Tensor) => Tensor; at: (i: number[]) => number[] }> = {
  "rows": { gather: (x, p) => np.take(x, p, 0), at: ([i, j]) => [pick(i), j!] },
  "columns": { gather: (x, _p, q) => np.take(x, q, 1), at: ([i, j]) => [i!, place(j)] },
  "rows of the transpose": { gather: (x, _p, q) => np.take(x.transpose(), q, 0), at: ([i, j]) => [j!, place(i)] },
  "columns of the transpose": { gather: (x, p) => np.take(x.transpose(), p, 1), at: ([i, j]) => [pick(j), i!] },
  "rows of a mirrored array": { gather: (x, p) => np.take(np.flip(x, 1), p, 0), at: ([i, j]) => [pick(i), columns - 1 - j!] },
  "elements": { gather: (x, p, q) => x.slice(p, q), at: ([i]) => [pick(i), place(i)] },
}; // prettier-ignore

const pick = (i: number | undefined): number => picks.data[i!]!;
const place = (i: number | undefined): number => places.data[i!]!;

describe.each(Object.entries(cases))("gathers of %s", (_, { dtype, values }) => {
  const data = fill(
    dtype === "float32" ? new Float32Array(rows * columns) : new Int32Array(rows * columns),
    values,
  );
  const images = np.array(data, { shape: [rows, columns], dtype });

  test.each(Object.entries(gathers))("%s", (name, { gather, at }) => {
    const compiled = compileFunction(name, (p: Tensor, q: Tensor) => gather(images, p, q), [picks, places]);
    const result = compiled(picks, places);
    const [, width = 1] = result.shape;
    const index = (n: number): number[] => (result.ndim === 1 ? [n] : [Math.floor(n / width), n % width]);
    const expected = data.slice(0, result.size);
    for (let n = 0; n < expected.length; n++) {
      const [i, j] = at(index(n)) as [number, number];
      expected[n] = images.data[i * columns + j]!;
    }
    expect(words(result.data)).toEqual(words(expected));
  });

  test("rows that differ from unit to unit, in a quarter of the memory", () => {
    const count = 11;
    const program = {
      name: "rows",
      length: 1,
      begin: () => ({
        members: [{ constant: {}, carry: { row: np.zeros([columns], { dtype }) } }],
        kept: {},
      }),
      step: (_shared: unknown, _constant: unknown, _carry: unknown, k: Tensor) => ({
        row: np.take(images, k, 0).reshape([columns]),
      }),
      finish: (_shared: unknown, unit: unknown, members: { carry: unknown }[]) => ({
        unit,
        mean: {},
        each: {
          shared: (members[0]!.carry as { row: Tensor }).row,
          own: np.take(images, (unit as { at: Tensor }).at, 0).reshape([columns]),
        },
      }),
    };
    const at = Int32Array.from({ length: count }, (_, unit) => (unit * 53) % rows);
    const units = { at: np.array(at) };
    const options = { fma: true, isShared: false, threads: 1 };
    const runner = new UnitRunner(compileUnitProgram(program as never, {}, units, options), undefined, 1);
    const { each } = runner.run({}, units) as { each: Record<string, Tensor> };
    const rowOf = (row: number): number[] => [...data.subarray(row * columns, (row + 1) * columns)];
    expect(each["own"]!.toArray()).toEqual([...at].map(rowOf));
    expect(each["shared"]!.toArray()).toEqual([...at].map(() => rowOf(0)));
    expect(runner.program.layout.constantBytes).toBeLessThan(data.byteLength / 4 + 2048);
  });
});

test("an array that is also read whole by a product is right in both places", () => {
  const data = fill(new Float32Array(rows * columns), [0, 0.5, 1, 3]);
  const images = np.array(data, { shape: [rows, columns] });
  const compiled = compileFunction("both", (p: Tensor) => [np.take(images, p, 0), images.sum(1)], [picks]);
  const [taken, sums] = compiled(picks) as [Tensor, Tensor];
  expect(taken.toArray()).toEqual(
    [...picks.data].map((row) => [...data.subarray(row * columns, (row + 1) * columns)]),
  );
  // Sums of halves are exact.
  const sumOf = (row: number): number =>
    data.subarray(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0);
  expect([...sums.data]).toEqual(Array.from({ length: rows }, (_, row) => sumOf(row)));
});
