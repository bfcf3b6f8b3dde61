/** How long a compiled program takes, beside what its machine could do. */
import type { Peak } from "../peak.ts";
import { sharedPool } from "../threads/index.ts";
import type { ProgramExplanation } from "./program.ts";

/** A program in memory: `UnitRunner`, `ReverseRunner`. */
export interface TimedProgram {
  readonly compileMs: number;
  /** Milliseconds of `windows` windows, `repeats` times over. */
  time(repeats: number, windows: number): number[];
}

export interface ProgramMeasurement {
  /** V8's time for the module; 0 if the process had compiled the same one before. */
  compileMs: number;
  /** One step of all units, the window's beginning and end spread over its steps; the fastest of several, as the peak is. */
  nsPerStep: number;
  /** The same for one unit. */
  nsPerUnitStep: number;
  /** Of the whole window. */
  gflops: number;
  /** Flops over what as many threads could do at the measured peak. */
  shareOfPeak: number;
  peakGflops: number;
}

/** Each timing lasts at least so long, as far as one call can. */
const leastMs = 2;
const repeats = 25;
/** Worker threads start in about 100 ms. */
const startMs = 2000;

/** Runs the program's window from where its last call left it. */
export function measureProgram(
  runner: TimedProgram,
  explanation: ProgramExplanation,
  peak: Peak,
): ProgramMeasurement {
  const { length, units, windowAllUnits } = explanation;
  const threads = threadsInUse(explanation);
  const [first] = runner.time(1, 1);
  const windows = Math.max(1, Math.min(explanation.windows, Math.ceil(leastMs / Math.max(first!, 0.001))));
  const windowMs = Math.min(...runner.time(repeats, windows)) / windows;
  const nsPerStep = (1e6 * windowMs) / Math.max(1, length);
  const gflops = windowAllUnits.flops / windowMs / 1e6;
  const peakGflops = peak.gflops * threads;
  return {
    compileMs: runner.compileMs,
    nsPerStep,
    nsPerUnitStep: nsPerStep / units,
    gflops,
    shareOfPeak: gflops / peakGflops,
    peakGflops,
  };
}

/** Threads that have work and run, once they have had time to start. */
function threadsInUse({ threads, tiles }: ProgramExplanation): number {
  if (threads === 1) return 1;
  return Math.min(threads, tiles, sharedPool().awaitReady(startMs));
}
