/** The thread in which a command computes, as the main thread starts and ends it. */
import { Worker } from "node:worker_threads";
import type { CommandLine } from "../commandLine/parse.ts";
import type { Reporter } from "../output/reporter.ts";
import { stderr, stdout } from "../output/safeOutput.ts";
import { type Control, type ReporterCall, type ThreadData, makeControl } from "./control.ts";

/** A thread that does not end in this time is in the middle of something that cannot be ended, a compilation, say. */
const endMs = 250;
/** Node's exit code where an awaited promise is left when nothing else is to be done. */
const unsettled = 13;

export interface CommandThread {
  worker: Worker;
  control: Control;
  /** Ends the thread in the middle of what it does. False for one that goes on. */
  end(): Promise<boolean>;
}

/** Starts it; what it writes goes to stdout and stderr, all of it to stderr beside lines of JSON. */
export function startThread(line: CommandLine, name: string, isJson: boolean): CommandThread {
  const control = makeControl();
  const workerData: ThreadData = { script: process.argv[1]!, line, control, isJson };
  const options = { workerData, name: `unspool ${name}`, stdout: true, stderr: true };
  const worker = new Worker(new URL("./runThread.js", import.meta.url), options);
  worker.stdout.on("data", (bytes: Uint8Array) => (isJson ? stderr : stdout).write(bytes));
  worker.stderr.on("data", (bytes: Uint8Array) => stderr.write(bytes));
  const end = (): Promise<boolean> =>
    Promise.race([
      worker.terminate().then(() => true),
      new Promise<boolean>((done) => setTimeout(() => done(false), endMs)),
    ]);
  return { worker, control, end };
}

/** Why a thread ended by itself. */
export const whyEnded = (code: number): string =>
  code === unsettled
    ? "a promise that the experiment's file waits for is never settled."
    : `the experiment's file ended the process (process.exit(${code})).`;

/** Makes a call that a thread asked for. */
export function call(reporter: Reporter, { name, args }: ReporterCall): void {
  (reporter[name] as (...all: unknown[]) => void)(...args);
}
