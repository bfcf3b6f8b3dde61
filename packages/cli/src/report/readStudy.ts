/** Reads what stands in the folder of a study, once, for its report: data only, no code is loaded. */
import { resolve } from "node:path";
import type { CellView, StudyView } from "@unspool/report";
import {
  type BlockedCell,
  type Figure,
  type Table,
  checkedEvaluation,
  checkedFigures,
  checkedTable,
} from "unspool/train";
import { studyFolder } from "unspool/train/node";
import { UsageError } from "../failure.ts";

export async function readStudy(dir: string): Promise<StudyView> {
  const store = studyFolder(dir);
  const manifest = await store.readManifest();
  if (manifest === undefined) throw new UsageError("FOLDER", `${dir}: it holds no study.`, { dir });
  const kept = await store.readSummary();
  const causes = causesOf(kept?.blocked);
  const ended = new Set<unknown>(Array.isArray(kept?.cells) ? kept.cells : []);
  const cells = await Promise.all(
    manifest.cells.map(async (id): Promise<CellView> => {
      const cell = store.cell(id);
      const run = await cell.readManifest();
      if (run === undefined) {
        const of = causes.get(id);
        const error = of && `cannot run: it comes after ${of.join(" and ")}`;
        return { id, status: "open", step: 0, steps: 0, loss: undefined, durationMs: 0, error };
      }
      const metrics = await cell.readMetrics();
      const { steps, error } = run;
      const isStopped = run.status === "interrupted" && run.until !== undefined && ended.has(id);
      return {
        ...{ id, status: isStopped ? "stopped" : run.status, steps, error: error?.message },
        step: metrics.at(-1)?.step ?? 0,
        // Steps after a budget is spent have none.
        loss: metrics.findLast(({ loss }) => Number.isFinite(loss))?.loss,
        durationMs: metrics.reduce((sum, record) => sum + record.durationMs, 0),
      };
    }),
  );
  const metrics = kept && checkedEvaluation(dir, { metrics: kept.summary.metrics ?? {} })?.metrics;
  return {
    folder: resolve(dir),
    manifest,
    cells,
    summary: kept && { ...(metrics && { metrics }), ...partsOf(dir, kept.summary) },
    times: kept?.times && partsOf(dir, kept.times),
  };
}

/** Why cells cannot run. A folder can come from anyone: what is no such list says nothing. */
function causesOf(blocked: unknown): ReadonlyMap<string, readonly string[]> {
  const list = (Array.isArray(blocked) ? blocked : []) as readonly (Partial<BlockedCell> | null)[];
  return new Map(
    list.flatMap((cell) =>
      typeof cell?.id === "string" && Array.isArray(cell.failed) ? [[cell.id, cell.failed.map(String)]] : [],
    ),
  );
}

/** A folder can come from anyone: what is drawn is checked. */
function partsOf(
  where: string,
  { tables = [], figures }: { tables?: readonly unknown[]; figures?: readonly unknown[] },
): { tables: Table[]; figures: Figure[] } {
  return {
    tables: tables.map((table, i) => checkedTable(where, table, `tables[${i}]`)),
    figures: checkedFigures(where, figures),
  };
}
