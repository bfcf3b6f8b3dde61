/** Studies that grow by their results: what comes next, written down before any of it begins. */
import { ExperimentError, ResumeError, requireRecord, show } from "../../errors.ts";
import { canonicalJson } from "../checkpoint.ts";
import { requireOwnConfig } from "../ownConfig.ts";
import { calledAsync } from "../userCode.ts";
import { blockedCells } from "./blockedCells.ts";
import type { Board } from "./board.ts";
import type { BrokenCell } from "./cellError.ts";
import { cellsOf } from "./checkedStudy.ts";
import type { Cell, Study, StudyGrowth } from "./study.ts";
import type { StudyStore } from "./studyStore.ts";

/** A study as far as it has grown. */
export interface Grown<Config> {
  config: Config;
  cells: readonly Cell[];
}

interface Growing<Config> extends Grown<Config> {
  study: Study<Config>;
  seed: number;
  store: StudyStore;
}

/**
 * What the study goes on with, kept in its store; undefined where nothing is to come, or where something has yet to end: a
 * cell that another process has, say. Cells that threw do not end, and are not waited for.
 */
export async function grownStudy<Config>(
  { study, config, cells, seed, store }: Growing<Config>,
  board: Board,
  broken: readonly BrokenCell[],
): Promise<(Grown<Config> & { note: string }) | undefined> {
  if (study.grow === undefined) return undefined;
  const grownTo = (given: unknown): Grown<Config> => {
    const next = study.config.parse(given);
    requireOwnConfig(study, next);
    const grown = cellsOf(study, next, seed);
    requireSameCells(store.name, cells, grown);
    return { config: next, cells: grown };
  };
  const left = new Set([...broken, ...blockedCells(cells, board.statusOf)].map(({ id }) => id));
  if (cells.some(({ id }) => board.statusOf(id) === "open" && !left.has(id))) return undefined;
  // Another process may have come here first, and its cells be on their way: what it wrote holds.
  const found = await store.readManifest();
  // As parsed: a folder of an older version lacks what has come since.
  if (found !== undefined && canonicalJson(study.config.parse(found.config)) !== canonicalJson(config))
    return { ...grownTo(found.config), note: "Another process has decided how the study goes on." };
  const made: unknown = await calledAsync(study.name, "its grow", "run", () =>
    study.grow!(board.results(), config),
  );
  if (made === undefined) return undefined;
  requireRecord(`${study.name}, what its grow returned`, made, ["config", "note"]);
  const { config: given, note } = made as StudyGrowth<Config>;
  if (canonicalJson(study.config.parse(given)) === canonicalJson(config))
    throw new ExperimentError(
      study.name,
      "its grow returned the config that it was given, and would for ever. Return undefined where nothing more is to come.",
      { during: "run" },
    );
  const grown = grownTo(given);
  await store.grow({ config: grown.config, cells: grown.cells.map(({ id }) => id) });
  return { ...grown, note: typeof note === "string" ? note : show(note) };
}

/** Throws `ResumeError` where a cell is not there any more, or is another: it may only stop elsewhere. */
export function requireSameCells(where: string, before: readonly Cell[], now: readonly Cell[]): void {
  const told = ({ config, seed, steps, after }: Cell): string =>
    canonicalJson({ config: config ?? {}, seed, steps: steps ?? null, after: after ?? [] });
  const known = new Map(now.map((cell) => [cell.id, cell]));
  for (const cell of before) {
    const same = known.get(cell.id);
    if (same !== undefined && told(same) === told(cell)) continue;
    const how =
      same === undefined ? "is not there any more" : `was ${told(cell)}, and would be ${told(same)}`;
    throw new ResumeError(
      where,
      `its cell ${JSON.stringify(cell.id)} ${how}. A study grows by further cells only: begin another one in another folder.`,
      { cell: cell.id },
    );
  }
}
