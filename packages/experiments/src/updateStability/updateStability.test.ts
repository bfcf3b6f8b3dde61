import { train } from "unspool";
import { expect, test } from "vitest";
import { updateStability } from "./updateStability.ts";

test(
  "spectral radii of the rules, meta-gradients that explode with them, and a run that descends",
  { tags: ["long"] },
  async () => {
    const { evaluation, figures, metrics } = await train(updateStability, { config: { steps: 20 }, seed: 0 });
    const radii = Object.fromEntries(evaluation!.table!.rows.map(([name, radius]) => [name, radius]));
    // Computed in NumPy, float64, from the same matrices.
    const wanted = {
      blackbox: 1.3149376589,
      "nominal step": 0.9820453142,
      decay: 1.0703989852,
      preconditioner: 1.1933526527,
      "all three": 0.949066875,
    };
    for (const [name, radius] of Object.entries(wanted)) expect(radii[name]).toBeCloseTo(radius, 9);
    const norms = Object.fromEntries(
      figures!.find(({ id }) => id === "meta-gradient")!.series.map(({ name, y }) => [name, y]),
    );
    // From T = 80 to 160 by the spectral radius to the power 160, and a factor T.
    const growth = Math.log(norms["blackbox"]![5]! / norms["blackbox"]![4]!) / 80;
    expect(growth / (2 * Math.log(wanted.blackbox))).toBeCloseTo(1, 1);
    expect(norms["all three"]![5]! / norms["all three"]![4]!).toBeLessThan(2);
    expect(evaluation!.metrics["initialRadius"]).toBeCloseTo(wanted["nominal step"], 9);
    expect(metrics.at(-1)!.loss).toBeLessThan(metrics[0]!.loss);
  },
);
