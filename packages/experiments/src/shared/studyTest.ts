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

/**
 * Runs the study twice, at once and stopped after `stopAfter` outer steps and gone on with, and compares the summaries.
 * When it stops, it has few cells or none to summarise. Returns the summary.
 */
export async function runStopped(
  study: Study,
  config: unknown,
  { stopAfter, seed = 0, only }: RunStoppedOptions,
): Promise<StudySummary> {
  const whole = await runStudy(study, { config, seed, only });
  deepEqual([...whole.results.keys()], only ?? whole.cells);
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
  ok(stopped.results.size < whole.results.size);
  for (const { series } of stopped.summary.figures ?? [])
    for (const { x, y } of series) deepEqual(y.length, x.length);
  const resumed = await resumeStudy(study, store, { only });
  deepEqual(bits(resumed.summary), bits(whole.summary));
  return whole.summary;
}
