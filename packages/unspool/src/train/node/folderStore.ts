/**
 * A run as a folder, readable with `cat`:
 *
 *     config.json                        experiment, config, seed, steps, recipe, versions, status
 *     metrics.jsonl                      one line per outer step, only ever appended to
 *     checkpoints/00000100.safetensors   state after outer step 100; the last few
 *     evaluation.json  figures.json      at the end
 *     run.lock                           who writes the run, while it goes on
 *
 * One process writes a run at a time; any number may read it meanwhile.
 */
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { Json } from "../../methods/index.ts";
import { decodeState, encodeState } from "../stateCodec.ts";
import { type ArtifactName, type RunManifest, type RunStore, StoreError } from "../store.ts";
import { environment } from "./environment.ts";
import { guarded, jsonText, readJson } from "./files.ts";
import { type MadeFolder, makeFolder } from "./makeFolder.ts";
import { requireManifest } from "./manifest.ts";
import { appendLines, cutAfter, readLines, syncFile } from "./metricsFile.ts";
import { type RunLock, takeLock } from "./runLock.ts";
import { type Open, createExclusively, writeAtomically } from "./writeAtomically.ts";

export interface FolderStoreOptions {
  /** Checkpoints to keep, newest first. Default 2: the one before survives if the newest is damaged. */
  keepCheckpoints?: number;
  /** A new run goes to `dir-2`, `dir-3`, … where `dir` is there already. Default false. */
  isNumbered?: boolean;
  /** Further entries of a new run's config.json. */
  extra?: Readonly<Record<string, unknown>>;
  /** What a person types to go on with the run in a folder. Default `unspool resume DIR`. */
  resumeLine?: (dir: string) => string;
  /** Opens the files of checkpoints; replaced in tests by one that fails. */
  open?: Open;
}

/** What `rewind` forgets. */
const resultNames: readonly ArtifactName[] = ["evaluation", "figures"];
const checkpointPattern = /^(\d{8,})\.safetensors$/;
/** What a run writes into its folder: where one of these is, no new run begins. */
const runFiles = [
  "config.json",
  "metrics.jsonl",
  "checkpoints",
  "evaluation.json",
  "figures.json",
  "report.html",
];
/** What a killed process leaves of them half written. */
const torn =
  /^(?:config\.json|evaluation\.json|figures\.json|measurements\.json|report\.html|run\.lock|\d{8,}\.safetensors)\..*\.tmp$/;

/** A store in the folder `given`, which is made when a run begins. */
export function folderStore(given: string, options: FolderStoreOptions = {}): RunStore {
  requireKnownOptions("folderStore", options, [
    "keepCheckpoints",
    "isNumbered",
    "extra",
    "resumeLine",
    "open",
  ]);
  const { keepCheckpoints = 2, isNumbered = false, extra = {}, resumeLine, open = fs.open } = options;
  requireInteger("folderStore", "keepCheckpoints", keepCheckpoints, 1);
  let dir = given;
  let made: MadeFolder | undefined;
  let lock: RunLock | undefined;
  /** Length of the file of metrics as this process left it. */
  let metricsLength: number | undefined;
  const inRun = (name: string) => join(dir, name);
  const configPath = () => inRun("config.json");
  const metricsPath = () => inRun("metrics.jsonl");
  const checkpointsDir = () => inRun("checkpoints");
  const checkpointPath = (step: number) =>
    join(checkpointsDir(), `${String(step).padStart(8, "0")}.safetensors`);
  const artifactPath = (name: ArtifactName) => inRun(`${name}.json`);

  const readManifest = async (): Promise<RunManifest | undefined> => {
    const stored = (await readJson(configPath())) as (RunManifest & { config: Json }) | undefined;
    if (stored === undefined) return undefined;
    requireManifest(configPath(), stored);
    return { ...stored, config: decodeState(stored.config) };
  };
  const manifestText = (manifest: RunManifest) =>
    jsonText({ ...manifest, config: encodeState(manifest.config, "config").structure });

  const listCheckpoints = async (): Promise<number[]> => {
    const names = await listFolder(checkpointsDir());
    const steps = names.flatMap((name) => checkpointPattern.exec(name)?.[1] ?? []).map(Number);
    return steps.toSorted((a, b) => b - a);
  };
  const removeTorn = async (folder: string) => {
    const names = (await listFolder(folder)).filter((name) => torn.test(name));
    await Promise.all(names.map((name) => fs.rm(join(folder, name), { force: true })));
  };
  /** Removes checkpoints beyond the newest ones, and what a killed process left half written. */
  const prune = async () => {
    const old = (await listCheckpoints()).slice(keepCheckpoints).map(checkpointPath);
    await Promise.all(old.map((path) => fs.rm(path, { force: true })));
    await removeTorn(checkpointsDir());
  };
  const release = async () => {
    const mine = lock;
    lock = undefined;
    await mine?.release();
  };
  const begin = async (manifest: RunManifest) => {
    await removeTorn(dir);
    for (const name of runFiles) if (await exists(inRun(name))) throw holdsRun(dir, inRun(name));
    if (!(await createExclusively(configPath(), manifestText(manifest)))) throw holdsRun(dir, configPath());
    await fs.mkdir(checkpointsDir());
    metricsLength = 0;
  };

  return {
    get name() {
      return dir;
    },
    ...(resumeLine && { resumeLine: () => resumeLine(dir) }),
    environment,
    create: (manifest) =>
      guarded("write", dir, async () => {
        made = await makeFolder(given, isNumbered);
        dir = made.path;
        try {
          lock = await takeLock(dir, () => {});
          await begin({ ...manifest, ...extra });
        } catch (error) {
          await release();
          await made.removeIfEmpty();
          throw error;
        }
      }),
    hold: (onTakeover) =>
      guarded("write", dir, async () => {
        lock = await takeLock(dir, onTakeover);
        await removeTorn(dir);
        await fs.mkdir(checkpointsDir(), { recursive: true });
      }),
    release: () => guarded("write", dir, release),
    discard: () =>
      guarded("write", dir, async () => {
        for (const name of runFiles.filter((name) => name !== "report.html")) {
          await fs.rm(inRun(name), { recursive: true, force: true });
        }
        await release();
        await made?.removeIfEmpty();
      }),
    readManifest: () => guarded("read", configPath(), readManifest),
    updateManifest: (changes) =>
      guarded("write", configPath(), async () => {
        await lock?.requireHeld();
        const manifest = await readManifest();
        if (manifest === undefined) {
          throw new StoreError(
            configPath(),
            "write",
            "it was removed while the run went on. Put it back, then resume the run.",
          );
        }
        await writeAtomically(configPath(), manifestText({ ...manifest, ...changes }));
      }),
    appendMetrics: (records) =>
      guarded("write", metricsPath(), async () => {
        await lock?.requireHeld();
        metricsLength = await appendLines(metricsPath(), records, metricsLength);
      }),
    readMetrics: () => guarded("read", metricsPath(), () => readLines(metricsPath())),
    writeCheckpoint: (step, bytes) =>
      guarded("write", checkpointPath(step), async () => {
        await lock?.requireHeld();
        // First the metrics: a checkpoint on disk has all lines up to its step on disk.
        await syncFile(metricsPath());
        await writeAtomically(checkpointPath(step), bytes, open);
        await prune();
      }),
    listCheckpoints: () => guarded("read", checkpointsDir(), listCheckpoints),
    readCheckpoint: (step) => guarded("read", checkpointPath(step), () => fs.readFile(checkpointPath(step))),
    checkpointName: checkpointPath,
    rewind: (step) =>
      guarded("write", dir, async () => {
        for (const name of resultNames) await fs.rm(artifactPath(name), { force: true });
        // Newest first, and before the lines: at no moment is there a checkpoint without all lines up to its step.
        for (const later of (await listCheckpoints()).filter((other) => other > step))
          await fs.rename(checkpointPath(later), `${checkpointPath(later)}.damaged`);
        metricsLength = await cutAfter(metricsPath(), step);
        await prune();
      }),
    writeArtifact: (name, value) =>
      guarded("write", artifactPath(name), async () => {
        await lock?.requireHeld();
        await writeAtomically(artifactPath(name), jsonText(value));
      }),
    readArtifact: (name) => guarded("read", artifactPath(name), () => readJson(artifactPath(name))),
  };
}

function holdsRun(dir: string, path: string): StoreError {
  return new StoreError(
    dir,
    "exists",
    `it already holds a run (${path}). Continue it with resume, or give another folder with --out.`,
    { path },
  );
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return fs.access(path).then(
    () => true,
    () => false,
  );
}
