import { train } from "unspool";
import { expect, test } from "vitest";
import { pesVariance } from "./pesVariance.ts";

test(
  "a small study: measured variances are those of the closed form",
  { tags: ["long"], timeout: 120_000 },
  async () => {
    const config = {
      horizon: 4,
      truncation: 2,
      units: 2,
      symbols: 5,
      studyPairs: 512,
      sigmas: [1e-8, 1e-6, 1e-2],
    };
    const { evaluation, figures } = await train(pesVariance, { config, seed: 3, steps: 2 });
    const { table, metrics } = evaluation!;
    expect(table!.rows.length).toBe(13);
    // Largest of 13 scores, several of them from the same noise; law and sample share nothing else.
    expect(metrics["largestScore"]).toBeLessThan(4);
    expect(figures.map(({ id }) => id)).toEqual(["variance", "estimators", "windows", "sigma"]);
    const windows = figures.find(({ id }) => id === "windows")!;
    const [pes, nres] = windows.series.map(({ y }) => y) as [number[], number[]];
    nres.forEach((square, w) => expect(square).toBeLessThanOrEqual(pes[w]! * (1 + 1e-12)));
    // Differences of losses of about 6 with 24 bits against perturbations of 1e-6: rounding is what is left of float32.
    const sigma = figures.find(({ id }) => id === "sigma")!;
    // 1e-8 is refused beside float32 weights of about 1, which lie 1e-7 apart, and not beside float64 ones.
    expect(sigma.series.map(({ x }) => x)).toEqual([
      [1e-6, 1e-2],
      [1e-8, 1e-6, 1e-2],
    ]);
    const [narrow, [, ...wide]] = sigma.series.map(({ y }) => y) as [number[], [number, ...number[]]];
    expect(narrow[0]! / wide[0]!).toBeGreaterThan(1e4);
    expect(narrow[1]! / wide[1]!).toBeLessThan(1.1);
  },
);
