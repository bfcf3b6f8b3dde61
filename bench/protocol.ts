/** What the harness and its contestants say to each other: JSON lines. */

/** The first line of a contestant. */
export type Ready =
  | {
      ready: true;
      /** Ways of writing the workload, each measured by itself; [""] if there is one only. */
      forms: readonly string[];
      /** From the start of tracing to the first result, after imports. */
      firstCallMs: number;
    }
  | { ready: false; reason: string };

/** Work for about that long. */
export interface Request {
  seconds: number;
  form: string;
}

export interface ChunkResult {
  units: number;
  seconds: number;
  /** Of all threads of the process. */
  cpuSeconds: number;
}
