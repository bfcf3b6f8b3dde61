/**
 * One run as the checks of stores write it: seven outer steps with checkpoints and results, begun, or gone on with as
 * `resume` does, wherever it was left. And what must hold of a place at every moment of it.
 */
import type { ArtifactName, RunManifest, RunStore, StepRecord } from "../train/index.ts";
import { bitsOf } from "./bits.ts";
import { require } from "./check.ts";

export const lastStep = 7;
/** Steps after which there is a checkpoint. */
const checkpointSteps: readonly number[] = [0, 2, 5, 7];
/** Appended together: batches of the metrics. */
const batches: readonly (readonly number[])[] = [[1, 2], [3], [4, 5], [6, 7]];

export const firstManifest: RunManifest = {
  experiment: "conformance",
  config: { rate: 0.1, clip: Infinity, sizes: [3, 4], task: { name: "naïve “text”", isNoisy: false } },
  seed: 4_294_967_295,
  steps: lastStep,
  status: "running",
  startedAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
};
export const endOfRun: Partial<RunManifest> = {
  status: "done",
  updatedAt: "2026-01-01T00:00:07.000Z",
  error: undefined,
};

/** Numbers that a store could round, and a loss that is none. */
export const recordOf = (step: number): StepRecord => ({
  step,
  loss: step === 3 ? (JSON.parse("null") as number) : Math.sqrt(step) / 3,
  innerSteps: step * 100,
  gradientNorm: 1e-300 / step,
  durationMs: 0.25,
  theta: { "layers.0": [step / 7, -step] },
});

/** Every byte that there is, and of another length at each step. */
export function bytesOf(step: number): Uint8Array {
  const bytes = new Uint8Array(5000 + 997 * step);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + step * 17 + (i >> 8)) & 255;
  return bytes;
}

export const artifactOf = (name: ArtifactName): unknown => ({ of: name, metrics: { error: 0.1 + 0.2 }, rows: [[1, "a"], []] }); // prettier-ignore

/**
 * Begins the run, or goes on with it from the newest checkpoint up to `most`, as `resume` does. With `until` it stops after
 * that step, and leaves the run held.
 */
export async function proceed(
  store: RunStore,
  { most = lastStep, until = lastStep }: { most?: number; until?: number } = {},
): Promise<void> {
  let done = 0;
  let hasCheckpoint = false;
  if ((await store.readManifest()) === undefined) await store.create(firstManifest);
  else {
    await store.hold(() => {});
    const newest = (await store.listCheckpoints()).find((step) => step <= most);
    hasCheckpoint = newest !== undefined;
    done = newest ?? 0;
    await store.rewind(done);
    await store.updateManifest({ status: "running" });
  }
  if (!hasCheckpoint) await store.writeCheckpoint(0, bytesOf(0));
  for (const batch of batches) {
    const steps = batch.filter((step) => step > done && step <= until);
    if (steps.length === 0) continue;
    await store.appendMetrics(steps.map(recordOf));
    const step = steps.at(-1)!;
    if (checkpointSteps.includes(step)) await store.writeCheckpoint(step, bytesOf(step));
  }
  if (until < lastStep) return;
  for (const name of ["measurements", "evaluation", "figures"] as const)
    await store.writeArtifact(name, artifactOf(name));
  await store.updateManifest(endOfRun);
  await store.release();
}

/** All that a store tells of its run. */
export interface Observed {
  manifest: RunManifest | undefined;
  metrics: StepRecord[];
  /** Newest first. */
  checkpoints: { step: number; bytes: Uint8Array }[];
  artifacts: Record<ArtifactName, unknown>;
}

export async function observe(store: RunStore): Promise<Observed> {
  const manifest = await store.readManifest();
  const metrics = await store.readMetrics();
  const checkpoints: Observed["checkpoints"] = [];
  for (const step of await store.listCheckpoints())
    checkpoints.push({ step, bytes: await store.readCheckpoint(step) });
  const artifacts = {
    evaluation: await store.readArtifact("evaluation"),
    figures: await store.readArtifact("figures"),
    measurements: await store.readArtifact("measurements"),
  };
  return { manifest, metrics, checkpoints, artifacts };
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Throws unless what was seen is what some moment of the run can leave: nothing half, nothing out of order. */
export function requireMoment(where: string, when: string, seen: Observed): void {
  const { manifest, metrics, checkpoints, artifacts } = seen;
  const say = (what: string) => () => `${when}, ${what}`;
  if (manifest !== undefined) requireManifest(where, when, manifest);
  metrics.forEach((record, i) => {
    require(bitsOf(record) === bitsOf(recordOf(i + 1)), where, say(
      `line ${i + 1} of the metrics is ${JSON.stringify(record)}, not the record of step ${i + 1}.`,
    ));
  });
  const steps = checkpoints.map(({ step }) => step);
  require(steps.every((step, i) => i === 0 || step < steps[i - 1]!), where, say(
    `the checkpoints are of the steps ${steps.join(", ")}: the newest comes first.`,
  ));
  for (const { step, bytes } of checkpoints) {
    require(sameBytes(bytes, bytesOf(step)), where, say(
      `the checkpoint of step ${step} is not what was written, all of it: ${bytes.length} bytes of ${bytesOf(step).length}.`,
    ));
  }
  require(metrics.length >= (steps[0] ?? 0), where, say(
    `there is a checkpoint of step ${steps[0]}, and metrics up to step ${metrics.length} only.`,
  ));
  for (const [name, value] of Object.entries(artifacts)) {
    require(value === undefined || bitsOf(value) === bitsOf(artifactOf(name as ArtifactName)), where, say(
      `${name} is ${JSON.stringify(value)}, which nobody has written.`,
    ));
  }
}

function requireManifest(where: string, when: string, manifest: RunManifest): void {
  const { experiment, config, seed, steps, startedAt, status, updatedAt } = manifest;
  const told = bitsOf({ experiment, config, seed, steps, startedAt });
  const first = firstManifest;
  const wanted = bitsOf({ experiment: first.experiment, config: first.config, seed: first.seed, steps: first.steps, startedAt: first.startedAt }); // prettier-ignore
  const isKnown =
    ["running", "done"].includes(status) && [first.updatedAt, endOfRun.updatedAt].includes(updatedAt);
  require(told === wanted && isKnown, where, () =>
    `${when}, the manifest is ${JSON.stringify(manifest)}, which nobody has written.`);
}

/** Throws unless the run is there from its first step to its end, as undisturbed. */
export function requireWhole(where: string, when: string, seen: Observed, keep: number): void {
  requireMoment(where, when, seen);
  const { manifest, metrics, checkpoints, artifacts } = seen;
  const steps = checkpoints.map(({ step }) => step).join(", ");
  const wanted = checkpointSteps.toReversed().slice(0, keep).join(", ");
  const lacking = Object.entries(artifacts).flatMap(([name, value]) => (value === undefined ? [name] : []));
  const problem =
    manifest?.status !== endOfRun.status
      ? `the status is ${manifest?.status}, not ${endOfRun.status}`
      : metrics.length !== lastStep
        ? `there are ${metrics.length} lines of metrics, not ${lastStep}`
        : lacking.length > 0
          ? `there is no ${lacking.join(", ")}`
          : steps !== wanted
            ? `the checkpoints are of the steps ${steps}, not ${wanted}`
            : undefined;
  require(problem === undefined, where, () => `${when}, ${problem}.`);
}
