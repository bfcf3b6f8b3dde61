/** `resume`: continues a run from its last valid checkpoint, to the bits of a run that was never stopped. */
import { type Key, random, tree } from "../array/index.ts";
import { OptionError, ResumeError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type RunIdentity,
  decodeCheckpoint,
  isOtherRun,
  requireSameRun,
  requireSameTheta,
} from "./checkpoint.ts";
import type { Experiment, Setup } from "./experiment.ts";
import { type LoopOptions, type TrainResult, runLoop } from "./runLoop.ts";
import { setUp } from "./setUp.ts";
import { type RunManifest, type RunStore, StoreError } from "./store.ts";
import { requireCheckpointEvery } from "./train.ts";
import { type TrainState, initTraining } from "./trainStep.ts";

export interface ResumeOptions extends LoopOptions {
  /** If given, must parse to the config of the run. Default: the config of the run. */
  config?: unknown;
  /** Outer steps of the whole run; may be more than before. Default: as before. */
  steps?: number | undefined;
}

/**
 * Continues the run in `store` from its last valid checkpoint. A damaged one is reported by a "warning" event and
 * the one before is used. `ResumeError` if there is none, or if the run is of another experiment or config.
 *
 * A run that has all its steps is evaluated again; with more `steps` it goes on.
 *
 * @example
 * await resume(experiment, folderStore("runs/mine"), { steps: 400 });
 */
export async function resume<Config>(
  experiment: Experiment<Config>,
  store: RunStore,
  options: ResumeOptions = {},
): Promise<TrainResult> {
  requireKnownOptions("resume", options, ["config", "steps", "signal", "onEvent", "checkpointEvery"]);
  requireCheckpointEvery("resume", options.checkpointEvery);
  const found = await store.readManifest();
  if (found === undefined) {
    throw new ResumeError("resume", `there is no run in ${store.name}. Start one with train (unspool run).`);
  }
  const config = parseConfig(experiment, found, options.config, store.name);
  const identity: RunIdentity = { experiment: experiment.name, config, seed: found.seed };
  requireSameRun(store.name, identity, found);
  const steps = options.steps ?? found.steps;
  requireInteger("resume", "steps", steps, 0);

  const key = random.key(found.seed);
  const setup = await setUp(experiment, config, random.foldIn(key, "setup"));
  const initialTheta: unknown = tree.tensors(setup.theta);
  const state =
    (await lastValid(store, identity, initialTheta, options)) ?? (await fromTheStart(store, setup, key));
  if (steps < state.step) {
    throw new OptionError("resume", "steps", steps, `at least ${state.step}, the steps already done`);
  }
  await store.rewind(state.step);
  const [checkpointed] = await store.listCheckpoints();
  const metrics = await store.readMetrics();
  if (metrics.length !== state.step) {
    const message = `${store.name} has metrics of ${metrics.length} outer steps, expected ${state.step}.`;
    options.onEvent?.({ type: "warning", message });
  }
  const changes = {
    steps,
    status: "running",
    updatedAt: new Date().toISOString(),
    error: undefined,
  } as const;
  await store.updateManifest(changes);
  const manifest: RunManifest = { ...found, config, ...changes };
  return runLoop({ manifest, setup, initialTheta, state, metrics, store, checkpointed }, options);
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
    requireSameRun(where, { ...found, experiment: experiment.name }, found);
    const problem = `its config is not one of "${experiment.name}": ${(error as Error).message}`;
    throw new ResumeError(where, problem, { config: found.config });
  }
}

/** The state in the newest checkpoint that is not damaged; undefined if there is no checkpoint at all. */
export async function lastValid(
  store: RunStore,
  identity: RunIdentity,
  initialTheta: unknown,
  options: LoopOptions,
): Promise<TrainState | undefined> {
  const problems: string[] = [];
  for (const step of await store.listCheckpoints()) {
    const name = store.checkpointName(step);
    try {
      const state = await decodeCheckpoint(await store.readCheckpoint(step), name, identity);
      requireSameTheta(name, initialTheta, state.theta);
      if (problems.length > 0) {
        const message = `${problems.join(" ")} Resuming from the checkpoint before it, of step ${step}.`;
        options.onEvent?.({ type: "warning", message });
      }
      return state;
    } catch (error) {
      const isDamage = error instanceof ResumeError || error instanceof StoreError;
      if (!isDamage || isOtherRun(error)) throw error;
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
async function fromTheStart(store: RunStore, setup: Setup, key: Key): Promise<TrainState> {
  if ((await store.readMetrics()).length === 0) return initTraining(setup, key);
  throw new ResumeError(store.name, "its checkpoints are gone. Start the run again in another folder.");
}
