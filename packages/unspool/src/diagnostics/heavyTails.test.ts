/** Heavy tails are seen, normal samples are not taken for them, and a variance knows its error. */
import { describe, expect, test } from "vitest";
import { random } from "../array/index.ts";
import { heavyTailWords, isHeavyTailed, moments } from "./index.ts";
import { sampleStatistics } from "../numerics/index.ts";

const normals = (seed: number, count: number): Float64Array =>
  Float64Array.from(random.normal(random.key(seed), [count], { dtype: "float64" }).data);

function spreadOf(values: Float64Array) {
  const sum = moments(1);
  for (const value of values) sum.add([value]);
  return { ...sum.spread(), variance: sum.variance()[0]! };
}

describe("samples", () => {
  test.each([8, 32, 64, 400])("%i normal ones have no heavy tails in 100 draws", (samples) => {
    for (let seed = 0; seed < 100; seed++) {
      const { largestShare } = spreadOf(normals(seed, samples));
      expect(isHeavyTailed({ largestShare, samples })).toBe(false);
    }
  });
  test.each([32, 64, 400])(
    "one of %i a hundred times as far away is seen, by both ways to count",
    (samples) => {
      const values = normals(1, samples).map((value, i) => (i === 5 ? 100 : value));
      expect(isHeavyTailed({ largestShare: spreadOf(values).largestShare, samples })).toBe(true);
      expect(isHeavyTailed({ largestShare: sampleStatistics(values, samples).largestShare, samples })).toBe(
        true,
      );
    },
  );
  test("the error of a normal variance is sqrt(2 / (n - 1)) of it", () => {
    const n = 4000;
    const { standardError, variance } = spreadOf(normals(2, n));
    // An error from n squares is itself known to about sqrt(3 / n) of it, 3 %: four times that.
    expect(Math.abs(standardError / variance / Math.sqrt(2 / (n - 1)) - 1)).toBeLessThan(0.12);
  });
  test("the sentence names them with their shares; without tails there is none", () => {
    expect(heavyTailWords([{ name: "bptt", largestShare: 0.9, samples: 64 }])).toContain("bptt (90 % of 64)");
    expect(heavyTailWords([{ name: "pes", largestShare: 0.05, samples: 64 }])).toBe(undefined);
    expect(heavyTailWords([{ name: "rtrl", largestShare: 0, samples: 2 }])).toBe(undefined);
  });
});
