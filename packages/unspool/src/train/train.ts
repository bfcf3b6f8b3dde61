/** `train`: runs an experiment from its first outer step. */
import { random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import type { Experiment } from "./experiment.ts";
import { configSteps, originOf } from "./origin.ts";
import { recipeOf } from "./recipe.ts";
import { type CheckpointEvery, type LoopOptions, type TrainResult, runLoop } from "./runLoop.ts";
import { requireOwnConfig, requireParsed } from "./ownConfig.ts";
import { setUp } from "./setUp.ts";
import type { RunManifest, RunStore } from "./store.ts";
import { initTraining } from "./trainSteps.ts";
import { aboutExperiment } from "./userCode.ts";

export interface TrainOptions extends LoopOptions {
  /** Not parsed yet: `experiment.config` does that. Default `{}`. */
  config?: unknown;
  /** An integer from 0 to 2^32 - 1. Default 0. The same seed gives the same bits. */
  seed?: number | undefined;
  /** Outer steps; default those of the experiment. A config with a number `steps` gets it too. */
  steps?: number | undefined;
  /** Where the run is kept. Default: nowhere but in the result. */
  store?: RunStore | undefined;
}

/**
 * Runs an experiment: for each outer step, estimate a gradient, update theta, log, now and then checkpoint.
 *
 * Random keys come from `random.key(seed)` by name: "setup", "estimator", and "step" with the index of the step.
 *
 * @example
 * const result = await train(experiment, { seed: 1, steps: 200, onEvent: (event) => console.log(event.type) });
 * console.log(result.evaluation?.metrics);
 */
export async function train<Config>(
  experiment: Experiment<Config>,
  options: TrainOptions = {},
): Promise<TrainResult> {
  requireKnownOptions("train", options, [
    "config",
    "seed",
    "steps",
    "store",
    "signal",
    "onEvent",
    "checkpointEvery",
    "createStepper",
    "until",
    "origin",
  ]);
  const { store, seed = 0 } = options;
  requireCheckpointEvery("train", options.checkpointEvery);
  requireUntil("train", options.until);
  const config = scheduledConfig(experiment, options);
  requireParsed(experiment.name, config);
  const key = random.key(seed);
  const setup = await setUp(experiment, config, random.foldIn(key, "setup"));
  const steps = options.steps ?? setup.steps;
  requireInteger("train", "steps", steps, 0);
  const state = initTraining(setup, key);
  const startedAt = new Date().toISOString();
  const manifest: RunManifest = {
    experiment: experiment.name,
    about: aboutExperiment({
      summary: experiment.summary,
      paper: experiment.paper,
      lossNote: setup.method?.lossNote,
    }),
    config,
    seed,
    steps,
    status: "running",
    startedAt,
    updatedAt: startedAt,
  };
  const start = { setup, initialTheta: state.theta, state, metrics: [], store, checkpointed: undefined };
  if (store === undefined) return runLoop({ ...start, manifest }, options);
  requireOwnConfig(experiment, config);
  const environment = store.environment?.();
  const kept: RunManifest = {
    ...manifest,
    ...(environment !== undefined && { environment }),
    recipe: recipeOf(setup, state),
    origin: originOf(options.origin),
  };
  await store.create(kept);
  try {
    return await runLoop({ ...start, manifest: kept, isNew: true }, options);
  } finally {
    await store.release();
  }
}

/** @internal The config, with `steps` in its place where it has one: schedules are made from that. */
export function scheduledConfig<Config>(
  experiment: Experiment<Config>,
  { config: given = {}, steps }: Pick<TrainOptions, "config" | "steps">,
): Config {
  const config = experiment.config.parse(given);
  requireParsed(experiment.name, config);
  const isGiven = steps !== undefined && steps > 0 && Number.isSafeInteger(steps);
  if (!isGiven || configSteps(config) === undefined || configSteps(config) === steps) return config;
  return experiment.config.parse({ ...(given as object), steps });
}

/** @internal Throws `OptionError` for what is no count of outer steps to stop at. */
export function requireUntil(where: string, until: number | undefined): void {
  if (until !== undefined) requireInteger(where, "until", until, 1);
}

/** @internal Throws `OptionError` for an interval that is not one. */
export function requireCheckpointEvery(where: string, every: CheckpointEvery | undefined): void {
  if (every === undefined) return;
  if ("steps" in every) requireInteger(where, "checkpointEvery.steps", every.steps, 1);
  else if ("seconds" in every) requirePositive(where, "checkpointEvery.seconds", every.seconds);
  else throw new OptionError(where, "checkpointEvery", every, "{ seconds } or { steps }");
}
