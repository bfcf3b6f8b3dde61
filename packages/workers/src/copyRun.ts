/** A run from one store to another: as it is now, and again and again while it goes on. */
import { type RunStore, StoreError } from "unspool/train";

/**
 * Adds to `to`, which is held from here on, what `from` has and it has not: lines, checkpoints in order, and with `isWhole`
 * results and status. Undefined `from` is nothing to copy. Whoever dies in the middle leaves a run that goes on.
 */
export async function copyRun(from: RunStore, to: RunStore, isWhole: boolean): Promise<void> {
  const manifest = await from.readManifest();
  if (manifest === undefined) return;
  const steps = (await from.listCheckpoints()).toReversed();
  // After the list: a checkpoint comes after its lines.
  const metrics = await from.readMetrics();
  const isThere = (await to.readManifest()) !== undefined;
  if (!isThere) await to.create({ ...manifest, status: "running" });
  const last = metrics.at(-1)?.step ?? 0;
  if (((await to.readMetrics()).at(-1)?.step ?? 0) > last) await to.rewind(last);
  const known = (await to.readMetrics()).at(-1)?.step ?? 0;
  const more = metrics.filter(({ step }) => step > known);
  if (more.length > 0) await to.appendMetrics(more);
  const kept = new Set(await to.listCheckpoints());
  const newest = Math.max(-1, ...kept);
  for (const step of steps) {
    if (step <= newest || step > last) continue;
    const bytes = await from.readCheckpoint(step).catch((error: unknown) => {
      // It was dropped meanwhile: there is a newer one.
      if (error instanceof StoreError && error.details["reason"] === "read") return undefined;
      throw error;
    });
    if (bytes !== undefined) await to.writeCheckpoint(step, bytes);
  }
  if (!isWhole) return;
  for (const name of ["measurements", "evaluation", "figures"] as const) {
    const value = await from.readArtifact(name);
    if (value !== undefined) await to.writeArtifact(name, value);
  }
  const { status, updatedAt, error, until } = manifest;
  const { recipe, origin, environment, about, steps: all } = manifest;
  await to.updateManifest({
    ...(recipe !== undefined && { recipe }),
    ...(origin !== undefined && { origin }),
    ...(environment !== undefined && { environment }),
    ...(about !== undefined && { about }),
    ...{ steps: all, status, updatedAt, error, until },
  });
}

/** The same for a run that nobody else writes into `to`: holds it, brings both to one step, copies, and lets it go. */
export async function copyWhole(
  from: RunStore,
  to: RunStore,
  onTakeover: (message: string) => void,
): Promise<void> {
  if ((await from.readManifest()) === undefined) return;
  if ((await to.readManifest()) !== undefined) {
    await to.hold(onTakeover);
    // Lines after the last checkpoint may be of another attempt.
    const [newest = 0] = await to.listCheckpoints();
    await to.rewind(newest);
  }
  try {
    await copyRun(from, to, true);
  } finally {
    await to.release();
  }
}
