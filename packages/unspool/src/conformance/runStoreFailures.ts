/** The checks of stores whose process dies, whose medium is full, and whose medium is slow. */
import { StoreError } from "../train/index.ts";
import { ConformanceError, require } from "./check.ts";
import {
  type Observed,
  bytesOf,
  firstManifest,
  observe,
  proceed,
  recordOf,
  requireMoment,
  requireWhole,
} from "./runStoreScript.ts";
import type { AsyncConformanceCheck, StorePlace, WriteFate } from "./runStoreSubject.ts";

export interface FailureTrial {
  name: string;
  /** Checkpoints that are kept. */
  keep: number;
  stride: number;
  place(): StorePlace | Promise<StorePlace>;
}

/** A place that can fail. */
type Failing = StorePlace & Required<Pick<StorePlace, "intercept" | "buryHolder">>;

/** Those that the places can be put through, of which `probe` is one. */
export function failureChecks(trial: FailureTrial, probe: StorePlace): AsyncConformanceCheck[] {
  const canFail = probe.intercept !== undefined && probe.buryHolder !== undefined;
  if (!canFail) return [];
  const begin = { how: "of a run", prepare: async () => {}, most: undefined };
  // Checkpoint 7 is taken for damaged: what came after 5 is forgotten on the way.
  const goOn = { how: "of a run that goes on", prepare: prepareResume, most: 5 };
  const all: [string, () => Promise<void>][] = [
    ["a run whose process dies at any write goes on to the same end", () => atEach(trial, begin, "lost")],
    ["a run that dies in the middle of any write does so too", () => atEach(trial, begin, "torn")],
    ["so does one that dies at any write while it goes on", () => atEach(trial, goOn, "lost")],
    [
      "a full medium is a StoreError, leaves what was there, and the run goes on",
      () => atEach(trial, begin, "full"),
    ],
    ["a run that dies while it is discarded is there whole or not at all", () => dyingDiscard(trial)],
    ["a slow medium changes nothing, and readers see no half of anything", () => slow(trial)],
    ["a dead holder's run is taken over, and that one writes no more", () => takeover(trial)],
  ];
  return all.map(([what, run]) => ({ name: `${trial.name}: ${what}`, run }));
}

interface Attack {
  how: string;
  prepare(place: StorePlace): Promise<void>;
  most: number | undefined;
}

async function prepareResume(place: StorePlace): Promise<void> {
  await proceed(place.open());
}

/** The process dies at write n, or that one finds the medium full. For every n until there is none. */
async function atEach(
  { name, keep, stride, place: make }: FailureTrial,
  attack: Attack,
  fate: WriteFate,
): Promise<void> {
  const { how, prepare, most } = attack;
  for (let n = 1, isOver = false; !isOver; n += stride) {
    const place = failing(await make());
    try {
      await prepare(place);
      const error = await failFrom(place, n, fate, () =>
        proceed(place.open(), most === undefined ? {} : { most }),
      );
      const when = `after ${fate === "full" ? "the medium was full" : "its end"} at write ${n} ${how}`;
      isOver = error === undefined;
      if (isOver) require(n > 1, name, () => "intercept was not asked about any write.");
      else if (fate === "full") requireFull(name, when, error);
      await place.buryHolder();
      requireMoment(name, when, await observe(place.open()));
      await proceed(place.open());
      requireWhole(name, `${when}, and gone on with`, await observe(place.open()), keep);
    } finally {
      await place.close();
    }
  }
}

function failing(place: StorePlace): Failing {
  if (place.intercept === undefined || place.buryHolder === undefined)
    throw new ConformanceError("runStoreConformance", "all places of a subject fail alike, or none does.");
  return place as Failing;
}

/** What `doing` rejected with, where its n-th write has this fate; undefined if there are fewer. */
async function failFrom(
  place: Failing,
  n: number,
  fate: WriteFate,
  doing: () => Promise<void>,
): Promise<unknown> {
  let [count, hasMet] = [0, false];
  place.intercept(() => {
    count++;
    if (count < n) return "pass";
    hasMet = true;
    // A process that died in the middle of a write does no other; a full medium may have room again.
    if (count > n) return fate === "full" ? "pass" : "lost";
    return fate;
  });
  let error: unknown;
  try {
    await doing();
    // A write whose failure the store can bear, such as the removal of an old checkpoint.
    if (hasMet) error = new Error("borne");
  } catch (thrown) {
    error = thrown;
  } finally {
    place.intercept(() => "pass");
  }
  return error;
}

function requireFull(name: string, when: string, error: unknown): void {
  const isTold = error instanceof StoreError && error.details["reason"] === "write";
  const isBorne = error instanceof Error && error.message === "borne";
  require(isTold || isBorne, name, () =>
    `${when}, it must throw a StoreError with details.reason "write", got ${String(error)}`);
}

async function dyingDiscard({ name, stride, place: make }: FailureTrial): Promise<void> {
  for (let n = 1, isOver = false; !isOver; n += stride) {
    const place = failing(await make());
    try {
      const store = place.open();
      await store.create(firstManifest);
      await store.writeCheckpoint(0, bytesOf(0));
      await store.appendMetrics([recordOf(1)]);
      isOver = (await failFrom(place, n, "lost", () => store.discard())) === undefined;
      await place.buryHolder();
      const { manifest, ...rest } = await observe(place.open());
      if (manifest !== undefined)
        requireMoment(name, `after its end at write ${n} of discard`, { manifest, ...rest });
    } finally {
      await place.close();
    }
  }
}

async function slow({ name, keep, place: make }: FailureTrial): Promise<void> {
  const place = failing(await make());
  let count = 0;
  place.intercept(async (): Promise<WriteFate> => {
    await pause(count++ % 3);
    return "pass";
  });
  const reader = place.open();
  const run = { isOver: false };
  const look = async (): Promise<void> => {
    while (!run.isOver) {
      requireMoment(name, "while a run was being written", await glimpse(reader));
      await pause(1);
    }
  };
  try {
    const writing = proceed(place.open()).finally(() => (run.isOver = true));
    const ends = await Promise.allSettled([look(), writing]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    requireWhole(name, "after a run on a slow medium", await observe(place.open()), keep);
  } finally {
    await place.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Like `observe`, of a run that goes on: a checkpoint may be dropped before it is read, and metrics come after it. */
async function glimpse(store: ReturnType<StorePlace["open"]>): Promise<Observed> {
  const checkpoints: Observed["checkpoints"] = [];
  for (const step of await store.listCheckpoints()) {
    const bytes = await store.readCheckpoint(step).catch((error: unknown) => {
      if (error instanceof StoreError && error.details["reason"] === "read") return undefined;
      throw error;
    });
    if (bytes !== undefined) checkpoints.push({ step, bytes });
  }
  const { metrics, manifest, artifacts } = await observe(withoutCheckpoints(store));
  return { manifest, metrics, checkpoints, artifacts };
}

const withoutCheckpoints = (store: ReturnType<StorePlace["open"]>): ReturnType<StorePlace["open"]> => ({
  ...store,
  listCheckpoints: async () => [],
});

async function takeover({ name, keep, place: make }: FailureTrial): Promise<void> {
  const place = failing(await make());
  try {
    const sleeper = place.open();
    await proceed(sleeper, { until: 5 });
    await place.buryHolder();
    const messages: string[] = [];
    const heir = place.open();
    await heir.hold((message) => messages.push(message));
    require(messages.length === 1, name, () =>
      `a dead one's run was taken over, and that was told ${messages.length} times.`);
    const writes: [string, () => Promise<void>][] = [
      ["appendMetrics", () => sleeper.appendMetrics([recordOf(6)])],
      ["writeCheckpoint", () => sleeper.writeCheckpoint(6, bytesOf(6))],
      ["updateManifest", () => sleeper.updateManifest({ status: "failed" })],
      ["writeArtifact", () => sleeper.writeArtifact("evaluation", {})],
    ];
    for (const [what, write] of writes) {
      const error: unknown = await write().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      require(error instanceof StoreError && error.details["reason"] === "busy", name, () =>
        `${what} by one whose run was taken over must throw a StoreError with details.reason "busy", got ${String(error)}`);
    }
    await sleeper.release();
    const third: unknown = await place.open().hold(() => {}).catch((reason: unknown) => reason); // prettier-ignore
    require(third instanceof StoreError && third.details["reason"] === "busy", name, () =>
      "the release of one whose run was taken over has ended the hold of its heir.");
    await heir.release();
    await proceed(place.open());
    requireWhole(name, "after a takeover", await observe(place.open()), keep);
  } finally {
    await place.close();
  }
}
