/** What is tested of every study: stopped and gone on with, it comes to the same, and it can tell what it has so far. */
import { deepEqual, ok } from "node:assert/strict";
import { type Study, type StudySummary, memoryStudyStore, resumeStudy, runStudy } from "unspool";

/** The bits of a summary: all but what a clock has measured. */
export const bits = ({ times, ...kept }: StudySummary): unknown => {
  void times;
  return JSON.parse(JSON.stringify(kept));
};

export interface RunStoppedOptions {
  /** Outer steps, over all cells. */
  stopAfter: number;
  /** Default 0. */
  seed?: number;
  /** Ids of cells, in their order. Default: all. */
  only?: readonly string[];
}

/** The run without a stop, which takes as long again, only by `npm run test:robustness`; the bits of one study in every run. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);

/**
 * Runs the study stopped after `stopAfter` outer steps and gone on with, and in a long run at once, too, and compares the
 * summaries. When it stops, it has few cells or none to summarise. Returns the summary.
 */
export async function runStopped(
  study: Study,
  config: unknown,
  { stopAfter, seed = 0, only }: RunStoppedOptions,
): Promise<StudySummary> {
  const controller = new AbortController();
  let steps = 0;
  const store = memoryStudyStore();
  const stopped = await runStudy(study, {
    ...{ config, seed, only, store, signal: controller.signal },
    onEvent: (event) => {
      if (event.type === "cell" && event.event.type === "step" && ++steps === stopAfter) controller.abort();
    },
  });
  ok(stopped.interrupted);
  for (const { series } of stopped.summary.figures ?? [])
    for (const { x, y } of series) deepEqual(y.length, x.length);
  const resumed = await resumeStudy(study, store, { only });
  deepEqual([...resumed.results.keys()], only ?? resumed.cells);
  ok(stopped.results.size < resumed.results.size);
  if (isLong) {
    const whole = await runStudy(study, { config, seed, only });
    deepEqual(bits(resumed.summary), bits(whole.summary));
  }
  return resumed.summary;
}
