/** Slices of surfaces that are known. */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { lossSlice } from "./index.ts";

/** Loss of every step: a² + 2 b²; `t` times that over T steps would be its mean. */
const bowl = defineProblem({
  name: "bowl",
  horizon: 4,
  init: () => np.zeros([]),
  step: (theta: { a: Tensor; b: Tensor }, s: Tensor) => ({
    state: s,
    loss: theta.a.mul(theta.a).add(theta.b.mul(theta.b).mul(2).sum()),
  }),
});
const theta = { a: np.array(0.5), b: np.array([0.25, 0]) };
const zero = { a: np.array(0), b: np.array([0, 0]) };

describe("lossSlice", () => {
  test("along a given direction, made a unit vector", () => {
    const { offsets, losses, directions, steps } = lossSlice(bowl, theta, {
      directions: [{ ...zero, a: np.array(7) }],
      radius: 2,
      points: 5,
    });
    expect(steps).toBe(4);
    expect([...offsets]).toEqual([-2, -1, 0, 1, 2]);
    expect(directions[0]!.a.item()).toBe(1);
    offsets.forEach((offset, i) => expect(losses[i]).toBeCloseTo((0.5 + offset) ** 2 + 0.125, 12));
  });
  test("over a plane, the first direction slowest", () => {
    const [first, second] = [
      { ...zero, a: np.array(1) },
      { a: np.array(1), b: np.array([0, 3]) },
    ];
    const { offsets, losses } = lossSlice(bowl, theta, {
      directions: [first, second],
      radius: 1,
      points: 3,
      steps: 1,
    });
    // The second loses its part along the first.
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const wanted = (0.5 + offsets[i]!) ** 2 + 2 * (0.0625 + offsets[j]! ** 2);
        expect(losses[i * 3 + j]).toBeCloseTo(wanted, 12);
      }
    }
  });
  test("random directions are orthonormal and depend on the key only", () => {
    const run = () => lossSlice(bowl, theta, { directions: 2, points: 2 }).directions;
    const [a, b] = run().map(({ a: x, b: y }) => [x.item(), ...y.data]) as [number[], number[]];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    expect([dot(a, a), dot(b, b), dot(a, b)].map((x) => Math.round(x * 1e12) / 1e12 + 0)).toEqual([1, 1, 0]);
    expect(run()[0]!.a.item()).toBe(a[0]);
  });
  test("options are checked", () => {
    expect(() => lossSlice(bowl, theta, { directions: [zero] })).toThrow(OptionError);
    expect(() => lossSlice(bowl, theta, { points: 1 })).toThrow(OptionError);
    expect(() => lossSlice(bowl, theta, { steps: 5 })).toThrow(OptionError);
  });
});
