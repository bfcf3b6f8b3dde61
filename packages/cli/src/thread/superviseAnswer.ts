/**
 * Runs a command that answers (`compare`, `diagnose`, `analyse`, `explain`) in a thread of its own, so that signals are
 * heard while it computes. It keeps nothing on its way: an interrupt ends the thread and says so.
 */
import type { CommandLine } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { endBySignal, listenForInterrupt } from "../interrupt.ts";
import type { Reporter } from "../output/reporter.ts";
import { exitCodeOf, onOutputFailure } from "../output/safeOutput.ts";
import { type ThreadMessage, word } from "./control.ts";
import { call, startThread, whyEnded } from "./startThread.ts";

export function superviseAnswer(line: CommandLine, reporter: Reporter, isJson: boolean): Promise<number> {
  const command = line.command!.name;
  const { worker, control, end: endThread } = startThread(line, command, isJson);
  return new Promise((resolve) => {
    let isEnding = false;
    const end = async (exitCode: number, told?: () => void): Promise<void> => {
      if (isEnding) return;
      isEnding = true;
      told?.();
      if (!(await endThread())) await endBySignal(exitCode);
      resolve(exitCode);
    };
    const lost = `${command} was not done, and keeps nothing on its way: the same command begins again.`;
    const interrupted = (): void =>
      reporter.answer([`Interrupted: ${lost}`], { event: "interrupted", command, lost });
    listenForInterrupt(
      (exitCode) => void end(exitCode, interrupted),
      (exitCode) => process.exit(exitCode),
    );
    onOutputFailure((failure) => void end(exitCodeOf(failure)));
    worker.on("message", (message: ThreadMessage) => {
      if (message.type === "end") return void end(message.exitCode);
      if (message.type !== "report" || isEnding) return;
      call(reporter, message);
      Atomics.add(control, word.handled, 1);
      Atomics.notify(control, word.handled);
    });
    const fail = (message: string): void =>
      reporter.failed({ code: "UNEXPECTED", message, trace: undefined, details: {} });
    worker.on(
      "error",
      (error: Error) => void end(exitCodes.failed, () => fail(`${error.name}: ${error.message}`)),
    );
    worker.on("exit", (code) => void end(exitCodes.failed, () => fail(whyEnded(code))));
  });
}
