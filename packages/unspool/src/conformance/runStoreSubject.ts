/**
 * What the checks of run stores need of one: places that are empty at first, stores of them as several processes would
 * make them, and, where the medium can fail, a hand on every single write that reaches it.
 */
import type { RunStore } from "../train/index.ts";

/**
 * What becomes of one write to the medium (a file that is made, filled, renamed or removed, a command that is sent):
 * it happens; it does not, and the process has died; half of it happens, where the medium writes in parts, and the process
 * has died; or the medium has no room for it. A write that takes no room (a removal) happens at "full" as at "pass".
 */
export type WriteFate = "pass" | "lost" | "torn" | "full";

export interface StorePlace {
  /** A store of this place, as another process makes it. Of a store in memory: always the same one. */
  open(): RunStore;
  /** Ends the place: removes the folder, say. */
  close(): Promise<void>;
  /**
   * Asks `fateOf` before each write of the stores of this place, until it is called again. What is not to happen rejects:
   * "full" with the error that the medium itself has for it. Absent where nothing can come between: in memory.
   */
  intercept?(fateOf: () => WriteFate | Promise<WriteFate>): void;
  /**
   * What the place takes for dead from here on is whoever holds its run: without that one's knowledge, as where its
   * machine sleeps for long. Absent where a holder cannot die alone: in memory.
   */
  buryHolder?(): Promise<void>;
}

export interface RunStoreSubject {
  /** Shown in messages. */
  name: string;
  /** An empty place; called for each case of each check. */
  place(): StorePlace | Promise<StorePlace>;
  /** Checkpoints that its stores keep. Default 2. */
  keepCheckpoints?: number;
  /** Of the writes at which the process dies, or the medium is full, every so many-th is tried. Default 1: all. */
  stride?: number;
}

/** A check of what waits for files or networks. */
export interface AsyncConformanceCheck {
  readonly name: string;
  /** Rejects with an error that says what was violated. */
  run(): Promise<void>;
}
