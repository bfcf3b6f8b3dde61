/** One cell of a study in this process: begun, gone on with, or left to the process that has it. */
import { NonFiniteError } from "../../errors.ts";
import type { TrainEvent } from "../events.ts";
import type { Experiment } from "../experiment.ts";
import { readRun } from "../readRun.ts";
import { resume } from "../resume.ts";
import type { LoopOptions } from "../runLoop.ts";
import { type RunManifest, type RunStore, StoreError } from "../store.ts";
import { scheduledConfig, train } from "../train.ts";
import { isInstance } from "../userCode.ts";
import type { Evaluation } from "../experiment.ts";
import type { Cell, CellResult, CellResults } from "./study.ts";
import type { CellEndEvent } from "./studyEvents.ts";

export type CellEnd = Omit<CellEndEvent, "type" | "id">;

export interface CellHooks extends Omit<LoopOptions, "onEvent" | "until"> {
  /** As in `resume`, for a cell that has begun. */
  isForced?: boolean | undefined;
  onEvent(event: TrainEvent): void;
}

/** Whether a cell needs no more computing: it has all its steps, or those until it stops, or ended where its numbers did. */
export function hasEnded(manifest: RunManifest | undefined, until: number = Infinity): boolean {
  if (manifest?.status === "done") return true;
  if (manifest?.status === "interrupted" && (manifest.until ?? 0) >= until) return true;
  return manifest?.status === "failed" && manifest.error?.code === "NON_FINITE";
}

/** The experiment of a cell, whose `after` are among the results. */
export async function experimentOf({ experiment }: Cell, results: CellResults): Promise<Experiment> {
  return typeof experiment === "function" ? await experiment(results) : experiment;
}

/** Takes the cell to its end or to the signal. Throws what is no result: errors in the experiment's code, say. */
export async function runCell(
  cell: Cell,
  results: CellResults,
  store: RunStore,
  { isForced, ...hooks }: CellHooks,
): Promise<CellEnd> {
  const { config, seed, steps, until } = cell;
  try {
    const experiment = await experimentOf(cell, results);
    const isBegun = (await store.readManifest()) !== undefined;
    const { interrupted } = isBegun
      ? await resume(experiment, store, {
          // As `train` had it: with the steps of the cell where it has an entry for them.
          ...(config !== undefined && { config: scheduledConfig(experiment, { config, steps }) }),
          ...{ steps, until, isForced },
          ...hooks,
        })
      : await train(experiment, { config, seed, steps, until, store, ...hooks });
    return { status: interrupted ? "interrupted" : "done" };
  } catch (error) {
    if (isInstance(error, StoreError) && isTaken(error)) return { status: "elsewhere" };
    if (!isInstance(error, NonFiniteError)) throw error;
    return { status: "failed", error: { code: error.code, message: error.message } };
  }
}

/** Another process has the run, or has begun it in this very moment. */
const isTaken = ({ details }: StoreError): boolean =>
  details["reason"] === "busy" || details["reason"] === "exists";

/** What a cell that has ended has come to. */
export async function resultOf(
  cell: Cell,
  store: RunStore,
  manifest: RunManifest,
  results: CellResults,
): Promise<CellResult> {
  let theta: Promise<unknown> | undefined;
  const read = async (): Promise<unknown> => {
    const found = await readRun(await experimentOf(cell, results), store);
    return found.theta;
  };
  return {
    id: cell.id,
    config: manifest.config,
    seed: manifest.seed,
    metrics: await store.readMetrics(),
    evaluation: (await store.readArtifact("evaluation")) as Evaluation | undefined,
    ...(manifest.error !== undefined && { failure: manifest.error }),
    theta: () => (theta ??= read()),
  };
}
