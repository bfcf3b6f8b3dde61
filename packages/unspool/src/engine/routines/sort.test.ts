/** Sorting against jax-js 0.1.25, bit for bit, and against Array.prototype.sort of the host. */
import { describe, expect, test } from "vitest";
import { type DType, type Tensor, np } from "../../array/index.ts";
import type { RoutineDtype } from "./index.ts";
import { type Output, runRoutine, scattered, tracedRoutine } from "./testing.ts";

const dtypes = ["float32", "float64", "int32", "uint32", "bool"] as const;

function sorted(x: Tensor, lanes?: number): number[] {
  return runRoutine("sort", [x], [outputLike(x)], {}, lanes)[0]!;
}

function argsorted(x: Tensor, lanes?: number): [values: number[], order: number[]] {
  const outputs = [outputLike(x), { shape: x.shape, dtype: "int32" } as const];
  return runRoutine("argsort", [x], outputs, {}, lanes) as [number[], number[]];
}

const outputLike = (x: Tensor): Output => ({ shape: x.shape, dtype: x.dtype as RoutineDtype });

test("they are what jax-js puts into programs", () => {
  const x = scattered([2, 3], "float32");
  const output = outputLike(x);
  expect(tracedRoutine((y: Tensor) => np.sort(y), [x])).toEqual({
    name: "sort",
    params: {},
    outputs: [output],
  });
  const order = { ...output, dtype: "int32" };
  expect(tracedRoutine((y: Tensor) => np.argsort(y), [x])).toEqual({
    name: "argsort",
    params: {},
    outputs: [output, order],
  });
});

const numbers = (x: Tensor): number[] => Array.from(x.data as Float32Array);

/** Numbers with many ties, in the range of the dtype. */
function ties(dtype: DType, shape: number[]): Tensor {
  const scale = dtype === "bool" ? 0.9 : 9;
  const x = np.round(scattered(shape, "float32").mul(scale));
  if (dtype === "bool") return x.notEqual(0);
  return dtype === "uint32" ? np.abs(x).astype(dtype) : x.astype(dtype);
}

describe.each(dtypes)("%s", (dtype) => {
  test.each([1, 2, 3, 7, 16, 33, 500])("%i elements with ties, in order and stable", (n) => {
    for (const lanes of [1, 4, 8]) {
      const x = ties(dtype, [3, n]);
      expect(sorted(x, lanes)).toEqual(numbers(np.sort(x)));
      const [values, order] = argsorted(x, lanes);
      expect(order).toEqual(numbers(np.argsort(x)));
      expect(values).toEqual(numbers(np.sort(x)).map((value) => value + 0));
      for (let row = 0; row < 3; row++) {
        const data = numbers(x).slice(row * n, (row + 1) * n);
        const truth = data.map((_, i) => i).sort((a, b) => data[a]! - data[b]! || a - b);
        expect(order.slice(row * n, (row + 1) * n)).toEqual(truth);
      }
    }
  });
});

test.each(["float32", "float64"] as const)(
  "%s: NaN is last, -0 before 0, infinities at the ends",
  (dtype) => {
    const special = [0, NaN, -0, Infinity, 1e-45, -1e-45, -Infinity, NaN, 0, -0, -2, 3e38, 5e-324, -NaN];
    const x = np.array(special, { dtype });
    // A NaN with its sign set.
    const data = x.data as Float32Array | Float64Array;
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength)[data.byteLength - 1]! |= 0x80;
    expect(sorted(x)).toEqual(numbers(np.sort(x)));
    const zeros = sorted(x).filter((value) => value === 0);
    // 5e-324 is 0 in float32.
    expect(zeros).toEqual(dtype === "float32" ? [-0, -0, 0, 0, 0] : [-0, -0, 0, 0]);
    expect(sorted(x).slice(-3)).toEqual([NaN, NaN, NaN]);

    const [values, order] = argsorted(x);
    expect(order).toEqual(numbers(np.argsort(x)));
    expect(values).toEqual(order.map((i) => numbers(x)[i]));
  },
);

test("integers at the ends of their range", () => {
  const int32 = np.array([2 ** 31 - 1, -(2 ** 31), 0, -1, 1], { dtype: "int32" });
  expect(sorted(int32)).toEqual([-(2 ** 31), -1, 0, 1, 2 ** 31 - 1]);
  const uint32 = np.array([2 ** 32 - 1, 2 ** 31, 0, 1, 2 ** 31 - 1], { dtype: "uint32" });
  expect(sorted(uint32)).toEqual([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
  expect(argsorted(uint32)[1]).toEqual([2, 3, 4, 1, 0]);
});

test("time grows as n log n, also on inputs that are sorted", () => {
  const n = 1 << 17;
  const descending = np.array(Float32Array.from({ length: n }, (_, i) => n - i));
  const start = performance.now();
  expect(sorted(descending, 1)[0]).toBe(1);
  // About 40 ms; a quadratic sort takes 17 billion steps.
  expect(performance.now() - start).toBeLessThan(5000);
});
