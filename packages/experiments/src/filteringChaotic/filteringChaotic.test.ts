import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { filteringChaotic } from "./filteringChaotic.ts";

test(
  "a short run of each filter, small: errors, bounds and their own estimates are told",
  { tags: ["long"] },
  async () => {
    const { summary } = await runStudy(filteringChaotic, {
      config: { filters: ["ovf", "enkf"], seeds: 1, units: 2, observations: 6, phiSteps: 60, particles: 500 },
    });
    const { metrics } = summary;
    // States are known to about the scale of their noise, 0.1.
    expect(metrics!["ovf: rmse"]!).toBeLessThan(0.3);
    expect(metrics!["enkf: rmse"]!).toBeLessThan(0.5);
    expect(Number.isFinite(metrics!["ovf: elbo"])).toBe(true);
    expect(metrics!["enkf: elbo"]).toBeUndefined();
    expect(summary.figures![0]!.series.map(({ name }) => name)).toEqual([
      "ovf, own estimate",
      "ovf, true bound",
    ]);
  },
);
