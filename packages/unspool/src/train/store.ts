/**
 * Where a run is kept. The training loop knows only this interface; `folderStore` (Node) keeps a run as a folder,
 * `memoryStore` in memory. A store holds one run.
 */
import { type ErrorDetails, UnspoolError } from "../errors.ts";
import type { StepRecord } from "./experiment.ts";
import type { Recipe } from "../methods/index.ts";
import type { Origin } from "./recipe.ts";

export type RunStatus = "running" | "done" | "interrupted" | "failed";

/** What a run is: enough to start it again, and to know what made it. */
export interface RunManifest {
  experiment: string;
  /** What the experiment says of itself, so that a report needs none of its code. Runs of older versions lack it. */
  about?: { summary?: string; paper?: string; lossNote?: string };
  /** As parsed; `experiment.config.parse` must accept its own result. */
  config: unknown;
  seed: number;
  /** Outer steps of the whole run. */
  steps: number;
  status: RunStatus;
  /** ISO 8601. */
  startedAt: string;
  /** Of an interrupted run: the outer steps after which it was stopped on purpose, and evaluated. */
  until?: number | undefined;
  /** When the status last changed, ISO 8601. */
  updatedAt: string;
  /** Why a run failed. */
  error?: { code: string; message: string } | undefined;
  /** Versions and hardware, as the store that knows its host told them. */
  environment?: Record<string, string>;
  /** What computes the run, part by part: compared at resume. */
  recipe?: Recipe;
  /** What the bits depend on besides that: engine, rounding, the experiment's file. Compared at resume. */
  origin?: Origin;
}

/** Results beside metrics and checkpoints, as JSON. */
export type ArtifactName = "evaluation" | "figures" | "measurements";

export interface RunStore {
  /** How a person would call the place: a folder's path, or "memory". */
  readonly name: string;
  /** What a person types to go on with the run. Default `unspool resume NAME`. */
  resumeLine?(): string;
  /** Versions and hardware of the host, where the store knows it. */
  environment?(): Record<string, string>;
  /** Begins a run and holds it. Throws `StoreError` with `details.reason` "exists" if there is one already. */
  create(manifest: RunManifest): Promise<void>;
  /**
   * Takes the run for this process, until `release`. Throws `StoreError` with `details.reason` "busy" while another
   * one writes it; tells `onTakeover` that a dead one's hold was taken.
   */
  hold(onTakeover: (message: string) => void): Promise<void>;
  /** Ends `create` or `hold`. */
  release(): Promise<void>;
  /** Removes a run that `create` began and that came to nothing. */
  discard(): Promise<void>;
  /** The run that is kept here, or undefined. */
  readManifest(): Promise<RunManifest | undefined>;
  updateManifest(changes: Partial<RunManifest>): Promise<void>;
  /** Adds lines to the metrics, in order. */
  appendMetrics(records: readonly StepRecord[]): Promise<void>;
  /** All complete lines of the metrics. */
  readMetrics(): Promise<StepRecord[]>;
  /** Keeps a checkpoint, all of it or nothing of it, and drops the oldest ones. */
  writeCheckpoint(step: number, bytes: Uint8Array): Promise<void>;
  /** Steps of the checkpoints, newest first. */
  listCheckpoints(): Promise<number[]>;
  readCheckpoint(step: number): Promise<Uint8Array>;
  /** How the checkpoint is called in messages: a file's path. */
  checkpointName(step: number): string;
  /** Forgets what came after `step`: metrics, checkpoints, evaluation and figures. Measurements say what they are of. */
  rewind(step: number): Promise<void>;
  writeArtifact(name: ArtifactName, value: unknown): Promise<void>;
  /** Undefined if it was never written. */
  readArtifact(name: ArtifactName): Promise<unknown>;
}

export const resumeLineOf = (store: RunStore): string =>
  store.resumeLine?.() ?? `unspool resume ${store.name}`;

/** Why a store could not do its work. */
export type StoreFailure = "exists" | "busy" | "read" | "write";

/** A run cannot be kept or read where it was asked to be. `details.reason` is a `StoreFailure`. */
export class StoreError extends UnspoolError {
  constructor(where: string, reason: StoreFailure, problem: string, details: ErrorDetails = {}) {
    super("STORE", `${where}: ${problem}`, { where, reason, ...details });
  }
}
