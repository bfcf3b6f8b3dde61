/**
 * A run as a folder, readable with `cat`:
 *
 *     config.json                        experiment, config, seed, steps, versions, status
 *     metrics.jsonl                      one line per outer step, only ever appended to
 *     checkpoints/00000100.safetensors   state after outer step 100; the last few
 *     evaluation.json  figures.json      at the end
 *
 * One process writes a run at a time; any number may read it meanwhile.
 */
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { UnspoolError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Json, decodeState, encodeState } from "../stateCodec.ts";
import {
  type ArtifactName,
  type RunManifest,
  type RunStore,
  StoreError,
  type StoreFailure,
} from "../store.ts";
import { environment } from "./environment.ts";
import { appendLines, cutAfter, readLines, syncFile } from "./metricsFile.ts";
import { type Open, temporarySuffix, writeAtomically } from "./writeAtomically.ts";

export interface FolderStoreOptions {
  /** Checkpoints to keep, newest first. Default 2: the one before survives if the newest is damaged. */
  keepCheckpoints?: number;
  /** Opens the files of checkpoints; replaced in tests by one that fails. */
  open?: Open;
}

const artifactNames: readonly ArtifactName[] = ["evaluation", "figures"];
const checkpointPattern = /^(\d{8,})\.safetensors$/;

/** A store in the folder `dir`, which is made when a run begins. */
export function folderStore(dir: string, options: FolderStoreOptions = {}): RunStore {
  requireKnownOptions("folderStore", options, ["keepCheckpoints", "open"]);
  const { keepCheckpoints = 2, open = fs.open } = options;
  requireInteger("folderStore", "keepCheckpoints", keepCheckpoints, 1);
  const configPath = join(dir, "config.json");
  const metricsPath = join(dir, "metrics.jsonl");
  const checkpointsDir = join(dir, "checkpoints");
  const checkpointPath = (step: number) =>
    join(checkpointsDir, `${String(step).padStart(8, "0")}.safetensors`);
  const artifactPath = (name: ArtifactName) => join(dir, `${name}.json`);

  const readManifest = async (): Promise<RunManifest | undefined> => {
    const stored = (await readJson(configPath)) as (RunManifest & { config: Json }) | undefined;
    if (stored === undefined) return undefined;
    if (typeof stored?.experiment !== "string" || typeof stored.seed !== "number") {
      throw new StoreError(configPath, "read", "it is not the config of a run.");
    }
    return { ...stored, config: decodeState(stored.config) };
  };
  const writeManifest = (manifest: RunManifest) =>
    writeJson(configPath, { ...manifest, config: encodeState(manifest.config, "config").structure });

  const listCheckpoints = async (): Promise<number[]> => {
    const names = await listFolder(checkpointsDir);
    const steps = names.flatMap((name) => checkpointPattern.exec(name)?.[1] ?? []).map(Number);
    return steps.toSorted((a, b) => b - a);
  };

  /** Removes checkpoints beyond the newest ones, and what a killed process left half written. */
  const prune = async () => {
    const old = (await listCheckpoints()).slice(keepCheckpoints).map(checkpointPath);
    const names = await listFolder(checkpointsDir);
    const torn = names
      .filter((name) => name.endsWith(temporarySuffix))
      .map((name) => join(checkpointsDir, name));
    await Promise.all([...old, ...torn].map((path) => fs.rm(path, { force: true })));
  };

  return {
    name: dir,
    create: (manifest) =>
      guarded("write", dir, async () => {
        for (const path of [configPath, metricsPath, checkpointsDir]) {
          if (await exists(path)) throw holdsRun(dir, path);
        }
        await fs.mkdir(checkpointsDir, { recursive: true });
        await writeManifest({ ...manifest, environment: environment() });
      }),
    readManifest: () => guarded("read", configPath, readManifest),
    updateManifest: (changes) =>
      guarded("write", configPath, async () => {
        const manifest = await readManifest();
        if (manifest !== undefined) await writeManifest({ ...manifest, ...changes });
      }),
    appendMetrics: (records) => guarded("write", metricsPath, () => appendLines(metricsPath, records)),
    readMetrics: () => guarded("read", metricsPath, () => readLines(metricsPath)),
    writeCheckpoint: (step, bytes) =>
      guarded("write", checkpointPath(step), async () => {
        // First the metrics: a checkpoint on disk has all lines up to its step on disk.
        await syncFile(metricsPath);
        await writeAtomically(checkpointPath(step), bytes, open);
        await prune();
      }),
    listCheckpoints: () => guarded("read", checkpointsDir, listCheckpoints),
    readCheckpoint: (step) => guarded("read", checkpointPath(step), () => fs.readFile(checkpointPath(step))),
    checkpointName: checkpointPath,
    rewind: (step) =>
      guarded("write", dir, async () => {
        await cutAfter(metricsPath, step);
        for (const name of artifactNames) await fs.rm(artifactPath(name), { force: true });
        const later = (await listCheckpoints()).filter((other) => other > step).map(checkpointPath);
        await Promise.all(later.map((path) => fs.rename(path, `${path}.damaged`)));
      }),
    writeArtifact: (name, value) =>
      guarded("write", artifactPath(name), () => writeJson(artifactPath(name), value)),
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

/** Runs `body`; an error of the file system becomes a `StoreError` that names the file. */
async function guarded<T>(reason: StoreFailure, path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof UnspoolError || typeof code !== "string") throw error;
    const hint = hints[code] ?? "";
    const action = reason === "write" ? "written" : "read";
    const failure = new StoreError(path, reason, `it could not be ${action} (${message}).${hint}`, {
      path,
      systemCode: code,
    });
    failure.cause = error;
    throw failure;
  }
}

const full = " Free some space, then resume the run.";
const forbidden = " Check the permissions of the folder, or give another with --out.";
const hints: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
};

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Undefined if there is no such file. */
async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await fs.readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StoreError(path, "read", `it is not JSON (${(error as Error).message}).`);
  }
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
