/** Where a study is kept: its cells are run stores inside it. */
import { StoreError, type RunStore } from "../store.ts";
import { memoryStore } from "../memoryStore.ts";
import type { BlockedCell } from "./blockedCells.ts";
import type { StudySummary } from "./study.ts";

/** What a study is: enough to go on with it, and to know what made it. */
export interface StudyManifest {
  /** Of the folder. A later version reads it, or says what to do. */
  format: "unspool-study-1";
  study: string;
  /** What the study says of itself, so that a report needs none of its code. */
  about?: { summary?: string; paper?: string };
  /** As parsed; `study.config.parse` must accept its own result. */
  config: unknown;
  seed: number;
  /** Ids, in order. */
  cells: readonly string[];
  /** ISO 8601. */
  startedAt: string;
  /** Versions and hardware. */
  environment?: Record<string, string>;
}

/** A summary as it is kept, and of how much it is one. */
export interface KeptSummary {
  /** Ids of the cells that had ended. */
  cells: readonly string[];
  /** Cells that can never run; absent where there are none. */
  blocked?: readonly BlockedCell[];
  summary: Omit<StudySummary, "times">;
}

export interface StudyStore {
  /** How a person would call the place: a folder's path, or "memory". */
  readonly name: string;
  /** What a person types to go on with the study. Default `unspool resume NAME`. */
  resumeLine?(): string;
  /** Begins a study. Throws `StoreError` with `details.reason` "exists" if there is one already. */
  create(manifest: StudyManifest): Promise<void>;
  /** The study that is kept here, or undefined. */
  readManifest(): Promise<StudyManifest | undefined>;
  /** Gives the study that is kept here another config, and with it further cells. */
  grow(changes: Pick<StudyManifest, "config" | "cells">): Promise<void>;
  /** The store of a cell, whether it has begun or not. */
  cell(id: string): RunStore;
  /** `times` are kept apart: another run of the same study has others. */
  writeSummary(kept: KeptSummary, times: StudySummary["times"]): Promise<void>;
  /** Undefined if it was never written. */
  readSummary(): Promise<(KeptSummary & { times: StudySummary["times"] }) | undefined>;
}

export const studyResumeLine = (store: StudyStore): string =>
  store.resumeLine?.() ?? `unspool resume ${store.name}`;

/** A study that lives as long as the program. */
export function memoryStudyStore(): StudyStore {
  let manifest: StudyManifest | undefined;
  let kept: (KeptSummary & { times: StudySummary["times"] }) | undefined;
  const cells = new Map<string, RunStore>();
  return {
    name: "memory",
    async create(created) {
      if (manifest !== undefined)
        throw new StoreError("memoryStudyStore", "exists", "it already holds a study. Use another store.");
      manifest = structuredClone(created);
    },
    readManifest: async () => structuredClone(manifest),
    async grow(changes) {
      if (manifest !== undefined) manifest = { ...manifest, ...structuredClone(changes) };
    },
    cell(id) {
      const store = cells.get(id) ?? memoryStore();
      cells.set(id, store);
      return store;
    },
    writeSummary: async (summary, times) => void (kept = structuredClone({ ...summary, times })),
    readSummary: async () => structuredClone(kept),
  };
}
