/** What the functions of a study return, checked: its cells, and the summary of their results. */
import {
  ExperimentError,
  OptionError,
  ShapeError,
  requireInteger,
  requireKnownOptions,
  show,
} from "../../errors.ts";
import { isThenable } from "../../unroll/index.ts";
import { checkedEvaluation, checkedFigures, checkedTable } from "../checkedResults.ts";
import { called, calledAsync } from "../userCode.ts";
import type { Cell, CellResults, Study, StudySummary } from "./study.ts";

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const longestId = 100;

/** The cells of a study, in order. Every error is one of ours and says which cell is wrong. */
export function cellsOf<Config>(study: Study<Config>, config: Config, seed: number): readonly Cell[] {
  const made: unknown = called(study.name, "its cells", "setup", () => study.cells(config, seed));
  if (isThenable(made)) {
    void Promise.resolve(made).catch(() => {});
    throw new ExperimentError(
      study.name,
      "its cells is async: it returned a promise. Name the cells at once, and load data in their experiments.",
      { during: "setup" },
    );
  }
  if (!Array.isArray(made) || made.length === 0)
    throw new OptionError(study.name, "cells", made, "a list of at least one cell");
  const seen = new Set<string>();
  return made.map((cell, i) => checkedCell(study.name, `cells[${i}]`, cell, seen));
}

function checkedCell(name: string, at: string, given: unknown, seen: Set<string>): Cell {
  if (typeof given !== "object" || given === null)
    throw new OptionError(name, at, given, "{ id, experiment, seed }");
  requireKnownOptions<Cell>(`${name}, ${at}`, given as Cell, [
    "id",
    "experiment",
    "config",
    "seed",
    "steps",
    "until",
    "after",
  ]);
  const { id, experiment, seed, steps, until, after = [] } = given as Cell;
  if (typeof id !== "string" || !idPattern.test(id) || id.length > longestId || seen.has(id)) {
    const allowed = `up to ${longestId} letters, digits, ".", "_" and "-", other than those of the cells before`;
    throw new OptionError(name, `${at}.id`, id, allowed);
  }
  requireInteger(name, `${at}.seed`, seed, 0);
  if (steps !== undefined) requireInteger(name, `${at}.steps`, steps, 0);
  if (until !== undefined) requireInteger(name, `${at}.until`, until, 1);
  const isExperiment = typeof (experiment as { setup?: unknown } | undefined)?.setup === "function";
  if (!isExperiment && typeof experiment !== "function")
    throw new OptionError(
      name,
      `${at}.experiment`,
      experiment,
      "an experiment, or a function of the results that makes one",
    );
  const unknown = Array.isArray(after) ? after.find((other) => !seen.has(other)) : after;
  if (unknown !== undefined)
    throw new OptionError(name, `${at}.after`, unknown, "ids of cells that come before this one");
  seen.add(id);
  return given as Cell;
}

/** What `study` makes of the results. */
export async function summaryOf<Config>(
  study: Study<Config>,
  results: CellResults,
  config: Config,
): Promise<StudySummary> {
  const { name } = study;
  const made: unknown = await calledAsync(name, "its summarise", "run", () =>
    study.summarise(results, config),
  );
  return called(name, "what its summarise returned", "run", () => checkedSummary(name, made));
}

function checkedSummary(where: string, given: unknown): StudySummary {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ShapeError(where, `summarise must return { metrics, tables, figures }, got ${show(given)}.`);
  const { metrics = {}, times, ...rest } = given as StudySummary;
  const evaluation = checkedEvaluation(where, { metrics });
  return {
    metrics: evaluation?.metrics ?? {},
    ...checkedParts(where, "", rest),
    ...(times !== undefined && { times: checkedParts(where, "times.", times) }),
  };
}

function checkedParts(
  where: string,
  at: string,
  given: NonNullable<StudySummary["times"]>,
): Required<NonNullable<StudySummary["times"]>> {
  requireKnownOptions(where, given, ["tables", "figures"]);
  const { tables = [], figures = [] } = given;
  if (!Array.isArray(tables)) throw new ShapeError(where, `${at}tables must be a list, got ${show(tables)}.`);
  return {
    tables: tables.map((table: unknown, i) => checkedTable(where, table, `${at}tables[${i}]`)),
    figures: checkedFigures(where, figures),
  };
}
