/** What `run` and `resume` share: events, interruption, the report at the end, the last word. */
import { performance } from "node:perf_hooks";
import { EvaluationError, type RunStore, type TrainEvent, type TrainResult } from "unspool/train";
import { exitCodes } from "../failure.ts";
import { describeFailure } from "../failureReport.ts";
import type { Reporter } from "../output/reporter.ts";
import { resumeCommand } from "../runs/shellWord.ts";

export interface ExecuteHooks {
  signal: AbortSignal;
  onEvent: (event: TrainEvent) => void;
}

/** Thetas of more numbers than this are not printed; the checkpoint holds them. */
const printedThetaSize = 1024;

/**
 * Lets `start` run to its end or to `signal`, writes the report and tells how it went. Returns the exit code.
 * `experimentFile` is the file of the experiment as the person named it, for the command that continues the run.
 */
export async function execute(
  reporter: Reporter,
  /** Its name is known once the run has begun. */
  store: RunStore,
  signal: AbortSignal,
  start: (hooks: ExecuteHooks) => Promise<TrainResult>,
  experimentFile?: string,
): Promise<number> {
  const clock = sessionClock();
  const onEvent = (event: TrainEvent): void => {
    clock.hear(event);
    reporter.trainEvent(event);
  };
  const writeReport = async (): Promise<string> => {
    const { writeReport: write } = await import("../report/writeReport.ts");
    return write([store.name], undefined);
  };
  let result: TrainResult;
  try {
    result = await start({ signal, onEvent });
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    // The run is done all the same: theta is told, and the report shows the steps.
    const report = await reportOrWarn(reporter, writeReport);
    const { report: failure } = describeFailure(error.cause);
    const theta = await printedTheta(error.result.theta);
    const { code, message, details } = error;
    const where = report === undefined ? "" : `\nreport  ${report}`;
    reporter.failed({
      code,
      message: `${message}${where}`,
      trace: failure.trace,
      details: { ...details, run: store.name, report: report ?? null, theta },
    });
    return exitCodes.failed;
  }
  const report = result.interrupted ? undefined : await reportOrWarn(reporter, writeReport);
  reporter.finished({
    run: store.name,
    resume: resumeCommand(store.name, experimentFile),
    isInterrupted: result.interrupted,
    step: result.step,
    steps: result.steps,
    loss: result.metrics.at(-1)?.loss,
    theta: await printedTheta(result.theta),
    evaluation: result.evaluation,
    ...clock.read(),
    report,
  });
  return result.interrupted ? exitCodes.interrupted : exitCodes.done;
}

/** A report that cannot be drawn does not make a finished run a failed one. */
async function reportOrWarn(
  reporter: Reporter,
  writeReport: () => Promise<string>,
): Promise<string | undefined> {
  try {
    return await writeReport();
  } catch (error) {
    reporter.warning(
      `The report could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** Theta by leaf path; a bare tensor stands under "theta", as in the metrics. */
async function printedTheta(theta: unknown): Promise<Record<string, number[]> | null> {
  const { tree } = await import("unspool");
  if (tree.size(theta) > printedThetaSize) return null;
  return Object.fromEntries(
    tree.entries(theta).map(([path, leaf]) => [path || "theta", Array.from(leaf.data)]),
  );
}

/** Measures the outer steps of this invocation, without preparation and evaluation. */
function sessionClock(): {
  hear(event: TrainEvent): void;
  read(): { stepsPerSecond: number; durationMs: number };
} {
  let startedAt = performance.now();
  let lastStepAt = startedAt;
  let count = 0;
  return {
    hear(event) {
      if (event.type === "start") startedAt = lastStepAt = performance.now();
      if (event.type !== "step") return;
      lastStepAt = performance.now();
      count++;
    },
    read() {
      const durationMs = lastStepAt - startedAt;
      return { durationMs, stepsPerSecond: durationMs > 0 ? (1000 * count) / durationMs : 0 };
    },
  };
}
