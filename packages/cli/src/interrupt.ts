/** Ctrl-C: the first asks the run to stop after its outer step, the second ends the process at once. */
import { exitCodes } from "./failure.ts";

export interface Interrupt {
  signal: AbortSignal;
  /** The exit code that goes with what was heard; undefined if nothing was. */
  exitCode(): number | undefined;
  dispose(): void;
}

const graceMs = 200;

/** Listens for SIGINT and SIGTERM. `onFirst` is called once. */
export function listenForInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let code: number | undefined;
  const hear = (signal: "SIGINT" | "SIGTERM"): void => {
    if (code !== undefined) process.exit(code);
    code = signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
    controller.abort();
    onFirst();
    // Then the system's own handling is back, which also ends a process that is busy. Not at once: a signal that has
    // arrived but was not handed on yet would be lost.
    setTimeout(dispose, graceMs).unref();
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
