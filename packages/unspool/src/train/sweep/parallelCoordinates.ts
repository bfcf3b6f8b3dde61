/**
 * Parallel coordinates: an upright axis for each field and one for what is ranked, and a line for each setting across them.
 * Where the lines of the best run together, a field matters.
 */
import type { Figure } from "../figure.ts";
import { scaleOf } from "./effectFigures.ts";
import { numberOf } from "./fieldEffects.ts";
import type { RankedSetting, SettingRanking } from "./rankSettings.ts";
import type { SweepPlan } from "./sweepPlan.ts";

/** Fewer settings or fields are read from the table. */
const fewest = { settings: 3, fields: 2 };

export function parallelCoordinates({ measured, settings }: SettingRanking, plan: SweepPlan): Figure[] {
  if (settings.length < fewest.settings || plan.fields.length < fewest.fields) return [];
  const axes = [
    ...plan.fields.map((field, i) =>
      axisOf(
        field,
        settings.map(({ setting }) => setting.values[i]!),
      ),
    ),
    axisOf(
      measured.name,
      settings.map(({ interval }) => String(interval.mean)),
    ),
  ];
  const best = Math.ceil(settings.length / 4);
  const lineOf = (at: number): number[] => axes.map(({ places }) => places[at]!);
  const group = (name: string, members: readonly number[]) => ({
    name,
    // A place that is none ends a line, and the next begins.
    x: members.flatMap(() => [...axes.keys(), Number.NaN]),
    y: members.flatMap((at) => [...lineOf(at), Number.NaN]),
  });
  const all = [...settings.keys()];
  return [
    {
      id: "parallel-coordinates",
      title: `Settings across their fields and ${measured.name}`,
      caption: `A line for each setting. From bottom to top: ${axes.map(({ name, range }) => `${name} ${range}`).join("; ")}.${lacking(settings)}`,
      x: { label: "", names: axes.map(({ name }) => name) },
      y: { label: "place on the axis, 0 to 1", domain: [0, 1] },
      series: [group("the others", all.slice(best)), group(`the best ${best}`, all.slice(0, best))],
    },
  ];
}

interface ParallelAxis {
  name: string;
  /** From 0 to 1, of each setting; NaN where there is none. */
  places: readonly number[];
  range: string;
}

function axisOf(name: string, texts: readonly string[]): ParallelAxis {
  const numbers = texts.map(numberOf);
  const finite = numbers.filter(Number.isFinite);
  const isNumeric = texts.every((text, i) => Number.isFinite(numbers[i]) || text === "NaN");
  if (!isNumeric || finite.length === 0) {
    const kinds = [...new Set(texts)];
    const places = texts.map((text) => (kinds.length === 1 ? 0.5 : kinds.indexOf(text) / (kinds.length - 1)));
    return { name, places, range: kinds.join(", ") };
  }
  const isLog = scaleOf(finite) === "log";
  const along = (value: number): number => (isLog ? Math.log(value) : value);
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const span = along(high) - along(low);
  const places = numbers.map((value) => (span === 0 ? 0.5 : (along(value) - along(low)) / span));
  const told = (value: number): string => String(Number(value.toPrecision(4)));
  return { name, places, range: `${told(low)} to ${told(high)}${isLog ? ", by its logarithm" : ""}` };
}

function lacking(settings: readonly RankedSetting[]): string {
  const count = settings.filter(({ interval }) => !Number.isFinite(interval.mean)).length;
  return count === 0 ? "" : ` Of ${count} of them all runs failed: their lines end before the last axis.`;
}
