/** The report of a study: its summary's tables and figures, and what has become of its cells. */
import type { KeptSummary, RunStatus, StudyManifest, StudySummary } from "unspool/train";
import { formatDuration } from "./format.ts";
import { type PageSection, type PageTable, sectionedPage } from "./sectionedPage.ts";

export interface CellView {
  id: string;
  /** `open`: not begun. `stopped`: it ended before its last step, as its study has it. */
  status: RunStatus | "open" | "stopped";
  /** Outer steps done, and asked for; 0 where it has not begun. */
  step: number;
  steps: number;
  /** Of the last step that has one. */
  loss: number | undefined;
  /** Computing time in ms. */
  durationMs: number;
  /** Why it failed. */
  error: string | undefined;
}

/** What stands in the folder of a study. */
export interface StudyView {
  folder: string;
  manifest: StudyManifest;
  summary: KeptSummary["summary"] | undefined;
  times: StudySummary["times"];
  cells: readonly CellView[];
}

export function studyReport({ folder, manifest, summary, times, cells }: StudyView): string {
  const { study, startedAt, about = {} } = manifest;
  const ended = cells.filter(({ status }) => ["done", "failed", "stopped"].includes(status)).length;
  return sectionedPage({
    title: study,
    summary: [about.summary, about.paper].filter((text) => text !== undefined).join(". "),
    facts: [
      ["Cells", ended === cells.length ? `${ended}` : `${ended} of ${cells.length}`],
      ["Outer steps", cells.reduce((sum, { step }) => sum + step, 0).toLocaleString("en-US")],
      ["Computing time", formatDuration(cells.reduce((sum, { durationMs }) => sum + durationMs, 0))],
      seedFact(manifest),
      ["Started", `${startedAt.slice(0, 16).replace("T", " ")} UTC`],
      ["Folder", folder],
    ],
    sections: [
      ...sectionsOf("Summary", summary, metricsTable(summary?.metrics)),
      ...sectionsOf("Times on this machine", times, undefined),
      { title: "Cells", tables: [cellsTable(cells)] },
      { title: "Config", tables: [configTable(manifest.config)] },
    ],
  });
}

/** Those of the config where a study is run over several. */
function seedFact({ config, seed }: StudyManifest): [string, string] {
  const { seeds } = (config ?? {}) as { seeds?: unknown };
  const areSeveral = Array.isArray(seeds) && seeds.length > 0 && seeds.every(Number.isSafeInteger);
  return areSeveral ? ["Seeds", cut(seeds.join(", "))] : ["Seed", String(seed)];
}

/** A summary without anything has no section. */
function sectionsOf(
  title: string,
  parts: StudySummary["times"],
  metrics: PageTable | undefined,
): PageSection[] {
  const { tables = [], figures = [] } = parts ?? {};
  const all = [...tables, ...(metrics === undefined ? [] : [metrics])];
  return all.length + figures.length === 0 ? [] : [{ title, tables: all, figures }];
}

function metricsTable(metrics: Readonly<Record<string, number>> = {}): PageTable | undefined {
  const rows = Object.entries(metrics);
  return rows.length === 0 ? undefined : { columns: ["quantity", "value"], rows };
}

function cellsTable(cells: readonly CellView[]): PageTable {
  return {
    columns: ["cell", "status", "outer steps", "loss", "computing time"],
    rows: cells.map(({ id, status, step, steps, loss, durationMs, error }) => [
      id,
      error ?? status,
      step === steps ? `${step}` : `${step} of ${steps}`,
      loss ?? "",
      formatDuration(durationMs),
    ]),
  };
}

function configTable(config: unknown): PageTable {
  const entries = typeof config === "object" && config !== null ? Object.entries(config) : [];
  return {
    columns: ["path", "value"],
    rows: entries.map(([path, value]) => [path, cut(JSON.stringify(value) ?? "")]),
  };
}

/** The settings of a sweep are as long as it is large; they stand in its tables. */
const longestValue = 240;

const cut = (text: string): string =>
  text.length <= longestValue
    ? text
    : `${text.slice(0, longestValue)} … (${text.length} characters in study.json)`;
