/**
 * The thread in which `run` and `resume` compute (decision 011): the main thread stays free for signals, and can end
 * this one in the middle of a step.
 */
import { parentPort, workerData } from "node:worker_threads";
import { exitCodes } from "../failure.ts";
import { describeFailure } from "../failureReport.ts";
import type { ThreadData, ThreadMessage } from "./control.ts";
import { threadReporter } from "./threadReporter.ts";

const data = workerData as ThreadData;
const port = parentPort!;
const reporter = threadReporter(port, data);
const controller = new AbortController();
const post = (message: ThreadMessage): void => port.postMessage(message);
port.on("message", () => {
  controller.abort();
  post({ type: "stopping" });
});
port.unref();

async function execute(): Promise<number> {
  try {
    if (data.line.command?.name === "resume") {
      const { resumeCommand } = await import("../commands/resume.ts");
      return await resumeCommand(data.line, reporter, controller.signal);
    }
    const { runCommand } = await import("../commands/run.ts");
    return await runCommand(data.line, reporter, controller.signal);
  } catch (error) {
    const { report, exitCode } = describeFailure(error);
    reporter.failed(report);
    return exitCode;
  }
}

let exitCode: number = exitCodes.failed;
try {
  exitCode = await execute();
} finally {
  // What the experiment's file printed has reached the main thread before the end does.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))),
  );
  post({ type: "end", exitCode });
}
