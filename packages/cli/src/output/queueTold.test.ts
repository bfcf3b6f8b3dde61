/** What is told of cells that go through a queue: on the terminal, as events, and in the last words after Ctrl-C. */
import { expect, test } from "vitest";
import { queueWords } from "../commands/queueOption.ts";
import { jsonReporter } from "./jsonReporter.ts";
import type { StudyTold } from "./reporter.ts";
import { studyEndLines, studyProgress } from "./studyProgress.ts";

const queued = { waiting: 3, running: 2, stepsPerSecond: 132.4 };
const told: StudyTold = {
  ...{ study: "runs/s", isInterrupted: true, ended: 1, cells: 6, failed: [], blocked: [] },
  ...{ resume: "unspool resume runs/s --queue env", summary: undefined, durationMs: 0, report: undefined },
  queued: { atWorkers: 2, withdrawn: 1 },
};

test("the line of a study has the whole of its queue", () => {
  const cells = ["a", "b", "c", "d", "e", "f"].map((id) => ({ id, status: "open" as const }));
  const progress = studyProgress(
    { type: "study", study: "s", config: {}, seed: 0, store: "runs/s", cells },
    0,
  );
  expect(progress.line(0)).toBe("0/6 cells");
  progress.queue(queued);
  expect(progress.line(0)).toBe("0/6 cells, 2 at workers, 3 wait, 132 steps/s");
});

test("programs hear it as an event, and what goes on when the study is interrupted", () => {
  const lines: unknown[] = [];
  const reporter = jsonReporter({ write: (text) => lines.push(JSON.parse(text)) }, { write: () => {} });
  reporter.queueProgress(queued);
  reporter.studyFinished(told);
  expect(lines).toEqual([
    { event: "queue", ...queued },
    expect.objectContaining({ event: "study-interrupted", atWorkers: 2, withdrawn: 1, resume: told.resume }),
  ]);
});

test("people read what goes on, what does not, and how to collect it", () => {
  expect(studyEndLines(told)).toEqual([
    "interrupted with 1 of 6 cells done",
    "Workers go on with 2 cells; resume collects what they have done.",
    "Taken out of the queue, not begun: 1 cell.",
    "Continue with: unspool resume runs/s --queue env",
  ]);
});

test("the line that goes on has queue and store, and no password", () => {
  const words = (...options: [string, string][]): string =>
    queueWords({ positionals: [], options: new Map(options.map(([name, value]) => [name, [value]])) });
  expect(words()).toBe("");
  expect(words(["queue", "env"], ["store", "s3://b/p"])).toBe(" --queue env --store s3://b/p");
  expect(words(["queue", "rediss://me:s3@cr/et@host:1/2"])).not.toMatch(/s3@|cr|et@/);
  expect(words(["queue", "rediss://me:s3cret@host:1/2"])).toBe(" --queue rediss://host:1/2");
});
