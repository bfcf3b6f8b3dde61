import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { designLinear } from "./designLinear.ts";

test("together is better than control alone", async () => {
  const { summary } = await runStudy(designLinear, {
    config: { methods: ["deps", "control"], seeds: 1, steps: 60 },
  });
  const { "deps: return": together, "control: return": alone } = summary.metrics!;
  expect(together!).toBeGreaterThan(alone!);
  expect(summary.figures![0]!.series.map(({ name }) => name)).toEqual(["deps", "control"]);
});
