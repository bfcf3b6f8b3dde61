/** Events for programs: one JSON object a line on stdout. What only people need goes to stderr or is left out. */
import type { TrainEvent } from "unspool/train";
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

function emitTrainEvent(emit: (event: string, rest: object) => void, event: TrainEvent): void {
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
    case "warning":
      emit("warning", { message: event.message });
      return;
    case "done":
    // Told by `finished`, which also knows the report.
  }
}
