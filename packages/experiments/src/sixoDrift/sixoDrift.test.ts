import { runStudy } from "unspool";
import { train } from "unspool/train";
import { expect, test } from "vitest";
import { driftTraining } from "./driftTraining.ts";
import { sixoDrift } from "./sixoDrift.ts";

const small = { steps: 4, particles: 3, series: 40 };

test("ways of learning, beside each other", { tags: ["long"] }, async () => {
  const methods = ["iwae", "sixo"];
  const { summary } = await runStudy(sixoDrift, { config: { ...small, methods } });
  const [table] = summary.tables!;
  expect(table!.rows.map(([method]) => method)).toEqual(methods);
  for (const [, gap] of table!.rows) expect(Number.isFinite(gap)).toBe(true);
  expect(summary.figures![0]!.series.map(({ name }) => name)).toEqual(methods);
});

test("figures of one run: bound, twist against its closed form, lineages", { tags: ["long"] }, async () => {
  const config = { ...small, evaluationParticles: 4, horizon: 4, method: "sixoKnown" };
  const { figures } = await train(driftTraining, { config });
  const twist = figures!.find(({ id }) => id === "twist")!;
  const [mean, variance, ownMean, ownVariance] = twist.series.map(({ y }) => y);
  ownMean!.forEach((x, i) => expect(x).toBeCloseTo(mean![i]!, 3));
  ownVariance!.forEach((x, i) => expect(x).toBeCloseTo(variance![i]!, 3));
  expect(figures!.map(({ id }) => id)).toEqual(["bound", "twist", "lineages"]);
});
