/** What a killed process left half written of a study's files is removed by the next, and nothing else is. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { studyFolder } from "./studyFolder.ts";
import { folderStore } from "./folderStore.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unspool-leftovers-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;

test("a study's summary removes them where no process of their number is there", async () => {
  const alive = `summary.json.${process.pid}-900.tmp`;
  const foreign = [
    "notes.json.1.tmp",
    `mine.json.${gone}-0.tmp`,
    "summary.json.tmp",
    `summary.json.${gone}-x.tmp`,
  ];
  const torn = ["study.json", "summary.json", "times.json"].map((name) => `${name}.${gone}-3.tmp`);
  for (const name of [alive, ...foreign, ...torn, `report.html.${gone}.tmp`])
    writeFileSync(join(dir, name), "{");
  await studyFolder(dir).writeSummary({ cells: [], summary: {} }, undefined);
  expect(readdirSync(dir).toSorted()).toEqual([alive, ...foreign, "summary.json"].toSorted());
});

test("a run that is taken again removes those of its measurements", async () => {
  writeFileSync(join(dir, `measurements.json.${gone}-2.tmp`), "{");
  const store = folderStore(dir);
  await store.hold(() => {});
  await store.release();
  expect(readdirSync(dir)).toEqual(["checkpoints"]);
});
