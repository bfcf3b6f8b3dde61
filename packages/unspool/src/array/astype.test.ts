/** A scalar that was cast has the dtype it was cast to, in traces too. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, np } from "./index.ts";

describe("a plain number that was cast", () => {
  for (const dtype of ["float32", "float64", "int32", "uint32", "bool"] as const) {
    test(`to ${dtype} keeps that dtype: no weak scalar, outside and inside of a trace`, () => {
      const cast = np.array(1).astype(dtype);
      expect([cast.dtype, cast.isWeak, cast.item()]).toEqual([dtype, false, 1]);
      expect(jit((x: Tensor) => x)(cast).dtype).toBe(dtype);
      const inside = jit(() => np.array(1).astype(dtype))();
      expect([inside.dtype, inside.isWeak]).toEqual([dtype, false]);
    });
  }

  test("as an argument of a trace is not rounded, nor is its derivative", () => {
    const third = np.array(1 / 3).astype("float64");
    // np.array keeps plain numbers in float32: the cast has the digits of that.
    const value = Math.fround(1 / 3);
    expect(third.item()).toBe(value);
    const cube = (x: Tensor): Tensor => x.mul(x).mul(x);
    expect(jit(cube)(third).item()).toBeCloseTo(value ** 3, 15);
    const slope = grad(cube)(third);
    expect(slope.dtype).toBe("float64");
    expect(slope.item()).toBeCloseTo(3 * value ** 2, 14);
  });
});
