/** SIGINT (Ctrl-C) and SIGTERM, heard by a thread that is never busy. */
import { exitCodes } from "./failure.ts";

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
