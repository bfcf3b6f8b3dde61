/** `resume`: continues a run from its last valid checkpoint, to the bits of a run that was never stopped. */
import { random } from "../array/index.ts";
import { OptionError, ResumeError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type RunIdentity,
  isOtherRun,
  isOtherVersion,
  readCheckpoint,
  requireSameRun,
  requireSameSeed,
  requireSameTheta,
  runDifferences,
} from "./checkpoint.ts";
import type { Experiment, Setup } from "./experiment.ts";
import { configSteps, originOf, otherFile, withFileOf } from "./origin.ts";
import { forgetMeasurements } from "./measurements.ts";
import { recipeOf } from "./recipe.ts";
import { type LoopOptions, type TrainResult, runLoop } from "./runLoop.ts";
import { setUp } from "./setUp.ts";
import { type RunManifest, type RunStore, StoreError } from "./store.ts";
import { requireCheckpointEvery, requireUntil } from "./train.ts";
import { methodOf } from "./trainState.ts";
import { type TrainState, initTraining } from "./trainSteps.ts";

export interface ResumeOptions extends LoopOptions {
  /** If given, must parse to the config of the run. Default: the config of the run. */
  config?: unknown;
  /** Outer steps of the whole run; may be more than before. Default: as before. */
  steps?: number | undefined;
  /**
   * Goes on although config, recipe (estimator, optimizer, problem) or origin (engine, rounding, file) are not those of
   * the run: with other bits, and a "warning" event that names what changed. Default false.
   */
  isForced?: boolean | undefined;
}

/**
 * Continues the run in `store` from its last valid checkpoint. A damaged one is reported by a "warning" event and
 * the one before is used. `ResumeError` if there is none, if the run is of another experiment, or if something else
 * would compute it now (see `isForced`); `StoreError` while another process writes the run.
 *
 * A run that has all its steps is evaluated again, also by a file that has changed since, which a "warning" event says;
 * with more `steps` it goes on.
 *
 * @example
 * await resume(experiment, folderStore("runs/mine"), { steps: 400 });
 */
export async function resume<Config>(
  experiment: Experiment<Config>,
  store: RunStore,
  options: ResumeOptions = {},
): Promise<TrainResult> {
  requireKnownOptions("resume", options, [
    "config",
    "steps",
    "isForced",
    "signal",
    "onEvent",
    "checkpointEvery",
    "createStepper",
    "until",
    "origin",
  ]);
  requireCheckpointEvery("resume", options.checkpointEvery);
  requireUntil("resume", options.until);
  const found = await store.readManifest();
  if (found === undefined) {
    throw new ResumeError("resume", `there is no run in ${store.name}. Start one with train (unspool run).`);
  }
  const warn = (message: string) => options.onEvent?.({ type: "warning", message });
  await store.hold(warn);
  try {
    return await goOn(experiment, store, found, options, warn);
  } finally {
    await store.release();
  }
}

async function goOn<Config>(
  experiment: Experiment<Config>,
  store: RunStore,
  found: RunManifest,
  options: ResumeOptions,
  warn: (message: string) => void,
): Promise<TrainResult> {
  const config = parseConfig(experiment, found, options.config, store.name);
  const steps = options.steps ?? found.steps;
  requireInteger("resume", "steps", steps, 0);
  const known: RunIdentity = { experiment: experiment.name, config, seed: found.seed };
  requireSameSeed(store.name, known, found);
  if (options.isForced !== true) requireSameRun(store.name, known, found);

  const key = random.key(found.seed);
  const setup = await setUp(experiment, config, random.foldIn(key, "setup"));
  const first = initTraining(setup, key);
  const initialTheta = first.theta;
  const identity = { ...known, recipe: recipeOf(setup, first), origin: originOf(options.origin) };
  // The steps that are done were computed by the file of then, and their evaluation may be by another.
  const isDone = (step: number): boolean => step >= steps && options.isForced !== true;
  let changedFile: string | undefined;
  const judge = (where: string, run: RunIdentity, step: number) => {
    const wanted = isDone(step) ? { ...identity, origin: withFileOf(run.origin, identity.origin) } : identity;
    requireResumable(where, wanted, run, options, warn);
    if (wanted !== identity) changedFile = otherFile(run.origin, identity.origin);
  };
  // Not `found`: a config.json can be edited, and a checkpoint says so.
  const kept = await lastValid(store, judge, initialTheta, warn);
  if (kept === undefined) judge(store.name, found, 0);
  const state = kept ?? (await fromTheStart(store, first));
  requireStateOfMethod(store.name, setup, state);
  if (steps < state.step) {
    throw new OptionError("resume", "steps", steps, `at least ${state.step}, the steps already done`);
  }
  tellVersions(store, found, warn);
  if (changedFile !== undefined) {
    warn(
      `${store.name}: the file has changed since the steps were done (${changedFile}). They are kept, and evaluated by the file as it is now.`,
    );
  }
  tellSchedule(config, steps, found.steps, warn);
  await store.rewind(state.step);
  // What was measured on the way to an end is gone on with. An end is made again, from its beginning.
  const isGoingOn = found.status === "interrupted" || found.status === "running";
  if (!isGoingOn || options.isForced === true || changedFile !== undefined) await forgetMeasurements(store);
  const [checkpointed] = await store.listCheckpoints();
  const metrics = await store.readMetrics();
  if (metrics.length !== state.step) {
    warn(`${store.name} has metrics of ${metrics.length} outer steps, expected ${state.step}.`);
  }
  const { recipe } = identity;
  const origin = isDone(state.step) ? withFileOf(found.origin, identity.origin) : identity.origin;
  const environment = store.environment?.();
  const changes = {
    steps,
    status: "running",
    updatedAt: new Date().toISOString(),
    error: undefined,
    // In a run that was never stopped there is no such entry.
    ...(found.until !== undefined && { until: undefined }),
    recipe,
    origin,
    ...(environment !== undefined && { environment }),
  } as const;
  await store.updateManifest(changes);
  const manifest: RunManifest = { ...found, config, ...changes };
  return runLoop({ manifest, setup, initialTheta, state, metrics, store, checkpointed }, options);
}

function requireResumable(
  where: string,
  wanted: RunIdentity,
  found: RunIdentity,
  { isForced }: ResumeOptions,
  warn: (message: string) => void,
): void {
  requireSameSeed(where, wanted, found);
  const differences = runDifferences(wanted, found);
  if (isForced !== true) requireSameRun(where, wanted, found);
  else if (differences.length > 0) {
    warn(
      `${where}: going on by force, with other bits than the run would have had: ${differences.join("; ")}.`,
    );
  }
}

/** Nothing can force a state into a method that has another one. */
function requireStateOfMethod(where: string, setup: Setup, { theta, methodState }: TrainState): void {
  try {
    methodOf(setup).requireState?.(theta, methodState);
  } catch (error) {
    if (!(error instanceof ResumeError)) throw error;
    throw new ResumeError(where, error.message.replace(/^[^:]*: /, ""), error.details);
  }
}

/** Versions of what computes. A newer one usually gives the same bits; that it may not is said. */
const versions = ["unspool", "jax-js", "node", "v8"] as const;

function tellVersions(
  store: RunStore,
  { environment: then }: RunManifest,
  warn: (message: string) => void,
): void {
  const now = store.environment?.();
  if (now === undefined || then === undefined) return;
  const changed = versions.filter((name) => then[name] !== undefined && then[name] !== now[name]);
  if (changed.length === 0) return;
  const told = changed.map((name) => `${name} ${then[name]} then, ${now[name]} now`);
  warn(
    `${store.name}: the versions are others (${told.join("; ")}): bits may differ from those of a run without a stop.`,
  );
}

/** A schedule that was made from the config ends where the config says, not where a longer run ends. */
function tellSchedule(config: unknown, steps: number, before: number, warn: (message: string) => void): void {
  const scheduled = configSteps(config);
  if (scheduled === undefined || steps === before || steps === scheduled) return;
  warn(
    `The config says steps: ${scheduled}. Schedules made from it keep their length in this run of ${steps} steps.`,
  );
}

/** The config of a run, as its experiment reads it. */
export function parseConfig<Config>(
  experiment: Experiment<Config>,
  found: RunManifest,
  given: unknown,
  where: string,
): Config {
  if (given !== undefined) return experiment.config.parse(given);
  try {
    return experiment.config.parse(found.config);
  } catch (error) {
    // Another experiment's config need not parse; which experiment it is matters more.
    requireSameSeed(where, { ...found, experiment: experiment.name }, found);
    const problem = `its config is not one of "${experiment.name}": ${(error as Error).message}`;
    throw new ResumeError(where, problem, { config: found.config }, { cause: error });
  }
}

/**
 * The state in the newest checkpoint that is not damaged; undefined if there is no checkpoint at all. `judge` throws
 * where a checkpoint, of the state after `step`, belongs to something else than what is to go on.
 */
export async function lastValid(
  store: RunStore,
  judge: (where: string, run: RunIdentity, step: number) => void,
  initialTheta: unknown,
  warn: (message: string) => void,
): Promise<TrainState | undefined> {
  const problems: string[] = [];
  for (const step of await store.listCheckpoints()) {
    const name = store.checkpointName(step);
    try {
      const { state, run } = await readCheckpoint(await store.readCheckpoint(step), name);
      judge(name, run, state.step);
      requireSameTheta(name, initialTheta, state.theta);
      if (state.step !== step) throw new ResumeError(name, `it holds the state after step ${state.step}.`);
      if (problems.length > 0) {
        warn(`${problems.join(" ")} Resuming from the checkpoint before it, of step ${step}.`);
      }
      return state;
    } catch (error) {
      const isDamage = error instanceof ResumeError || error instanceof StoreError;
      if (!isDamage || isOtherRun(error) || isOtherVersion(error)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length === 0) return undefined;
  throw new ResumeError(
    store.name,
    `no checkpoint is valid. ${problems.join(" ")} Start the run again in another folder.`,
    { problems },
  );
}

/** The first state, for a run that was killed before its first checkpoint, and so before its first step. */
async function fromTheStart(store: RunStore, first: TrainState): Promise<TrainState> {
  if ((await store.readMetrics()).length === 0) return first;
  throw new ResumeError(store.name, "its checkpoints are gone. Start the run again in another folder.");
}
