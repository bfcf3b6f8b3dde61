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
