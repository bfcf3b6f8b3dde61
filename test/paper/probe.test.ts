import { test } from "vitest";
import { train } from "unspool";
import { datasetDistillation } from "@unspool/experiments";
test("probe", async () => {
  const t = performance.now();
  const { metrics, evaluation } = await train(datasetDistillation as never, { config: { steps: 60, trainingImages: 5000 }, seed: 0 }) as any;
  console.log(performance.now() - t, metrics.slice(-3).map((m: any) => JSON.stringify(m)), evaluation);
  console.log(metrics.map((m: any) => m.durationMs.toFixed(1)).join(" "));
});
