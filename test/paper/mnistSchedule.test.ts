/** The tuned MNIST schedule against the untuned one on held-out images, 5 seeds. Recorded in docs/results.md. */
import { mnistSchedule } from "@unspool/experiments";
import { expect, test } from "vitest";
import { train } from "unspool";

test("the tuned schedule has less test loss and more accuracy than the untuned one in at least 4 of 5 seeds", async () => {
  const wins: boolean[] = [];
  for (const seed of [0, 1, 2, 3, 4]) {
    const { evaluation } = await train(mnistSchedule, { config: { surface: 0 }, seed });
    const metrics = evaluation!.metrics;
    console.log(`mnist-schedule seed ${seed}: ${JSON.stringify(metrics)}`);
    wins.push(
      metrics["tunedTestLoss"]! < metrics["untunedTestLoss"]! &&
        metrics["tunedTestAccuracy"]! > metrics["untunedTestAccuracy"]!,
    );
  }
  expect(wins.filter(Boolean).length).toBeGreaterThanOrEqual(4);
});
