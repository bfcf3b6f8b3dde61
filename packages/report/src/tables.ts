/** Tables of the report: evaluation, config, environment. With several runs each has a column. */
import type { Evaluation } from "unspool/train";
import type { ConstantMetric } from "./curves.ts";
import { cellText, formatDuration } from "./format.ts";
import { type Markup, html } from "./html.ts";
import { penOf } from "./palette.ts";
import { type RunView, computingTime } from "./runView.ts";

export type Cell = string | number | null | undefined;

/** Named numbers of each run, and the tables that the experiments made for people. */
export function evaluationSection(runs: readonly RunView[]): Markup {
  const names = [...new Set(runs.flatMap(({ evaluation }) => Object.keys(evaluation?.metrics ?? {})))];
  const own = runs.flatMap((run, i) =>
    run.evaluation?.table === undefined ? [] : [{ run, i, table: run.evaluation.table }],
  );
  const rows: Cell[][] = [
    ...names.map((name) => [name, ...runs.map(({ evaluation }) => evaluation?.metrics[name])]),
    ["loss of the last outer step", ...runs.map(({ metrics }) => metrics.at(-1)?.loss)],
    ...(runs.length > 1
      ? [["computing time", ...runs.map((run) => formatDuration(computingTime(run)))]]
      : []),
  ];
  const headings = runs.length > 1 ? ["", ...runs.map(({ label }) => label)] : ["quantity", "value"];
  return html`<section>
    <h2>Evaluation</h2>
    <div class="tables">
      ${own.map(({ run, i, table }) => ownTable(table, runs.length > 1 ? { label: run.label, colour: penOf(i).colour } : undefined))}
    </div>
    ${table(headings, rows, { hasRunHeadings: runs.length > 1 })}
    ${runs.some(({ evaluation }) => evaluation === undefined) ? html`<p class="note">A run is evaluated when all its outer steps are done, if its experiment has an evaluation.</p>` : null}
  </section>`;
}

/** What was measured in every step and never changed. */
export function constantTable(metrics: readonly ConstantMetric[], runs: readonly RunView[]): Markup | null {
  if (metrics.length === 0) return null;
  const headings = runs.length > 1 ? ["metric", ...runs.map(({ label }) => label)] : ["metric", "value"];
  const rows = metrics.map(({ name, values }): Cell[] => [name, ...values]);
  return html`<section>
    <h2>The same in every step</h2>
    ${table(headings, rows, { hasRunHeadings: runs.length > 1 })}
  </section>`;
}

/** Every leaf of the configs. Where runs differ, the row is marked and comes first. */
export function configTable(runs: readonly RunView[]): Markup {
  const configs = runs.map(({ manifest }) => {
    const { seed, steps, command, config } = manifest;
    const file = command?.file === undefined ? {} : { file: command.file };
    return new Map([
      ...leaves(config),
      ["--seed", seed],
      ["--steps", steps],
      ["--threads", command?.threads],
      ["engine", command?.engine],
      ["fused multiply-add", command?.fma],
      ...Object.entries(file),
    ]);
  });
  return pathTable(configs, runs, "path");
}

/** Versions and hardware. */
export function environmentTable(runs: readonly RunView[]): Markup {
  return pathTable(
    runs.map(({ manifest }) => new Map(Object.entries(manifest.environment ?? {}))),
    runs,
    "what",
  );
}

function pathTable(
  columns: readonly ReadonlyMap<string, unknown>[],
  runs: readonly RunView[],
  heading: string,
): Markup {
  const paths = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const textAt = (path: string): string[] => columns.map((column) => plainText(column.get(path)));
  const isSame = (path: string): boolean => new Set(textAt(path)).size === 1;
  const ordered = [...paths.filter((path) => !isSame(path)), ...paths.filter(isSame)];
  if (ordered.length === 0) return html`<p class="note">Nothing.</p>`;
  const names = runs.length > 1 ? runs.map(({ label }) => label) : ["value"];
  return html`<div class="scroll">
    <table>
      ${heads([heading, ...names], runs.length > 1)}
      <tbody>
        ${ordered.map(
          (path) =>
            html`<tr class="${isSame(path) ? "" : "differs"}">
              <th scope="row"><code>${path}</code></th>
              ${textAt(path).map((text) => html`<td><code>${text}</code></td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function ownTable(
  own: NonNullable<Evaluation["table"]>,
  run: { label: string; colour: string } | undefined,
): Markup {
  const tag =
    run === undefined ? null : html`<span class="tag" style="--run:${run.colour}">${run.label}</span>`;
  return html`<div>
    <h3>${tag}${own.title}</h3>
    ${table(own.columns, own.rows)}
  </div>`;
}

export interface TableOptions {
  /** Columns after the first have the pens of runs. */
  hasRunHeadings?: boolean;
  /** Rows that stand out. */
  marked?: readonly number[] | undefined;
}

/** A table with columns of numbers to the right. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  { hasRunHeadings = false, marked = [] }: TableOptions = {},
): Markup {
  const isNumeric = columns.map((_, i) => isNumericColumn(rows.map((row) => row[i])));
  return html`<div class="scroll">
    <table>
      ${heads(columns, hasRunHeadings, isNumeric)}
      <tbody>
        ${rows.map(
          (row, at) =>
            html`<tr class="${marked.includes(at) ? "marked" : ""}">
              ${columns.map((_, i) => {
                const cell = row[i];
                return i === 0 && typeof cell === "string"
                  ? html`<th scope="row">${cell}</th>`
                  : html`<td class="${isNumeric[i] === true ? "number" : ""}">
                      ${cell === null ? "not finite" : unbroken(cellText(cell))}
                    </td>`;
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Numbers, and gaps where there are none. */
function isNumericColumn(cells: readonly Cell[]): boolean {
  return (
    cells.some((cell) => typeof cell === "number") &&
    cells.every((cell) => typeof cell === "number" || cell === "")
  );
}

function heads(
  columns: readonly string[],
  hasRunHeadings: boolean,
  isNumeric: readonly boolean[] = [],
): Markup {
  return html`<thead>
    <tr>
      ${columns.map((name, i) =>
        hasRunHeadings && i > 0
          ? html`<th scope="col"><span class="tag" style="--run:${penOf(i - 1).colour}">${name}</span></th>`
          : html`<th scope="col" class="${isNumeric[i] === true ? "number" : ""}">${name}</th>`,
      )}
    </tr>
  </thead>`;
}

/** Leaves of a config with their paths; lists of plain values stay together. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  const isPlain = (item: unknown): boolean => typeof item !== "object" || item === null;
  const isLeaf =
    isPlain(value) || ArrayBuffer.isView(value) || (Array.isArray(value) && value.every(isPlain));
  if (isLeaf) return path === "" ? [] : [[path, value]];
  return Object.entries(value as object).flatMap(([name, child]) =>
    leaves(child, path === "" ? name : `${path}.${name}`),
  );
}

function plainText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number" || typeof value === "string") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A number and its error stay on one line. */
const unbroken = (text: string): string => text.replaceAll(" ± ", "\u00A0±\u00A0");
