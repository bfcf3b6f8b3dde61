/** Events for programs: one JSON object a line on stdout. What only people need goes to stderr or is left out. */
import type { StudyEvent, TrainEvent } from "unspool/train";
import { jsonLine } from "./jsonLine.ts";
import type { Reporter } from "./reporter.ts";

interface Output {
  write(text: string): unknown;
}

export function jsonReporter(stdout: Output, stderr: Output): Reporter {
  const emit = (event: string, rest: object): void => void stdout.write(`${jsonLine({ event, ...rest })}\n`);
  return {
    preparing() {},
    warning: (message) => emit("warning", { message }),
    trainEvent: (event) => emitTrainEvent(emit, event),
    studyEvent: (event) => emitStudyEvent(emit, event),
    studyFinished({ study, isInterrupted, ended, cells, resume = null, summary, report = null, ...told }) {
      const { lost, blocked, best, queued } = told;
      const failed = told.failed.map(({ id }) => id);
      const rest = { study, ended, cells, failed, blocked, resume, ...(best && { best }) };
      if (isInterrupted) emit("study-interrupted", { ...rest, ...(lost && { lost }), ...queued });
      else emit("study-done", { ...rest, metrics: summary?.metrics ?? null, report });
    },
    queueProgress: (told) => emit("queue", told),
    interrupting: () =>
      void stderr.write("Interrupted: finishing this outer step. Once more to end at once.\n"),
    finished(summary) {
      const {
        run,
        step,
        steps,
        isInterrupted,
        loss = null,
        theta,
        evaluation,
        stepsPerSecond,
        report,
        lost,
      } = summary;
      const rest = { run, steps: step, loss, theta, stepsPerSecond };
      const { resume = null } = summary;
      if (isInterrupted)
        emit("interrupted", { ...rest, run: run ?? null, of: steps, resume, ...(lost && { lost }) });
      else emit("done", { ...rest, evaluation: evaluation?.metrics ?? null, report: report ?? null });
    },
    answer: (_lines, event) => void stdout.write(`${jsonLine(event)}\n`),
    failed: ({ code, message, trace, details }) =>
      emit("error", { code, message, ...(trace !== undefined && { trace }), details }),
  };
}

type Emit = (event: string, rest: object) => void;

/** Events of a cell are those of its run, with its id. */
function emitStudyEvent(emit: Emit, event: StudyEvent): void {
  if (event.type === "cell") {
    emitTrainEvent((name, rest) => emit(name, { cell: event.id, ...rest }), event.event);
  } else if (event.type === "cell-end") {
    const { id, status, error } = event;
    emit("cell-end", { cell: id, status, ...(error && { error }) });
  } else if (event.type === "study") {
    const { study, config, seed, cells, store } = event;
    emit("study", { study, folder: store, config, seed, cells });
  } else if (event.type === "study-grow") {
    const { note, cells } = event;
    emit("study-grow", { note, cells });
  } else if (event.type === "warning") emit("warning", { message: event.message });
}

function emitTrainEvent(emit: Emit, event: TrainEvent): void {
  switch (event.type) {
    case "start": {
      const { experiment, config, seed, step, steps, store } = event;
      emit("start", { experiment, run: store ?? null, config, seed, step, steps });
      return;
    }
    case "step": {
      emit("step", { ...event.record, steps: event.steps });
      return;
    }
    case "checkpoint":
      emit("checkpoint", { step: event.step });
      return;
    case "evaluate":
      emit("evaluate", { step: event.step });
      return;
    case "measure": {
      const { name, part, parts, durationMs } = event;
      emit("measure", { name, part, parts, durationMs });
      return;
    }
    case "warning":
      emit("warning", { message: event.message });
      return;
    case "done":
    // Told by `finished`, which also knows the report.
  }
}
