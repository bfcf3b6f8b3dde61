/**
 * SAM and batch sizes against the sharpness of minima (Foret et al. 2021; Keskar et al. 2017): 2000 images of MNIST at
 * 14 x 14, a network 196-64-64-10, learning rate 0.1, 1000 updates, three seeds. `npm run test:paper`; recorded in
 * docs/results.md.
 */
import { sharpMinima } from "@unspool/experiments";
import { expect, test } from "vitest";
import { runStudy } from "unspool";

test("sharpness: SAM with radius 0.2 has at most 0.6 of SGD's largest eigenvalue, batches of 500 at least 1.5 times that of 20", async () => {
  const config = { seeds: 3, batchSizes: [20, 500], rhos: [0.05, 0.2] };
  const { summary, results } = await runStudy(sharpMinima, { config, seed: 0 });
  const metrics = summary.metrics!;
  const { rows } = summary.tables![0]!;
  console.log(`sharpness: ${JSON.stringify(metrics)}`);
  console.log(rows.map((row) => row.join("  ")).join("\n"));
  expect(metrics["samOverSgd"]).toBeLessThanOrEqual(0.6);
  expect(metrics["largeOverSmall"]).toBeGreaterThanOrEqual(1.5);
  // One network, with rho = 0.05, lies among the means.
  const records = results.get("batch-20-rho-0.05-network-0")!.metrics;
  const lambda = records.find((record) => "lambda" in record)!["lambda"] as number;
  expect(lambda).toBeGreaterThan(Math.min(...rows.map((row) => Number(row[2]))) / 1.5);
  expect(lambda).toBeLessThan(metrics["smallBatchLambda"]! * 1.25);
});
