/** Ctrl-C: the first asks the run to stop after its outer step, the second ends the process at once. */
import { exitCodes } from "./failure.ts";

export interface Interrupt {
  signal: AbortSignal;
  /** The exit code that goes with what was heard; undefined if nothing was. */
  exitCode(): number | undefined;
  dispose(): void;
}

/** Listens for SIGINT and SIGTERM. `onFirst` is called once. */
export function listenForInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let code: number | undefined;
  const hear = (signal: "SIGINT" | "SIGTERM"): void => {
    if (code !== undefined) process.exit(code);
    code = signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
    controller.abort();
    onFirst();
    // From the next turn on, the system's own handling is back: it also ends a process that is busy in a long step.
    setImmediate(dispose);
  };
  const handlers = { SIGINT: () => hear("SIGINT"), SIGTERM: () => hear("SIGTERM") };
  const dispose = (): void => {
    process.off("SIGINT", handlers.SIGINT);
    process.off("SIGTERM", handlers.SIGTERM);
  };
  process.on("SIGINT", handlers.SIGINT);
  process.on("SIGTERM", handlers.SIGTERM);
  return { signal: controller.signal, exitCode: () => code, dispose };
}
