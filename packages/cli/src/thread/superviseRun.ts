/**
 * Runs `run` or `resume` in a thread of its own. The main thread writes what it tells and hears signals: it asks the
 * run to stop, and where a step or an evaluation does not let it, ends the thread. What the last checkpoint holds is
 * kept either way.
 */
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { queueWords } from "../commands/queueOption.ts";
import { type CommandLine, textOption } from "../commandLine/parse.ts";
import { isFileName } from "../experiments/isFileName.ts";
import { exitCodes } from "../failure.ts";
import { endBySignal, hearParent, listenForInterrupt } from "../interrupt.ts";
import { type Reporter, type RunSummary, type StudyTold, describeLoss } from "../output/reporter.ts";
import { type OutputFailure, exitCodeOf, onOutputFailure, stderr, stdout } from "../output/safeOutput.ts";
import { type Control, type ThreadMessage, word } from "./control.ts";
import { resumeCommand } from "../runs/shellWord.ts";
import { leaveRun } from "./leaveRun.ts";
import { type Progress, type StudyPlace, hear, isCellEnd } from "./progress.ts";
import { call, startThread, whyEnded } from "./startThread.ts";

/** An outer step may take this long to its end before it is given up. */
const graceMs = 500;
/** So long may a study that was told to stop take for its summary, after its cells, */
const summaryMs = 300;
/** and so long its cells and its summary, if they run in processes of their own: `cellProcess.ts` ends those sooner. */
const jobsMs = 850;
const heartbeatMs = 5000;

export function superviseRun(line: CommandLine, reporter: Reporter, isJson: boolean): Promise<number> {
  const { worker, control, end: endThread } = startThread(line, "run", isJson);
  const acknowledge = acknowledger(control);
  const isResume = line.command?.name === "resume";
  const hasJobs = Number(textOption(line, "jobs") ?? 1) > 1 || line.options.has("queue");
  const progress: Progress = {
    phase: "preparing",
    dir: isResume ? line.positionals[0] : undefined,
    steps: 0,
    checkpointed: 0,
    loss: undefined,
  };
  let stopCode: number | undefined;
  let isEnding = false;
  let grace: NodeJS.Timeout | undefined;

  return new Promise((resolve) => {
    const end = (exitCode: number): void => {
      clearTimeout(grace);
      clearInterval(heartbeat);
      worker.terminate().finally(() => resolve(exitCode));
    };
    const stop = (exitCode: number, reason: "signal" | "output"): void => {
      if (stopCode !== undefined) return;
      stopCode = exitCode;
      Atomics.store(control, word.interrupted, 1);
      Atomics.notify(control, word.handled);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker thread, not a window.
      worker.postMessage("stop");
      if (progress.phase !== "stepping") return void giveUp();
      if (reason === "signal") reporter.interrupting();
      grace = setTimeout(giveUp, graceMs);
    };
    /** Ends the thread in the middle of what it does. */
    const giveUp = async (): Promise<void> => {
      if (isEnding) return;
      isEnding = true;
      const hasEnded = await endThread();
      if (progress.dir !== undefined) leaveRun(progress.dir, "interrupted");
      const summary = interruptedSummary(progress, Atomics.load(control, word.step), line);
      if (progress.study === undefined) reporter.finished(summary);
      else reporter.studyFinished(interruptedStudy(progress.study, summary, line));
      const exitCode = stopCode ?? exitCodes.interrupted;
      if (!hasEnded) await endBySignal(exitCode);
      end(exitCode);
    };
    listenForInterrupt(
      (exitCode) => stop(exitCode, "signal"),
      async (exitCode) => {
        isEnding = true;
        if (progress.dir !== undefined) leaveRun(progress.dir, "interrupted");
        if (!(await endThread())) await endBySignal(exitCode);
        process.exit(exitCode);
      },
    );
    hearParent(() => stop(exitCodes.interrupted, "output"));
    onOutputFailure((failure) => {
      tellFailure(failure, resumeLine(progress, line));
      stop(exitCodeOf(failure), "output");
    });
    const heartbeat = setInterval(() => {
      if (progress.dir !== undefined) touch(join(progress.dir, "run.lock"));
    }, heartbeatMs);
    const fail = (message: string, trace?: string): void => {
      if (isEnding) return;
      isEnding = true;
      if (progress.dir !== undefined) leaveRun(progress.dir, "failed", { code: "UNEXPECTED", message });
      reporter.failed({ code: "UNEXPECTED", message, trace, details: {} });
      end(exitCodes.failed);
    };

    worker.on("message", (message: ThreadMessage) => {
      if (message.type === "stopping") {
        if (progress.phase !== "stepping") return;
        clearTimeout(grace);
        if (progress.study?.hasJobs === true) grace = setTimeout(giveUp, jobsMs);
      } else if (message.type === "end") {
        if (isEnding) return;
        isEnding = true;
        end(message.exitCode === exitCodes.interrupted ? (stopCode ?? message.exitCode) : message.exitCode);
      } else if (!isEnding || message.name === "trainEvent") {
        hear(progress, message, hasJobs);
        if (!isEnding) call(reporter, message);
        acknowledge();
        // The cell that was to stop has: what follows is not what a person waits for.
        if (stopCode !== undefined && isCellEnd(message) && !hasJobs) grace = setTimeout(giveUp, summaryMs);
      }
    });
    worker.on("error", (error: Error) => fail(`${error.name}: ${error.message}`, framesOf(error)));
    worker.on("exit", (code) => {
      const next = resumeLine(progress, line);
      const kept = next === undefined ? "" : ` Its steps are kept: ${next} goes on.`;
      fail(`${whyEnded(code)}${kept}`);
    });
  });
}

/** Lets the run go on once what it told is written. */
function acknowledger(control: Control): () => void {
  let waiting = 0;
  return () => {
    waiting++;
    if (waiting > 1) return;
    void stdout.flushed().then(() => {
      Atomics.add(control, word.handled, waiting);
      Atomics.notify(control, word.handled);
      waiting = 0;
    });
  };
}

function interruptedSummary(progress: Progress, done: number, line: CommandLine): RunSummary {
  const { phase, dir, steps, checkpointed, loss, hasMeasured, study } = progress;
  const isResume = study !== undefined || line.command?.name === "resume";
  // Cells in processes of their own keep what they have done.
  const stepsLost = study?.hasJobs === true ? 0 : Math.max(0, done - checkpointed);
  return {
    run: dir,
    resume: resumeLine(progress, line),
    isInterrupted: true,
    step: checkpointed,
    steps,
    loss,
    theta: null,
    evaluation: undefined,
    stepsPerSecond: 0,
    durationMs: 0,
    report: undefined,
    lost: describeLoss(phase, stepsLost, study?.dir ?? dir, isResume, hasMeasured),
  };
}

function interruptedStudy(
  { dir, ended, cells }: StudyPlace,
  { lost }: RunSummary,
  line: CommandLine,
): StudyTold {
  return {
    ...{ study: dir, isInterrupted: true, ended, cells, failed: [], blocked: [] },
    resume: resumeCommand(dir, experimentFile(line)) + queueWords(line),
    ...{ summary: undefined, durationMs: 0, report: undefined, lost },
  };
}

/** The command that goes on with the run, or with the study that it is a cell of. */
function resumeLine({ dir, study }: Progress, line: CommandLine): string | undefined {
  const folder = study?.dir ?? dir;
  return folder === undefined ? undefined : resumeCommand(folder, experimentFile(line));
}

/** The experiment's file as the person named it: a folder alone does not name one that is run. */
function experimentFile(line: CommandLine): string | undefined {
  if (line.command?.name === "resume") return textOption(line, "experiment");
  const [named] = line.positionals;
  return named !== undefined && isFileName(named) ? named : undefined;
}

function tellFailure({ stream, code, message }: OutputFailure, resume: string | undefined): void {
  if (stream !== "stdout") return;
  const how = code === "EPIPE" ? "was closed" : `could not be written (${message})`;
  const next = resume === undefined ? "" : `; the run stops and can be continued with: ${resume}`;
  stderr.write(`unspool: stdout ${how}${next}\n`);
}

function framesOf(error: Error): string | undefined {
  return error.stack
    ?.split("\n")
    .filter((frame) => /^\s+at /.test(frame) && !frame.includes("node:"))
    .join("\n");
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The run has ended, or its folder is gone: the run itself says so.
  }
}
