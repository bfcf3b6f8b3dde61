/** SIGINT (Ctrl-C) and SIGTERM, heard by a thread that is never busy. */
import { exitCodes } from "./failure.ts";
import { stdout } from "./output/safeOutput.ts";

/**
 * `onFirst` and `onSecond` get the exit code that goes with the signal; each is called once. Listens until the process
 * ends: with the system's own handling back, a signal in the last moment would take the exit code.
 */
export function listenForInterrupt(
  onFirst: (exitCode: number) => void,
  onSecond: (exitCode: number) => void,
): void {
  let count = 0;
  const hear = (code: number): void => {
    count++;
    if (count === 1) onFirst(code);
    if (count === 2) onSecond(code);
  };
  process.on("SIGINT", () => hear(exitCodes.interrupted));
  process.on("SIGTERM", () => hear(exitCodes.terminated));
}

/**
 * A cell of a study in a process of its own: `stop` is called once the process of the study says so, or has ended, also
 * where that was while this one was loading. Of a process that was started without a channel, never.
 */
export function hearParent(stop: () => void): void {
  process.once("message", stop);
  process.once("disconnect", stop);
  process.channel?.unref();
  // A channel that closed before anybody listened tells nothing any more; `send` says that there was one.
  if (process.send !== undefined && !process.connected) stop();
}

const signals = new Map<number, NodeJS.Signals>([
  [exitCodes.interrupted, "SIGINT"],
  [exitCodes.terminated, "SIGTERM"],
]);
/** For what was written to be read. */
const writtenMs = 100;

/**
 * Ends the process by the signal that it was sent, which a shell shows as the same exit code. `process.exit` waits for
 * threads and for what V8 compiles in the background. Returns where the code is of no signal.
 */
export async function endBySignal(exitCode: number): Promise<void> {
  const signal = signals.get(exitCode);
  if (signal === undefined) return;
  await Promise.race([stdout.flushed(), new Promise((resolve) => setTimeout(resolve, writtenMs))]);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
