/**
 * A study as a folder, readable with `cat`:
 *
 *     study.json       study, config, seed, ids of the cells, versions
 *     cells/ID/        an ordinary run
 *     summary.json     metrics, tables and figures of the cells that have ended
 *     times.json       what was measured with a clock
 *
 * Any number of processes may run cells of it: each cell is held by one.
 */
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { requireKnownOptions } from "../../errors.ts";
import type { Json } from "../../methods/index.ts";
import { decodeState, encodeState } from "../stateCodec.ts";
import { type RunStore, StoreError } from "../store.ts";
import type { KeptSummary, StudyManifest, StudyStore } from "../study/studyStore.ts";
import type { StudySummary } from "../study/study.ts";
import { environment } from "./environment.ts";
import { guarded, jsonText, readJson } from "./files.ts";
import { folderStore } from "./folderStore.ts";
import { makeFolder, makePath } from "./makeFolder.ts";
import { createExclusively, removeLeftovers, writeAtomically } from "./writeAtomically.ts";

export interface StudyFolderOptions {
  /** A new study goes to `dir-2`, `dir-3`, … where `dir` is there already. Default false. */
  isNumbered?: boolean;
  /** Further entries of a new study's study.json, and of its cells' config.json. */
  extra?: Readonly<Record<string, unknown>>;
  /** What a person types to go on with the study in a folder. Default `unspool resume DIR`. */
  resumeLine?: (dir: string) => string;
}

const format = "unspool-study-1";

/** A store in the folder `given`, which is made when a study begins. */
export function studyFolder(given: string, options: StudyFolderOptions = {}): StudyStore {
  requireKnownOptions("studyFolder", options, ["isNumbered", "extra", "resumeLine"]);
  const { isNumbered = false, extra = {}, resumeLine = (made) => `unspool resume ${made}` } = options;
  let dir = given;
  const path = (name: string) => join(dir, name);
  const cells = new Map<string, RunStore>();

  return {
    get name() {
      return dir;
    },
    resumeLine: () => resumeLine(dir),
    create: (manifest) =>
      guarded("write", dir, async () => {
        dir = (await makeFolder(dir, isNumbered)).path;
        const whole = { ...manifest, ...extra, environment: environment() };
        const { structure } = encodeState(whole, "study");
        if (!(await createExclusively(path("study.json"), jsonText(structure)))) {
          const problem = `it already holds a study. Go on with it by: ${resumeLine(dir)}`;
          throw new StoreError(dir, "exists", problem);
        }
        await makePath(path("cells"));
      }),
    readManifest: () =>
      guarded("read", path("study.json"), async () => {
        const found = (await readJson(path("study.json"))) as Json | undefined;
        return found === undefined ? undefined : requireManifest(path("study.json"), found);
      }),
    grow: (changes) =>
      guarded("write", path("study.json"), async () => {
        const found = (await readJson(path("study.json"))) as Json | undefined;
        if (found === undefined) return;
        const whole = { ...requireManifest(path("study.json"), found), ...changes };
        await writeAtomically(path("study.json"), jsonText(encodeState(whole, "study").structure));
      }),
    cell(id) {
      const known =
        cells.get(id) ??
        folderStore(join(dir, "cells", id), { extra, resumeLine: () => `${resumeLine(dir)} --cell ${id}` });
      cells.set(id, known);
      return known;
    },
    writeSummary: (kept, times) =>
      guarded("write", path("summary.json"), async () => {
        await removeLeftovers(dir, ["study.json", "summary.json", "times.json", "report.html"]);
        await writeAtomically(path("summary.json"), jsonText(encodeState(kept, "summary").structure));
        if (times !== undefined)
          await writeAtomically(path("times.json"), jsonText(encodeState(times, "times").structure));
      }),
    readSummary: () =>
      guarded("read", path("summary.json"), async () => {
        const found = (await readJson(path("summary.json"))) as Json | undefined;
        if (found === undefined) return undefined;
        const times = (await readJson(path("times.json"))) as Json | undefined;
        return {
          ...(decodeState(found) as KeptSummary),
          times: times === undefined ? undefined : (decodeState(times) as StudySummary["times"]),
        };
      }),
  };
}

/** Whether a folder holds a study. */
export async function isStudyFolder(dir: string): Promise<boolean> {
  return fs.stat(join(dir, "study.json")).then(
    (found) => found.isFile(),
    () => false,
  );
}

function requireManifest(path: string, json: Json): StudyManifest {
  const found = decodeState(json) as Partial<Record<keyof StudyManifest, unknown>> | null;
  const wrong = (what: string): StoreError =>
    new StoreError(path, "read", `${what}: it was not written by Unspool. Put the file back as it was.`);
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw wrong("it is no record");
  if (
    typeof found.format === "string" &&
    found.format.startsWith("unspool-study-") &&
    found.format !== format
  )
    throw new StoreError(
      path,
      "read",
      `its format is "${found.format}", expected "${format}". ` +
        "Go on with the study by the version of Unspool that wrote it: the entry environment.unspool names it.",
    );
  if (found.format !== format)
    throw wrong(`its format is ${JSON.stringify(found.format)}, expected "${format}"`);
  if (typeof found.study !== "string") throw wrong("its entry study is no name");
  if (!Number.isSafeInteger(found.seed)) throw wrong("its entry seed is no seed");
  const { cells } = found;
  const isIds =
    Array.isArray(cells) && cells.every((id) => typeof id === "string" && /^[A-Za-z0-9][\w.-]*$/.test(id));
  if (!isIds) throw wrong("its entry cells are no ids");
  return found as StudyManifest;
}
