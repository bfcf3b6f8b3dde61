/**
 * Matrix products and convolutions over lengths that leave rests of tiles, with every layout of both sides and one side
 * that all units share, against the reference. Bounds are in ulps of the number of terms, each of which is at most 4.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Tensor, lax, np } from "../../array/index.ts";
import { wrongOf } from "./testing/check.ts";
import { elements } from "./testing/choices.ts";
import type { FunctionCase } from "./testing/functions.ts";

const length = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(12, 16, 17, 31));
const dtypes = fc.constantFrom("float32" as const, "float64" as const);

const boundOf = (dtype: "float32" | "float64", terms: number) => ({
  ulps: dtype === "float32" ? 8 : 64,
  scale: 4 * terms,
});

const flipped = (x: Tensor, isFlipped: boolean): Tensor =>
  isFlipped ? (np.matrixTranspose(x) as Tensor) : x;

test("products of matrices and stacks of them", { tags: ["long"] }, () => {
  const shapes = fc.record({
    dtype: dtypes,
    rows: length,
    depth: fc.oneof(length, fc.constant(100)),
    columns: length,
    batch: fc.constantFrom(0, 0, 3),
    isLeft: fc.boolean(),
    isRight: fc.boolean(),
    seed: fc.nat(999),
  });
  fc.assert(
    fc.property(shapes, ({ dtype, rows, depth, columns, batch, isLeft, isRight, seed }) => {
      const shape = (a: number, b: number, isFlipped: boolean): number[] => [
        ...(batch > 0 ? [batch] : []),
        ...(isFlipped ? [b, a] : [a, b]),
      ];
      const left = elements({ shape: shape(rows, depth, isLeft), dtype }, seed);
      const right = elements({ shape: shape(depth, columns, isRight), dtype }, seed + 1);
      const row: FunctionCase = {
        name: "product",
        call: (a, b) => [
          np.matmul(flipped(a!, isLeft), flipped(b!, isRight)),
          np.matmul(flipped(a!, isLeft), flipped(right, isRight)),
          np.matrixTranspose(np.matmul(flipped(left, isLeft), flipped(b!, isRight))) as Tensor,
        ],
        args: [left, right],
        vary: "roll",
        isDifferentiable: false,
      };
      expect(wrongOf(row, boundOf(dtype, depth))).toEqual([]);
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("convolutions with strides, padding and dilation of both sides", { tags: ["long"] }, () => {
  const pair = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }));
  const settings = fc.record({
    dtype: dtypes,
    image: fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 7 })),
    window: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    count: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    strides: pair,
    spread: pair,
    dilation: fc.integer({ min: 1, max: 2 }),
    pads: fc.tuple(fc.nat(2), fc.nat(2)),
    seed: fc.nat(999),
  });
  fc.assert(
    fc.property(settings, (one) => {
      const { dtype, image, window, count, channels, outputs, strides, spread, dilation, pads, seed } = one;
      const padding = pads.map((width, i): [number, number] => [width + dilation * (window[i]! - 1), width]);
      const options = { lhsDilation: [...spread], rhsDilation: [dilation, dilation] };
      const convolve = (x: Tensor, y: Tensor): Tensor =>
        lax.convGeneralDilated(x, y, [...strides], padding, options) as Tensor;
      const filters = elements({ shape: [outputs, channels, ...window], dtype }, seed + 1);
      const row: FunctionCase = {
        name: "convolution",
        call: (x, y) => [convolve(x!, y!), convolve(x!, filters)],
        args: [elements({ shape: [count, channels, ...image], dtype }, seed), filters],
        vary: "roll",
        isDifferentiable: false,
      };
      expect(wrongOf(row, boundOf(dtype, channels * window[0] * window[1]))).toEqual([]);
    }),
    { numRuns: 25, seed: 2 },
  );
});
