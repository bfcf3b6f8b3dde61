/**
 * Implicit derivatives at work: features learned through a solved inner problem (Rajeswaran, Finn, Kakade and Levine 2019,
 * tasks of Finn, Abbeel and Levine 2017), and a network that is a fixed point (Bai, Kolter and Koltun 2019), at CPU size.
 * `npm run test:paper`; recorded in docs/results.md.
 */
import { deepEquilibrium, implicitMaml } from "@unspool/experiments";
import { type Experiment, train } from "unspool";
import { expect, test } from "vitest";

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

test.each([0, 1, 2])("features by implicit MAML: sinusoids from ten points, seed %i", async (seed) => {
  const { evaluation } = await train(implicitMaml as Experiment, { seed });
  const [random, learned] = evaluation!.table!.rows.map((row) => Number(row[3]));
  report(`squared error after adapting, seed ${seed}`, { random, learned, error: evaluation!.metrics["afterAdaptingError"] }); // prettier-ignore
  expect(random!).toBeGreaterThan(3);
  expect(learned!).toBeLessThan(0.5);
});

test.each([0, 1, 2])("two spirals by a fixed point: implicit gradients are exact, seed %i", async (seed) => {
  const { evaluation } = await train(deepEquilibrium as Experiment, { seed });
  report(`deep equilibrium, seed ${seed}`, evaluation!.metrics);
  expect(evaluation!.metrics["accuracy"]!).toBeGreaterThan(0.98);
  expect(evaluation!.metrics["gradientError"]!).toBeLessThan(1e-5);
});
