/**
 * Runs a command that answers (`compare`, `diagnose`, `analyse`, `explain`) in a thread of its own, so that signals are
 * heard while it computes. It keeps nothing on its way: an interrupt ends the thread and says so.
 */
import { Worker } from "node:worker_threads";
import type { CommandLine } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { endBySignal, listenForInterrupt } from "../interrupt.ts";
import type { Reporter } from "../output/reporter.ts";
import { exitCodeOf, onOutputFailure, stderr, stdout } from "../output/safeOutput.ts";
import { type ThreadData, type ThreadMessage, makeControl, word } from "./control.ts";

/** A thread that does not end in this time is in the middle of something that cannot be ended, a compilation, say. */
const endMs = 250;

export function superviseAnswer(line: CommandLine, reporter: Reporter, isJson: boolean): Promise<number> {
  const control = makeControl();
  const data: ThreadData = { script: process.argv[1]!, line, control, isJson };
  const worker = new Worker(new URL("./runThread.js", import.meta.url), {
    workerData: data,
    name: `unspool ${line.command!.name}`,
    stdout: true,
    stderr: true,
  });
  return new Promise((resolve) => {
    let isEnding = false;
    const end = async (exitCode: number, told?: () => void): Promise<void> => {
      if (isEnding) return;
      isEnding = true;
      told?.();
      const ended = worker.terminate().then(() => true);
      const hasEnded = await Promise.race([
        ended,
        new Promise<false>((done) => setTimeout(done, endMs, false)),
      ]);
      if (!hasEnded) await endBySignal(exitCode);
      resolve(exitCode);
    };
    const lost = `${line.command!.name} was not done, and keeps nothing on its way: the same command begins again.`;
    const interrupted = (): void =>
      reporter.answer([`Interrupted: ${lost}`], { event: "interrupted", command: line.command!.name, lost });
    listenForInterrupt(
      (exitCode) => void end(exitCode, interrupted),
      (exitCode) => process.exit(exitCode),
    );
    onOutputFailure((failure) => void end(exitCodeOf(failure)));
    worker.on("message", (message: ThreadMessage) => {
      if (message.type === "end") return void end(message.exitCode);
      if (message.type !== "report" || isEnding) return;
      (reporter[message.name] as (...all: unknown[]) => void)(...message.args);
      Atomics.add(control, word.handled, 1);
      Atomics.notify(control, word.handled);
    });
    const fail = (message: string): void =>
      reporter.failed({ code: "UNEXPECTED", message, trace: undefined, details: {} });
    worker.on(
      "error",
      (error: Error) => void end(exitCodes.failed, () => fail(`${error.name}: ${error.message}`)),
    );
    worker.on("exit", (code) => {
      void end(exitCodes.failed, () =>
        fail(`the experiment's file ended the process (process.exit(${code})).`),
      );
    });
    worker.stdout.on("data", (bytes: Uint8Array) => (isJson ? stderr : stdout).write(bytes));
    worker.stderr.on("data", (bytes: Uint8Array) => stderr.write(bytes));
  });
}
