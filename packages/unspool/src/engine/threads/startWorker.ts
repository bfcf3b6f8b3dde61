/** Starts one worker thread: of Node's `worker_threads`, or a Web Worker in a page. */
import { nodeModule } from "../host.ts";
import { workerSource } from "./workerSource.ts";

export interface WorkerThread {
  postMessage(message: unknown, transfer: []): void;
  terminate(): unknown;
}

/** `onEnd` is called when the thread could not start or has ended. `undefined` where there are no worker threads. */
export function startWorker(onEnd: () => void): WorkerThread | undefined {
  try {
    return startNodeWorker(onEnd) ?? startWebWorker(onEnd);
  } catch {
    return undefined;
  }
}

function startNodeWorker(onEnd: () => void): WorkerThread | undefined {
  const threads = nodeModule("node:worker_threads");
  if (threads === undefined) return undefined;
  // No `execArgv`: loaders and hooks of the program are of no use to the worker, and slow to start.
  const worker = new threads.Worker(workerSource, { eval: true, execArgv: [], name: "unspool" });
  worker.on("error", onEnd);
  worker.on("exit", onEnd);
  worker.unref();
  return worker;
}

/** Of the source in a page. */
let address: string | undefined;

function startWebWorker(onEnd: () => void): WorkerThread {
  address ??= URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(address, { name: "unspool" });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    onEnd();
  });
  return worker;
}
