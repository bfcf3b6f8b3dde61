/** What `run` and `resume` share: events, interruption, the report at the end, the last word. */
import { performance } from "node:perf_hooks";
import type { TrainEvent, TrainResult } from "unspool/train";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Reporter } from "../output/reporter.ts";
import { resumeCommand } from "../runs/shellWord.ts";

export interface ExecuteHooks {
  signal: AbortSignal;
  onEvent: (event: TrainEvent) => void;
}

/** Thetas of more numbers than this are not printed; the checkpoint holds them. */
const printedThetaSize = 1024;

/**
 * Lets `start` run to its end or to Ctrl-C, writes the report and tells how it went. Returns the exit code.
 * `experimentFile` is the file of the experiment as the person named it, for the command that continues the run.
 */
export async function execute(
  reporter: Reporter,
  dir: string,
  start: (hooks: ExecuteHooks) => Promise<TrainResult>,
  writeReport: () => Promise<string>,
  experimentFile?: string,
): Promise<number> {
  const interrupt = listenForInterrupt(() => reporter.interrupting());
  const clock = sessionClock();
  try {
    const onEvent = (event: TrainEvent): void => {
      clock.hear(event);
      reporter.trainEvent(event);
    };
    const result = await start({ signal: interrupt.signal, onEvent });
    const report = result.interrupted ? undefined : await reportOrWarn(reporter, writeReport);
    reporter.finished({
      run: dir,
      resume: resumeCommand(dir, experimentFile),
      isInterrupted: result.interrupted,
      step: result.step,
      steps: result.steps,
      loss: result.metrics.at(-1)?.loss,
      theta: await printedTheta(result.theta),
      evaluation: result.evaluation,
      ...clock.read(),
      report,
    });
    return result.interrupted ? (interrupt.exitCode() ?? exitCodes.interrupted) : exitCodes.done;
  } finally {
    interrupt.dispose();
  }
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
