/** The swimmer at a small size: a run that is gone on with comes to the same bits; what it draws. */
import { memoryStore, resume, train } from "unspool";
import { expect, test } from "vitest";
import { zoacSwimmer } from "./zoacSwimmer.ts";

const config = {
  ...{ steps: 4, samplers: 2, segmentLength: 20, segments: 2, horizon: 100, isFiltered: true },
  ...{ evaluationEpisodes: 2, curve: 3, hasCritic: false },
};
const lasting = (records: readonly object[]) => records.map((record) => ({ ...record, durationMs: 0 }));

test(
  "stopped in the middle of an episode and gone on with by other simulators it has the same bits",
  { tags: ["long"] },
  async () => {
    const whole = await train(zoacSwimmer, { config, seed: 2 });
    const store = memoryStore();
    const controller = new AbortController();
    await train(zoacSwimmer, {
      ...{ config, seed: 2, store, signal: controller.signal },
      onEvent: (event) => {
        // An episode of 100 actions is cut into segments of 20, two per step.
        if (event.type === "step" && event.record.step === 1) controller.abort();
      },
    });
    const resumed = await resume(zoacSwimmer, store);
    expect(resumed.state).toEqual(whole.state);
    expect(lasting(resumed.metrics)).toEqual(lasting(whole.metrics));
    expect(resumed.evaluation).toEqual(whole.evaluation);
    expect(whole.figures.map(({ id }) => id)).toEqual(["returns", "return", "path", "strokes"]);
    expect(whole.figures[3]!.frames).toHaveLength(12);
    expect(whole.figures[2]!.series.map(({ x }) => x.length)).toEqual([100, 100]);
  },
);
