import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepIndices } from "./downsample.ts";

const ramp = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("keepIndices", () => {
  it("keeps short series whole", () => {
    expect(keepIndices(ramp(5), [ramp(5)], 10)).toEqual([0, 1, 2, 3, 4]);
    expect(keepIndices([], [[]], 10)).toEqual([]);
  });

  it("keeps single spikes, both ends and a non-finite value of a long series", () => {
    const y = ramp(100_000).map((i) => Math.sin(i / 1000));
    y[31_337] = 50;
    y[77_777] = -50;
    y[50_001] = Number.NaN;
    const kept = keepIndices(ramp(100_000), [y], 2000);
    expect(kept.length).toBeLessThanOrEqual(2100);
    for (const index of [0, 31_337, 50_001, 77_777, 99_999]) expect(kept).toContain(index);
  });

  it("keeps extremes of x where x runs back and forth, and of both edges of a band", () => {
    const angle = ramp(50_000).map((i) => i / 100);
    const x = angle.map(Math.cos);
    x[12_345] = 9;
    const low = angle.map(Math.sin);
    low[23_456] = -9;
    const kept = keepIndices(x, [angle, low], 2000);
    expect(kept).toContain(12_345);
    expect(kept).toContain(23_456);
  });

  it("never exceeds the limit by much, is sorted, unique, and keeps the extremes", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
      minLength: 30,
      maxLength: 3000,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 20, max: 200 }), (y, limit) => {
        const kept = keepIndices(ramp(y.length), [y], limit);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b));
        const seen = kept.map((i) => y[i]!);
        expect(Math.max(...seen)).toBe(Math.max(...y));
        expect(Math.min(...seen)).toBe(Math.min(...y));
      }),
    );
  });
});
