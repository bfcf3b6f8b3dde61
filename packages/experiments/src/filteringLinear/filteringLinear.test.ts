import { runStudy, train } from "unspool";
import { expect, test } from "vitest";
import { filteringLinear } from "./filteringLinear.ts";
import { linearDivergence } from "./linearDivergence.ts";

test(
  "F and G come nearer along the stream, by the Kalman filter and by draws",
  { tags: ["long"] },
  async () => {
    const { summary } = await runStudy(filteringLinear, {
      config: { filters: ["rmle", "ovf"], seeds: 1, observations: 300, divergence: false },
    });
    const { metrics, figures } = summary;
    for (const filter of ["rmle", "ovf"]) {
      const ends = figures!.map(({ series }) => series.find(({ name }) => name === filter)!.y);
      const total = (at: number): number => ends.reduce((sum, y) => sum + (y.at(at) as number), 0);
      expect(total(-1)).toBeLessThan(total(0));
    }
    // Nearly the same path: draws instead of means.
    expect(Math.abs(metrics!["rmle: error of G"]! - metrics!["ovf: error of G"]!)).toBeLessThan(0.05);
  },
);

test("the divergence from the exact pair falls while it is optimised", { tags: ["long"] }, async () => {
  const { metrics } = await train(linearDivergence, {
    config: { observations: 2, phiSteps: 600, looks: [1], samples: 50 },
  });
  for (const record of metrics) {
    expect(Number(record["kl"])).toBeLessThan(Number(record["klAfter1"]) / 10);
    expect(Number(record["kl"])).toBeLessThan(0.1);
  }
});
