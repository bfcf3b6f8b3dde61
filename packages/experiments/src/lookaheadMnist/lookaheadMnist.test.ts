import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { lookaheadMnist } from "./lookaheadMnist.ts";
import { methodNames, settings } from "./lookaheadMethods.ts";

const config = { horizon: 5, truncation: 5, seeds: 1, steps: 1, pairs: 1 };

test("there is a cell for every method, inner loop and part of the tuning", () => {
  const cells = lookaheadMnist.cells(lookaheadMnist.config.parse({ seeds: 2 }), 0);
  expect(cells).toHaveLength(2 * methodNames.length + 2 + 3);
});

test(
  "a short study, stopped and gone on with: a method at every setting, an inner loop and the tuning",
  { tags: ["long"] },
  async () => {
    const only = ["lookahead-0.5-network-0", "profile-0.2", "tuning", "before-tuning", "after-tuning"];
    const { metrics, tables, figures } = await runStopped(lookaheadMnist, config, { stopAfter: 3, only });
    expect(tables![0]!.columns.slice(2)).toEqual(["Lookahead 0.5"]);
    expect(tables![0]!.rows).toHaveLength(settings.length);
    expect(figures!.map(({ id }) => id)).toEqual([
      "training-loss",
      "inner-loop",
      "robustness",
      "robustness-without-momentum",
      "tuned",
    ]);
    expect(metrics).toMatchObject({ initialAlpha: 0.5, tunedMeanLoss: expect.any(Number) });
    // Steps 1 to 5 are one point, in their middle.
    expect(figures![0]!.series[0]!.x).toEqual([3]);
    // Five fast weights and the slow ones.
    for (const { x } of figures![1]!.series) expect(x).toEqual([1, 2, 3, 4, 5, 6]);
  },
);
