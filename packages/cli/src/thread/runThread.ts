/**
 * The thread in which commands compute (decision 011): the main thread stays free for signals, and can end
 * this one in the middle of a step.
 */
import { parentPort, workerData } from "node:worker_threads";
import { performCommand } from "../commands/performCommand.ts";
import { exitCodes } from "../failure.ts";
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

let exitCode: number = exitCodes.failed;
try {
  exitCode = await performCommand(data.line, reporter, controller.signal);
} finally {
  // What the experiment's file printed has reached the main thread before the end does.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))),
  );
  post({ type: "end", exitCode });
}
