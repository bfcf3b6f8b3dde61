import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import {
  type Clock,
  type ResetPolicy,
  defineProblem,
  endsTrajectory,
  firstClocks,
  settle,
  tick,
  unroll,
  windowPlan,
} from "./index.ts";

const at = ({ t, length, trajectory }: Clock) => [t, length, trajectory].map((x) => [...x.data]);

/** One step of the clocks of several units (they are concrete here, so unit by unit). */
function unitOf(clock: Clock, i: number): Clock {
  const pick = (name: keyof Clock) => {
    const leaf = clock[name];
    return leaf.ndim === 2 ? leaf.slice(i) : leaf.slice(i);
  };
  return {
    unitKey: pick("unitKey"),
    trajectory: pick("trajectory"),
    key: pick("key"),
    t: pick("t"),
    length: pick("length"),
  };
}

describe("windowPlan", () => {
  test("defaults: 10 steps, or the horizon if that is shorter", () => {
    expect(windowPlan("w", 100, {}).truncation).toBe(10);
    expect(windowPlan("w", 7, {}).truncation).toBe(7);
    expect(windowPlan("w", Infinity, {})).toMatchObject({ truncation: 10, mode: "never" });
  });
  test("resets fall on edges where the truncation divides the horizon, inside windows otherwise", () => {
    expect(windowPlan("w", 12, { truncation: 4 }).mode).toBe("edge");
    expect(windowPlan("w", 12, { truncation: 5 }).mode).toBe("inside");
    expect(windowPlan("w", 12, { truncation: 4, resets: { minLength: 4, maxLength: 8 } }).mode).toBe(
      "inside",
    );
  });
  test.each([
    [{ truncation: 13 }, /truncation.*horizon 12, got 13/],
    [{ truncation: 0 }, /truncation.*got 0/],
    [{ truncation: 2.5 }, /truncation.*got 2.5/],
    [{ truncation: 4, resets: { minLength: 3, maxLength: 8 } }, /minLength.*got 3/],
    [{ truncation: 4, resets: { minLength: 8, maxLength: 6 } }, /maxLength.*got 6/],
    [{ resets: "sometimes" as ResetPolicy }, /resets/],
  ])("refuses %o", (options, text) => {
    expect(() => windowPlan("w", 12, options)).toThrow(OptionError);
    expect(() => windowPlan("w", 12, options)).toThrow(text);
  });
});

describe("clocks", () => {
  test("lockstep on edges: time stands at the length until the window is settled, then a new key", () => {
    const plan = windowPlan("w", 4, { truncation: 2 });
    const first = firstClocks(plan, random.key(0), 2);
    const ended = { ...first, t: first.length };
    expect([...endsTrajectory(plan, ended).data]).toEqual([1, 1]);
    const next = settle(plan, ended);
    expect(at(next)).toEqual([[0, 0], [4, 4], [1, 1]]); // prettier-ignore
    expect([...next.key.data]).not.toEqual([...first.key.data]);
    expect(at(settle(plan, first))).toEqual(at(first));
  });
  test("settling on an edge and ticking inside give the same key to a trajectory", () => {
    const edge = windowPlan("w", 4, { truncation: 2 });
    const inside = windowPlan("w", 4, { truncation: 3 });
    const first = firstClocks(edge, random.key(5), 1);
    let clock = unitOf(firstClocks(inside, random.key(5), 1), 0);
    for (let k = 0; k < 4; k++) clock = tick(inside, clock).clock;
    const settled = settle(edge, { ...first, t: first.length });
    expect([...clock.key.data]).toEqual([...settled.key.data]);
    expect(clock.t.item()).toBe(0);
    expect(clock.trajectory.item()).toBe(1);
  });
  test("common clocks are equal, others have keys of their own", () => {
    const plan = windowPlan("w", 4, { truncation: 2 });
    const keysOf = (isCommon: boolean) => {
      const { data } = firstClocks(plan, random.key(0), 3, isCommon).key;
      return new Set([0, 1, 2].map((i) => `${data[2 * i]},${data[2 * i + 1]}`)).size;
    };
    expect(keysOf(true)).toBe(1);
    expect(keysOf(false)).toBe(3);
  });
  test("staggered units cover the horizon evenly, in whole windows where resets fall on edges (property)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 12 }),
        (k, windows, units) => {
          const horizon = k * windows;
          const plan = windowPlan("w", horizon, { truncation: k, resets: "staggered" });
          const lengths = [...firstClocks(plan, random.key(0), units).length.data];
          expect(lengths.at(-1)).toBe(horizon);
          lengths.forEach((length, i) => {
            expect(length % k).toBe(0);
            expect(length).toBeGreaterThanOrEqual(k);
            expect(length).toBeGreaterThanOrEqual(lengths[i - 1] ?? 0);
            // Rounded up to whole windows.
            expect(Math.abs(length - ((i + 1) * horizon) / units)).toBeLessThan(k);
          });
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });
  test("staggered resets are even: 8 units on 4 windows make their first in twos, not 3, 2, 2, 1", () => {
    const firstResets = (windows: number, units: number): number[] => {
      const plan = windowPlan("w", 5 * windows, { truncation: 5, resets: "staggered" });
      const lengths = [...firstClocks(plan, random.key(0), units).length.data];
      return Array.from(
        { length: windows },
        (_, i) => lengths.filter((length) => length === 5 * (i + 1)).length,
      );
    };
    expect(firstResets(4, 8)).toEqual([2, 2, 2, 2]);
    expect(firstResets(5, 50)).toEqual([10, 10, 10, 10, 10]);
    for (let windows = 1; windows <= 7; windows++) {
      for (let units = 1; units <= 20; units++) {
        const counts = firstResets(windows, units);
        expect(
          Math.max(...counts) - Math.min(...counts),
          `${units} units, ${windows} windows`,
        ).toBeLessThanOrEqual(1);
      }
    }
  });
  test("a horizon that int32 cannot count is refused", () => {
    const problem = (horizon: number) =>
      defineProblem({ horizon, init: () => np.array(0), step: (_: Tensor, x) => ({ state: x, loss: x }) });
    expect(() => problem(2 ** 31)).toThrow(/horizon must be an integer from 1 to 2147483647.*got 2147483648/);
    expect(() => problem(1e12)).toThrow(OptionError);
    expect(problem(2 ** 31 - 1).horizon).toBe(2 ** 31 - 1);
    expect(problem(Infinity).horizon).toBe(Infinity);
    const resets = { minLength: 10, maxLength: 2 ** 31 };
    expect(() => windowPlan("w", 100, { truncation: 5, resets })).toThrow(/resets\.maxLength/);
    const unrolled = () =>
      unroll(problem(Infinity), np.array(0), { key: random.key(0), steps: 10, stepsBefore: 2 ** 31 - 5 });
    expect(unrolled).toThrow(/steps \+ stepsBefore/);
  });
  describe("lengths by a schedule of the estimates made", () => {
    const resets = (jitter = 0) => ({
      minLength: 4,
      maxLength: 12,
      length: (estimates: Tensor) => estimates.astype("float32").mul(0.5).add(3),
      jitter,
    });
    /** Lengths of the trajectories that begin after so many estimates, unit by unit. */
    const lengthsAfter = (policy: ResetPolicy, estimates: number, units = 1): number[] => {
      const plan = windowPlan("w", 12, { truncation: 2, resets: policy });
      const clocks = firstClocks(plan, random.key(1), units);
      return Array.from({ length: units }, (_, unit) => {
        const clock = unitOf(clocks, unit);
        const last = { ...clock, t: clock.length.sub(1) };
        return tick(plan, last, np.array(Int32Array.of(estimates)).slice(0)).clock.length.item();
      });
    };
    test("rounded, and kept between the two", () => {
      // 3 + estimates / 2.
      expect([0, 2, 3, 9, 18, 100].flatMap((n) => lengthsAfter(resets(), n))).toEqual([4, 4, 5, 8, 12, 12]);
      const first = firstClocks(windowPlan("w", 12, { truncation: 2, resets: resets() }), random.key(0), 3);
      expect([...first.length.data]).toEqual([4, 4, 4]);
    });
    test("with noise around them, unit by unit", () => {
      const lengths = lengthsAfter(resets(1.5), 10, 60);
      const mean = lengths.reduce((sum, x) => sum + x, 0) / 60;
      const deviation = Math.sqrt(lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 59);
      // 8 ± 1.5 with rounding (1/12); standard errors .20 and .14.
      expect(Math.abs(mean - 8)).toBeLessThan(0.8);
      expect(Math.abs(deviation - Math.sqrt(1.5 ** 2 + 1 / 12))).toBeLessThan(0.56);
    });
    test.each([
      [{ minLength: 2, maxLength: 8, length: 5 as never }, /resets\.length must be a function/],
      [{ minLength: 2, maxLength: 8, jitter: 1 }, /resets\.jitter must be .* got 1/],
      [{ ...resets(), jitter: -1 }, /resets\.jitter.* got -1/],
      [{ minLength: 2, maxLenght: 8 } as never, /maxLength/],
    ])("refuses %o", (policy, text) =>
      expect(() => windowPlan("w", 12, { truncation: 2, resets: policy })).toThrow(text),
    );
  });
  test("random offsets leave a whole number of windows, and all of them occur", () => {
    const plan = windowPlan("w", 12, { truncation: 3, resets: "random-offset" });
    const lengths = firstClocks(plan, random.key(0), 100).length.data;
    expect([...new Set(lengths)].toSorted((a, b) => a - b)).toEqual([3, 6, 9, 12]);
  });
});
