/** SIGINT (Ctrl-C) and SIGTERM, heard by a thread that is never busy. */
import { exitCodes } from "./failure.ts";

export interface Interrupt {
  dispose(): void;
}

/** `onFirst` and `onSecond` get the exit code that goes with the signal; each is called once. */
export function listenForInterrupt(
  onFirst: (exitCode: number) => void,
  onSecond: (exitCode: number) => void,
): Interrupt {
  let count = 0;
  const hear = (code: number): void => {
    count++;
    if (count === 1) onFirst(code);
    if (count === 2) onSecond(code);
  };
  const handlers = {
    SIGINT: () => hear(exitCodes.interrupted),
    SIGTERM: () => hear(exitCodes.terminated),
  };
  process.on("SIGINT", handlers.SIGINT);
  process.on("SIGTERM", handlers.SIGTERM);
  return {
    dispose() {
      process.off("SIGINT", handlers.SIGINT);
      process.off("SIGTERM", handlers.SIGTERM);
    },
  };
}
