/** A run kept in memory: for pages, notebooks and tests. */
import { requireKnownOptions } from "../errors.ts";
import type { StepRecord } from "./experiment.ts";
import { type ArtifactName, type RunManifest, type RunStore, StoreError } from "./store.ts";

/**
 * A store that lives as long as the program.
 *
 * @example
 * const store = memoryStore();
 * await train(experiment, { store, steps: 10 });
 * await resume(experiment, store, { steps: 20 });
 */
export function memoryStore(options: { keepCheckpoints?: number } = {}): RunStore {
  requireKnownOptions("memoryStore", options, ["keepCheckpoints"]);
  const { keepCheckpoints = 2 } = options;
  let manifest: RunManifest | undefined;
  let metrics: StepRecord[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const artifacts = new Map<ArtifactName, unknown>();
  let isHeld = false;
  const newestFirst = () => [...checkpoints.keys()].toSorted((a, b) => b - a);

  return {
    name: "memory",
    async create(created) {
      if (manifest !== undefined) {
        throw new StoreError("memoryStore", "exists", "it already holds a run. Use resume or another store.");
      }
      manifest = structuredClone(created);
      isHeld = true;
    },
    async hold() {
      if (isHeld) {
        const problem = "its run is going on. Wait until that has ended, then resume it.";
        throw new StoreError("memoryStore", "busy", problem);
      }
      isHeld = true;
    },
    release: async () => void (isHeld = false),
    async discard() {
      manifest = undefined;
      metrics = [];
      checkpoints.clear();
      artifacts.clear();
      isHeld = false;
    },
    readManifest: async () => structuredClone(manifest),
    async updateManifest(changes) {
      if (manifest !== undefined) manifest = { ...manifest, ...structuredClone(changes) };
    },
    appendMetrics: async (records) => void metrics.push(...structuredClone(records)),
    readMetrics: async () => structuredClone(metrics),
    async writeCheckpoint(step, bytes) {
      checkpoints.set(step, new Uint8Array(bytes));
      for (const old of newestFirst().slice(keepCheckpoints)) checkpoints.delete(old);
    },
    listCheckpoints: async () => newestFirst(),
    async readCheckpoint(step) {
      const bytes = checkpoints.get(step);
      if (bytes === undefined) throw new StoreError("memoryStore", "read", `no checkpoint of step ${step}.`);
      return bytes.slice();
    },
    checkpointName: (step) => `checkpoint ${step} in memory`,
    async rewind(step) {
      metrics = metrics.filter((record) => record.step <= step);
      for (const later of newestFirst()) if (later > step) checkpoints.delete(later);
      for (const name of ["evaluation", "figures"] as const) artifacts.delete(name);
    },
    writeArtifact: async (name, value) => void artifacts.set(name, structuredClone(value)),
    readArtifact: async (name) => structuredClone(artifacts.get(name)),
  };
}
