/**
 * What an experiment measured and drew, checked: as its functions return it, and as it stands in a run's folder. The
 * result is made anew from the entries that are known, so nothing else goes into files and pages.
 */
import { Tensor } from "../array/index.ts";
import { ShapeError, show } from "../errors.ts";
import type { Evaluation } from "./experiment.ts";
import type { SceneRole } from "../rl/index.ts";
import type { Axis, Figure, FigureBar, FigureFrame, Heatmap, Reference, Series } from "./figure.ts";

/** Undefined and null are no evaluation. `ShapeError` that names the entry which is wrong. */
export function checkedEvaluation(where: string, given: unknown): Evaluation | undefined {
  if (given === undefined || given === null) return undefined;
  const { metrics, table } = record(where, "the evaluation", given);
  if (metrics === undefined && table === undefined && Object.keys(given as object).length > 0)
    throw wrong(where, "the evaluation", "{ metrics, table }", given);
  const entries = Object.entries(record(where, "evaluation.metrics", metrics ?? {}));
  return {
    metrics: Object.fromEntries(
      entries.map(([name, value]) => [name, number(where, `evaluation.metrics.${name}`, value)]),
    ),
    ...(table !== undefined && table !== null && { table: checkedTable(where, table) }),
  };
}

/** One table; `at` is its place, for errors. */
export function checkedTable(
  where: string,
  given: unknown,
  at: string = "evaluation.table",
): NonNullable<Evaluation["table"]> {
  const { title, columns, rows } = record(where, at, given);
  return {
    title: text(where, `${at}.title`, title ?? ""),
    columns: list(where, `${at}.columns`, columns).map((name, i) => text(where, `${at}.columns[${i}]`, name)),
    rows: list(where, `${at}.rows`, rows).map((row, i) =>
      list(where, `${at}.rows[${i}]`, row).map((cell, j) =>
        typeof cell === "string" ? cell : number(where, `${at}.rows[${i}][${j}]`, cell),
      ),
    ),
  };
}

/** Undefined and null are no figures. `ShapeError` that names the entry which is wrong. */
export function checkedFigures(where: string, given: unknown): Figure[] {
  if (given === undefined || given === null) return [];
  return list(where, "figures", given).map((figure, i) => checkedFigure(where, `figures[${i}]`, figure));
}

/** One figure; `at` is its place, for errors. */
export function checkedFigure(where: string, at: string, given: unknown): Figure {
  const { id, title, caption, x, y, series, heatmap, references, frames, bars } = record(where, at, given);
  return {
    id: text(where, `${at}.id`, id),
    title: text(where, `${at}.title`, title ?? ""),
    caption: text(where, `${at}.caption`, caption ?? ""),
    x: checkedAxis(where, `${at}.x`, x),
    y: checkedAxis(where, `${at}.y`, y),
    series: list(where, `${at}.series`, series ?? []).map((one, i) =>
      checkedSeries(where, `${at}.series[${i}]`, one),
    ),
    ...(heatmap !== undefined && { heatmap: checkedHeatmap(where, `${at}.heatmap`, heatmap) }),
    ...(references !== undefined && {
      references: list(where, `${at}.references`, references).map((one, i) =>
        checkedReference(where, `${at}.references[${i}]`, one),
      ),
    }),
    ...(frames !== undefined && {
      frames: list(where, `${at}.frames`, frames).map((one, i) =>
        checkedFrame(where, `${at}.frames[${i}]`, one),
      ),
    }),
    ...(bars !== undefined && {
      bars: list(where, `${at}.bars`, bars).map((one, i) => checkedBar(where, `${at}.bars[${i}]`, one)),
    }),
  };
}

function checkedBar(where: string, at: string, given: unknown): FigureBar {
  const { label, value, group, note } = record(where, at, given);
  return {
    label: text(where, `${at}.label`, label),
    value: number(where, `${at}.value`, value),
    group: text(where, `${at}.group`, group ?? ""),
    ...(note !== undefined && { note: text(where, `${at}.note`, note) }),
  };
}

function checkedAxis(where: string, at: string, given: unknown): Axis {
  const { label, scale, domain, names } = record(where, at, given);
  const ends = domain === undefined ? [] : numbers(where, `${at}.domain`, domain);
  if (domain !== undefined && (ends.length !== 2 || !ends.every(Number.isFinite)))
    throw wrong(where, `${at}.domain`, "two finite numbers", domain);
  return {
    label: text(where, `${at}.label`, label ?? ""),
    ...(scale !== undefined && { scale: oneOf(where, `${at}.scale`, scale, ["linear", "log", "symlog"]) }),
    ...(domain !== undefined && { domain: ends as [number, number] }),
    ...(names !== undefined && {
      names: list(where, `${at}.names`, names).map((name, i) => text(where, `${at}.names[${i}]`, name)),
    }),
  };
}

function checkedSeries(where: string, at: string, given: unknown): Series {
  const { name, kind, x, y, low } = record(where, at, given);
  const series: Series = {
    name: text(where, `${at}.name`, name),
    ...(kind !== undefined && { kind: oneOf(where, `${at}.kind`, kind, ["line", "dots", "band"]) }),
    x: numbers(where, `${at}.x`, x),
    y: numbers(where, `${at}.y`, y),
    ...(low !== undefined && { low: numbers(where, `${at}.low`, low) }),
  };
  for (const other of [series.y, series.low]) {
    if (other !== undefined && other.length !== series.x.length) {
      throw new ShapeError(
        where,
        `${at} has ${series.x.length} numbers along x and ${other.length} along y.`,
      );
    }
  }
  return series;
}

function checkedHeatmap(where: string, at: string, given: unknown): Heatmap {
  const { x, y, values, label, scale } = record(where, at, given);
  const heatmap: Heatmap = {
    x: numbers(where, `${at}.x`, x),
    y: numbers(where, `${at}.y`, y),
    values: numbers(where, `${at}.values`, values),
    label: text(where, `${at}.label`, label ?? ""),
    ...(scale !== undefined && { scale: oneOf(where, `${at}.scale`, scale, ["linear", "log"]) }),
  };
  const cells = heatmap.x.length * heatmap.y.length;
  if (heatmap.values.length === cells) return heatmap;
  throw new ShapeError(
    where,
    `${at}.values has ${heatmap.values.length} numbers, expected ${cells}: one for each x and y.`,
  );
}

function checkedReference(where: string, at: string, given: unknown): Reference {
  const { axis, value, label } = record(where, at, given);
  return {
    axis: oneOf(where, `${at}.axis`, axis, ["x", "y"]),
    value: number(where, `${at}.value`, value),
    label: text(where, `${at}.label`, label ?? ""),
  };
}

function checkedFrame(where: string, at: string, given: unknown): FigureFrame {
  const { label, shapes } = record(where, at, given);
  return {
    label: text(where, `${at}.label`, label ?? ""),
    shapes: list(where, `${at}.shapes`, shapes).map((one, i) =>
      checkedShape(where, `${at}.shapes[${i}]`, one),
    ),
  };
}

const roles: readonly SceneRole[] = ["body", "second", "ground", "goal"];

function checkedShape(where: string, at: string, given: unknown): FigureFrame["shapes"][number] {
  const { kind, role, points, isClosed, width, centre, radius } = record(where, at, given);
  const point = (name: string, value: unknown): [number, number] => {
    const [x, y, ...rest] = numbers(where, name, value);
    if (x === undefined || y === undefined || rest.length > 0)
      throw wrong(where, name, "an x and a y", value);
    return [x, y];
  };
  const roleOf = role === undefined ? {} : { role: oneOf(where, `${at}.role`, role, roles) };
  if (oneOf(where, `${at}.kind`, kind, ["path", "disc"]) === "disc")
    return {
      kind: "disc",
      centre: point(`${at}.centre`, centre),
      radius: number(where, `${at}.radius`, radius),
      ...roleOf,
    };
  return {
    kind: "path",
    points: list(where, `${at}.points`, points).map((one, i) => point(`${at}.points[${i}]`, one)),
    ...(isClosed !== undefined && { isClosed: isClosed === true }),
    ...(width !== undefined && { width: number(where, `${at}.width`, width) }),
    ...roleOf,
  };
}

/** A number, a tensor that holds one, or null: what files hold for a number that is not finite. */
function number(where: string, at: string, value: unknown): number {
  if (typeof value === "number") return value;
  if (value === null) return Number.NaN;
  if (Tensor.is(value) && value.size === 1) return Number(value.data[0]);
  throw wrong(where, at, "a number", value);
}

function numbers(where: string, at: string, value: unknown): number[] {
  if (Tensor.is(value)) return Array.from(value.data, Number);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as Float64Array, Number);
  return list(where, at, value).map((one, i) => number(where, `${at}[${i}]`, one));
}

function text(where: string, at: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw wrong(where, at, "text", value);
}

/** A list with holes may claim any length. */
const mostEntries = 10_000_000;

function list(where: string, at: string, value: unknown): unknown[] {
  if (Array.isArray(value) && value.length > mostEntries)
    throw new ShapeError(
      where,
      `${at} has ${value.length} entries, more than the ${mostEntries} that a page shows.`,
    );
  // A copy without holes: `map` would leave them.
  if (Array.isArray(value)) return Array.from(value as unknown[]);
  throw wrong(where, at, "a list", value);
}

function record(where: string, at: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !Tensor.is(value))
    return value as Record<string, unknown>;
  throw wrong(where, at, "a record", value);
}

function oneOf<Word extends string>(
  where: string,
  at: string,
  value: unknown,
  allowed: readonly Word[],
): Word {
  if ((allowed as readonly unknown[]).includes(value)) return value as Word;
  throw wrong(where, at, `one of ${allowed.join(", ")}`, value);
}

function wrong(where: string, at: string, allowed: string, given: unknown): ShapeError {
  return new ShapeError(where, `${at} must be ${allowed}, got ${show(given)}.`, { path: at });
}
