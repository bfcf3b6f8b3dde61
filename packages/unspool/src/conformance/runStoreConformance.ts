/**
 * What the training loop relies on in every store of runs, as checks for any test runner: what was written is read
 * again, also by another process; one process at a time writes; metrics keep their order; a checkpoint is there whole
 * or not at all; a run that dies at any write, or whose medium is full or slow, goes on to the same end.
 */
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type RunStore, StoreError, type StoreFailure } from "../train/index.ts";
import { bitsOf } from "./bits.ts";
import { ConformanceError, require } from "./check.ts";
import { failureChecks } from "./runStoreFailures.ts";
import {
  artifactOf,
  bytesOf,
  endOfRun,
  firstManifest,
  lastStep,
  observe,
  proceed,
  recordOf,
  requireWhole,
  sameBytes,
} from "./runStoreScript.ts";
import type { AsyncConformanceCheck, RunStoreSubject, StorePlace } from "./runStoreSubject.ts";

/**
 * The checks of one kind of store. Those of dying processes and failing media are among them where the subject's places
 * have `intercept` and `buryHolder`.
 *
 * @example
 * const checks = await runStoreConformance({
 *   name: "memoryStore",
 *   place: () => {
 *     const store = memoryStore();
 *     return { open: () => store, close: async () => {} };
 *   },
 * });
 * for (const check of checks) test(check.name, check.run);
 */
export async function runStoreConformance(subject: RunStoreSubject): Promise<AsyncConformanceCheck[]> {
  requireKnownOptions("runStoreConformance", subject, ["name", "place", "keepCheckpoints", "stride"]);
  const { name, keepCheckpoints: keep = 2, stride = 1 } = subject;
  requireInteger("runStoreConformance", "keepCheckpoints", keep, 1);
  requireInteger("runStoreConformance", "stride", stride, 1);
  const probe = await subject.place();
  await probe.close();
  const trial = { name, keep, stride };
  const checks: [string, (place: StorePlace) => Promise<void>][] = [
    ["a place without a run says so", (place) => requireEmpty(name, place)],
    [
      "a whole run is read again as it was written, also by another process",
      (place) => requireRun(trial, place),
    ],
    ["what is handed out and taken is a copy", (place) => requireCopies(name, place)],
    ["a second run is refused, and the first stays", (place) => requireOneRun(name, place)],
    ["one holds the run, the others are told that it is busy", (place) => requireOneHolder(name, place)],
    ["metrics keep their order and their numbers over many batches", (place) => requireOrder(name, place)],
    ["checkpoints are listed newest first, and the oldest are dropped", (place) => requireKept(trial, place)],
    ["rewind forgets what came after a step, and nothing else", (place) => requireRewind(trial, place)],
    ["a run that came to nothing is removed", (place) => requireDiscard(name, place)],
  ];
  const ordinary = checks.map(([what, check]) => ({
    name: `${name}: ${what}`,
    run: () => within(subject, check),
  }));
  return [...ordinary, ...failureChecks({ ...trial, place: () => subject.place() }, probe)];
}

async function within(subject: RunStoreSubject, check: (place: StorePlace) => Promise<void>): Promise<void> {
  const place = await subject.place();
  try {
    await check(place);
  } finally {
    await place.close();
  }
}

/** Throws unless `doing` rejects with a `StoreError` for this `reason`. */
async function requireFailure(
  where: string,
  what: string,
  reason: StoreFailure,
  doing: () => Promise<unknown>,
): Promise<void> {
  try {
    await doing();
  } catch (error) {
    require(error instanceof StoreError && error.details["reason"] === reason, where, () =>
      `${what} must throw a StoreError with details.reason "${reason}", got ${String(error)}`);
    return;
  }
  throw new ConformanceError(
    where,
    `${what} must throw a StoreError with details.reason "${reason}", and did not throw.`,
  );
}

async function requireEmpty(name: string, place: StorePlace): Promise<void> {
  const seen = await observe(place.open());
  const isEmpty =
    seen.manifest === undefined &&
    seen.metrics.length + seen.checkpoints.length === 0 &&
    Object.values(seen.artifacts).every((value) => value === undefined);
  require(isEmpty, name, () => `an empty place tells of ${JSON.stringify(seen)}`);
}

async function requireRun({ name, keep }: Trial, place: StorePlace): Promise<void> {
  const writer = place.open();
  await proceed(writer);
  requireWhole(name, "after a run, for the store that wrote it", await observe(writer), keep);
  const seen = await observe(place.open());
  requireWhole(name, "after a run, for another store", seen, keep);
  require(seen.manifest?.error === undefined, name, () => "an error that was taken back is still there.");
  require(writer.checkpointName(2) !== writer.checkpointName(5), name, () =>
    "checkpointName gives two checkpoints one name.");
}

async function requireCopies(name: string, place: StorePlace): Promise<void> {
  const store = place.open();
  await store.create(firstManifest);
  const [bytes, record, value] = [bytesOf(0), recordOf(1), { metrics: { error: 1 } }];
  await store.writeCheckpoint(0, bytes);
  await store.appendMetrics([record]);
  await store.writeArtifact("evaluation", value);
  bytes.fill(7);
  record.loss = 7;
  value.metrics.error = 7;
  const spoil = async (): Promise<void> => {
    (await store.readCheckpoint(0)).fill(8);
    for (const read of await store.readMetrics()) read.loss = 8;
    ((await store.readArtifact("evaluation")) as typeof value).metrics.error = 8;
    ((await store.readManifest())!.config as { rate: number }).rate = 8;
  };
  await spoil();
  const config = (await store.readManifest())?.config;
  require(sameBytes(await store.readCheckpoint(0), bytesOf(0)), name, () =>
    "a checkpoint changes with the bytes that were given or handed out.");
  require(bitsOf(await store.readMetrics()) === bitsOf([recordOf(1)]), name, () =>
    "metrics change with the records that were given or handed out.");
  require(bitsOf(await store.readArtifact("evaluation")) === bitsOf({ metrics: { error: 1 } }), name, () =>
    "an artifact changes with the value that was given or handed out.");
  require(bitsOf(config) === bitsOf(firstManifest.config), name, () =>
    "the manifest changes with the one that was handed out.");
  await store.release();
}

async function requireOneRun(name: string, place: StorePlace): Promise<void> {
  await proceed(place.open());
  const before = bitsOf(await manifestAndMetrics(place.open()));
  await requireFailure(name, "create where a run is", "exists", () =>
    place.open().create({ ...firstManifest, experiment: "other" }),
  );
  require(bitsOf(await manifestAndMetrics(place.open())) === before, name, () =>
    "a run was changed by another that was refused.");
  await place.open().hold(() => {});
}

const manifestAndMetrics = async (store: RunStore): Promise<unknown> => [
  await store.readManifest(),
  await store.readMetrics(),
];

async function requireOneHolder(name: string, place: StorePlace): Promise<void> {
  const tell = (message: string): never => {
    throw new ConformanceError(name, `a run that nobody had left was taken over: ${message}`);
  };
  const busy = (what: string): Promise<void> =>
    requireFailure(name, what, "busy", () => place.open().hold(tell));
  const first = place.open();
  await first.create(firstManifest);
  await busy("hold of a run that was just begun");
  await first.release();
  await first.release();
  const stores = Array.from({ length: 6 }, () => place.open());
  const ends = await Promise.allSettled(stores.map((store) => store.hold(tell)));
  const holders = stores.filter((_, i) => ends[i]!.status === "fulfilled");
  require(holders.length === 1, name, () => `${holders.length} of six that wanted it at once hold the run.`);
  for (const end of ends)
    if (end.status === "rejected")
      await requireFailure(name, "hold of several at once", "busy", () => Promise.reject(end.reason));
  await busy("hold of a run that another one holds");
  await holders[0]!.release();
  await place.open().hold(tell);
}

async function requireOrder(name: string, place: StorePlace): Promise<void> {
  const store = place.open();
  await store.create(firstManifest);
  const wanted = Array.from({ length: 200 }, (_, i) => recordOf(i + 4));
  let from = 0;
  for (let size = 0; from < wanted.length; size = (size + 1) % 8) {
    await store.appendMetrics(wanted.slice(from, from + size));
    from += size;
  }
  require(bitsOf(await place.open().readMetrics()) === bitsOf(wanted), name, () =>
    "metrics that were appended in batches are not read in their order, or with other numbers.");
  await store.release();
}

async function requireKept({ name, keep }: Trial, place: StorePlace): Promise<void> {
  const store = place.open();
  await store.create(firstManifest);
  const steps = [0, 9, 10, 11, 123_456_789];
  for (const step of steps) await store.writeCheckpoint(step, bytesOf(step % 100));
  // The same once more, in another form: the last one counts.
  await store.writeCheckpoint(123_456_789, bytesOf(1));
  const wanted = steps.toReversed().slice(0, keep).join();
  const found = (await place.open().listCheckpoints()).join();
  require(found === wanted, name, () => `of checkpoints ${steps.join()} it lists ${found}, not ${wanted}.`);
  require(sameBytes(await place.open().readCheckpoint(123_456_789), bytesOf(1)), name, () =>
    "a checkpoint that was written twice is not the second.");
  await requireFailure(name, "readCheckpoint of one that is not there", "read", () =>
    store.readCheckpoint(3),
  );
  await store.release();
}

async function requireRewind({ name, keep }: Trial, place: StorePlace): Promise<void> {
  await proceed(place.open());
  const store = place.open();
  await store.hold(() => {});
  await store.rewind(lastStep + 1);
  const untouched = await observe(store);
  require(untouched.metrics.length === lastStep &&
    untouched.checkpoints.length === Math.min(keep, 4), name, () =>
    "rewind to a step after the last has forgotten something of the run.");
  await store.rewind(5);
  const { metrics, checkpoints, artifacts, manifest } = await observe(place.open());
  const steps = checkpoints.map(({ step }) => step);
  require(metrics.length === 5 && !steps.includes(7), name, () =>
    `rewind(5) has left ${metrics.length} lines of metrics and the checkpoints ${steps.join()}.`);
  require(keep < 2 || steps[0] === 5, name, () => "rewind(5) has forgotten the checkpoint of step 5.");
  require(artifacts.evaluation === undefined && artifacts.figures === undefined, name, () =>
    "rewind has left the evaluation or the figures of later steps.");
  require(bitsOf(artifacts.measurements) === bitsOf(artifactOf("measurements")), name, () =>
    "rewind has forgotten measurements, which say themselves what they are of.");
  require(manifest?.status === endOfRun.status, name, () => "rewind has changed the manifest.");
  await store.rewind(0);
  require((await store.readMetrics()).length === 0, name, () => "rewind(0) has left metrics.");
  await store.release();
  await proceed(place.open());
  requireWhole(name, "after a run that was begun again from 0", await observe(place.open()), keep);
}

async function requireDiscard(name: string, place: StorePlace): Promise<void> {
  const store = place.open();
  await store.create(firstManifest);
  await store.writeCheckpoint(0, bytesOf(0));
  await store.appendMetrics([recordOf(1)]);
  await store.discard();
  await requireEmpty(name, place);
  const next = place.open();
  await next.create(firstManifest);
  require((await next.readMetrics()).length === 0, name, () => "a discarded run has left metrics.");
  await next.release();
}

interface Trial {
  name: string;
  keep: number;
}
