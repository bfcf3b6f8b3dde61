/** A run's folder as the command keeps it: the library's folder store, with what the command itself needs to know. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { RunManifest, RunStore } from "unspool/train";
import { folderStore } from "unspool/train/node";
import type { EngineRecord } from "../commands/engineOptions.ts";
import { UsageError } from "../failure.ts";
import { fileName } from "./fileName.ts";
import { resumeCommand, shellWord } from "./shellWord.ts";

/** What the command adds to a run's `config.json`: with what it computes, and */
export interface CommandRecord extends EngineRecord {
  /** Absolute path of the file that the experiment came from; absent for an experiment with a name. */
  file?: string;
  /** Whether it is a study that `unspool sweep` made. */
  sweep?: true;
}

export interface CommandManifest extends RunManifest {
  /** Runs of older versions lack the engine. */
  command?: Partial<CommandRecord>;
}

/**
 * The store of a new run. Throws `UsageError` at once if the folder holds a run already, or a file that the run would
 * write. With `isNumbered` the run takes the next free name instead.
 */
export function newRun(
  dir: string,
  isNumbered: boolean,
  command: CommandRecord,
  experimentFile?: string,
): RunStore {
  const holds = (names: readonly string[]) => names.find((name) => existsSync(join(dir, name)));
  const taken = isNumbered ? undefined : holds(["config.json", "metrics.jsonl", "checkpoints", "study.json"]);
  if (taken !== undefined) {
    throw new UsageError(
      "FOLDER",
      `${dir}: it already holds a run (${taken}). Continue it with \`${resumeCommand(dir, recordedFile(dir, experimentFile))}\`, or give another folder with --out.`,
      { dir },
    );
  }
  const foreign = isNumbered ? undefined : holds(["evaluation.json", "figures.json", "report.html"]);
  if (foreign !== undefined) {
    throw new UsageError(
      "FOLDER",
      `${dir}: it holds ${foreign}, which the run would overwrite. Move it away, or give another folder with --out.`,
      { dir, foreign },
    );
  }
  const resumeLine = (made: string) => resumeCommand(made, experimentFile);
  return folderStore(dir, { isNumbered, extra: { command }, resumeLine });
}

/** The store and the manifest of a run that exists. Throws `UsageError` if the folder does not hold one. */
export async function existingRun(
  dir: string,
  experimentFile?: string,
): Promise<{ store: RunStore; manifest: CommandManifest }> {
  const store = folderStore(dir, { resumeLine: (made) => resumeCommand(made, experimentFile) });
  requireFolder(dir);
  const manifest: CommandManifest | undefined = existsSync(dir) ? await store.readManifest() : undefined;
  if (manifest !== undefined) {
    requireCommandRecord(join(dir, "config.json"), manifest.command);
    return { store, manifest };
  }
  const problem = existsSync(dir) ? "it holds no run (there is no config.json)" : "there is no such folder";
  throw new UsageError("FOLDER", `${dir}: ${problem}. Give the folder that \`unspool run\` named.`, { dir });
}

/** Throws `UsageError` for a file in the place of a folder; of a run's own file it names the folder. */
function requireFolder(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isFile() !== true) return;
  const isOfRun = ["config.json", "study.json"].some((name) => existsSync(join(dirname(dir), name)));
  const next = isOfRun
    ? `Give the folder that it is in: ${shellWord(dirname(dir)) ?? "DIR"}`
    : "Give the folder that `unspool run` named.";
  throw new UsageError("FOLDER", `${dir}: it is a file, and not the folder of a run. ${next}`, { dir });
}

/**
 * The file that the run or the study in `dir` was begun with, for the line that continues it: as the person has just
 * named it, if it is that one. Undefined where the folder names none.
 */
export function recordedFile(dir: string, named?: string): string | undefined {
  for (const name of ["study.json", "config.json"]) {
    try {
      const kept = JSON.parse(readFileSync(join(dir, name), "utf8")) as {
        command?: { file?: unknown };
      } | null;
      const file = kept?.command?.file;
      if (typeof file !== "string") continue;
      return named !== undefined && resolve(named) === file ? named : file;
    } catch {
      // There is none, or it is damaged: the folder's own command says so.
    }
  }
  return undefined;
}

/** Throws `UsageError` unless what a config.json says of the command is what the command writes. */
export function requireCommandRecord(path: string, command: unknown): void {
  if (command === undefined) return;
  const { file, engine, threads, fma, sweep } = (command ?? {}) as Record<string, unknown>;
  const isThreads = threads === undefined || (Number.isSafeInteger(threads) && (threads as number) >= 1);
  const wrong =
    typeof command !== "object" || command === null
      ? "command"
      : file !== undefined && typeof file !== "string"
        ? "command.file"
        : engine !== undefined && engine !== "compiled" && engine !== "reference"
          ? "command.engine"
          : !isThreads
            ? "command.threads"
            : fma !== undefined && typeof fma !== "boolean"
              ? "command.fma"
              : sweep !== undefined && sweep !== true
                ? "command.sweep"
                : undefined;
  if (wrong === undefined) return;
  throw new UsageError(
    "FOLDER",
    `${path}: its entry ${wrong} was not written by Unspool. Put the file back as it was.`,
    {
      entry: wrong,
    },
  );
}

/** `runs/NAME-DATE-TIME` below the present folder; a run that finds it taken adds a number. */
export function defaultFolder(name: string, now: Date = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return join("runs", `${fileName(name)}-${date}-${time}`);
}

/** Short names that tell the folders apart: the last part of each path, or more where that is the same. */
export function folderLabels(dirs: readonly string[]): string[] {
  const names = dirs.map((dir) => basename(resolve(dir)));
  return dirs.map((dir, i) => (names.filter((name) => name === names[i]).length === 1 ? names[i]! : dir));
}
