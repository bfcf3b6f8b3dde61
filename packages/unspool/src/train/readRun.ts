/** What a run has come to: its setup, and the theta to keep from its last valid checkpoint. Nothing is changed. */
import { random, tree } from "../array/index.ts";
import { ResumeError } from "../errors.ts";
import { type RunIdentity, requireSameRun } from "./checkpoint.ts";
import type { Experiment, Setup } from "./experiment.ts";
import { lastValid, parseConfig } from "./resume.ts";
import { setUp } from "./setUp.ts";
import type { RunManifest, RunStore } from "./store.ts";
import { evaluatedTheta } from "./trainSteps.ts";

export interface ReadRun<Theta = unknown> {
  manifest: RunManifest;
  setup: Setup<Theta>;
  theta: Theta;
  /** Outer steps behind theta. */
  step: number;
}

/** Throws `ResumeError` where there is no run, no checkpoint, or one of another experiment. */
export async function readRun<Config>(experiment: Experiment<Config>, store: RunStore): Promise<ReadRun> {
  const manifest = await store.readManifest();
  if (manifest === undefined) throw new ResumeError("readRun", `there is no run in ${store.name}.`);
  const config = parseConfig(experiment, manifest, undefined, store.name);
  const identity = { experiment: experiment.name, config, seed: manifest.seed };
  const judge = (where: string, run: RunIdentity) => requireSameRun(where, identity, run);
  const setup = await setUp(experiment, config, random.foldIn(random.key(manifest.seed), "setup"));
  const state = await lastValid(store, judge, tree.tensors(setup.theta), () => {});
  if (state === undefined) {
    throw new ResumeError(store.name, "it has no checkpoint yet, and so no theta.");
  }
  return { manifest, setup, theta: evaluatedTheta(setup, state), step: state.step };
}
