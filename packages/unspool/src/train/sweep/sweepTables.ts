/** The tables of a sweep. */
import type { Table } from "../study/study.ts";
import type { FieldEffect } from "./fieldEffects.ts";
import { stopOf } from "./halving.ts";
import { type MeanInterval, meanInterval } from "./interval.ts";
import { type Measured, evaluationMetrics, valueOf } from "./measured.ts";
import type { SettingRanking } from "./rankSettings.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

/** Best first, with the difference of each to the best. */
export function rankingTable({ measured, settings }: SettingRanking, plan: SweepPlan): Table {
  const { name } = measured;
  const asked = plan.seeds.length;
  const isHalved = plan.halving !== null;
  const farther = isHalved
    ? ". Settings that came farther stand first: numbers after different outer steps do not compare"
    : "";
  /** How far its runs were taken, of a sweep by halving. */
  const reach = (at: number): (number | string)[] =>
    isHalved ? [stopOf(plan, at) ?? plan.halving.rungs.at(-1)!] : [];
  return {
    title: `Settings by ${measuredText(measured)}, ${plan.isMaximised ? "greatest" : "smallest"} first: mean ± half of the 95 % interval over seeds, and the paired difference to the best over the same seeds${farther}`,
    columns: [
      ...["rank", ...settingColumns(plan), ...(isHalved ? ["outer steps"] : [])],
      ...[name, "runs", "failed", "minus the best"],
    ],
    rows: [
      ...settings.map(({ setting, interval, toBest, results, failed }, i) => [
        i + 1,
        ...settingCells(plan, setting),
        ...reach(plan.settings.indexOf(setting)),
        intervalText(interval),
        results.length === asked ? String(asked) : `${results.length} of ${asked}`,
        failed,
        i === 0 || toBest.count === 0 ? "" : intervalText(toBest),
      ]),
      // Nothing is left out: not begun, or none of its runs has come to an end.
      ...plan.settings
        .filter((setting) => !settings.some((one) => one.setting === setting))
        .map((setting, i) => [
          settings.length + i + 1,
          ...settingCells(plan, setting),
          ...reach(plan.settings.indexOf(setting)).map((steps) => `on the way to ${steps}`),
          ...["none", `0 of ${asked}`, 0, ""],
        ]),
    ],
  };
}

/** How a number is told that is of many steps. */
export const measuredText = ({ name, of }: Measured): string =>
  of === "steps" ? `${name} (mean of the last tenth of the outer steps)` : `${name} of the evaluation`;

const settingColumns = ({ fields }: SweepPlan): readonly string[] =>
  fields.length === 0 ? ["setting"] : fields;

const settingCells = ({ fixed }: SweepPlan, { values }: SweepSetting): readonly string[] =>
  values.length > 0 ? values : [fixed.length === 0 ? "defaults" : fixed.join(" ")];

/** `248.13 ± 0.21`: two digits of half the interval, and the mean as far; four digits of the mean of a single run. */
export function intervalText({ mean, low, high }: MeanInterval): string {
  if (!Number.isFinite(mean)) return "none";
  const half = (high - low) / 2;
  if (!Number.isFinite(half)) return digits(mean, 4);
  const [error, size] = [digits(half, 2), Math.max(Math.abs(mean), Number.MIN_VALUE)];
  if (half === 0) return `${digits(mean, 6)} ± 0`;
  // As many digits of the mean as reach those of the error.
  const places = Math.floor(Math.log10(size)) - Math.floor(Math.log10(half)) + 2;
  return `${digits(mean, Math.min(12, Math.max(1, places)))} ± ${error}`;
}

/** As it is told, with a minus that is one. */
const digits = (value: number, count: number): string => {
  const size = Math.abs(value);
  const isPlain = value === 0 || (size >= 1e-4 && size < 1e6);
  const text = isPlain
    ? String(Number(value.toPrecision(count)))
    : String(Number(value.toExponential(count - 1)));
  return text.replaceAll("-", "−").replace("e+", "e");
};

/** More metrics than these make a table that is not read. */
const mostMetrics = 6;

/** Of each setting the means of what the evaluations measured, if that is more than what is ranked. */
export function evaluationTable({ measured, settings: ranked }: SettingRanking, plan: SweepPlan): Table[] {
  // Others were evaluated after fewer outer steps.
  const settings = ranked.filter(({ rung }) => rung === ranked[0]!.rung);
  const all = evaluationMetrics(settings.flatMap(({ results }) => results));
  const shown = all.filter((name) => name !== measured.name).slice(0, mostMetrics);
  const isRanked = measured.of === "evaluation";
  const left = all.length - shown.length - (isRanked && all.includes(measured.name) ? 1 : 0);
  if (shown.length === 0) return [];
  const more = left === 0 ? "" : `, ${left} further ones stand in the runs`;
  return [
    {
      title: `${isRanked ? "What else" : "What"} the evaluations measured: mean ± half of the 95 % interval${more}`,
      columns: [...settingColumns(plan), ...shown],
      rows: settings.map(({ setting, results }) => [
        ...settingCells(plan, setting),
        ...shown.map((name) => measuredCell(results.map((one) => valueOf(one, { name, of: "evaluation" })))),
      ]),
    },
  ];
}

function measuredCell(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const of = finite.length < values.length ? ` (${finite.length} of ${values.length} runs)` : "";
  return `${intervalText(meanInterval(finite))}${of}`;
}

/** What every value of every field does, and how much of it is the field's. */
export function effectTables(effects: readonly FieldEffect[], name: string): Table[] {
  if (effects.length === 0) return [];
  const shares = effects.filter(({ share }) => Number.isFinite(share));
  return [
    ...(shares.length === 0
      ? []
      : [
          {
            title:
              "Which fields matter: share of the spread between runs that a field explains by itself, beyond chance",
            columns: ["field", "share in %"],
            rows: shares
              .toSorted((a, b) => b.share - a.share)
              .map(({ field, share }) => [field, Math.round(1000 * share) / 10]),
          },
        ]),
    {
      title: `Mean ${name} at each value, over all settings that have it, ± half of the 95 % interval over seeds`,
      columns: ["field", "value", name, "runs", "failed"],
      rows: effects.flatMap(({ field, levels }) =>
        levels.map(({ label, interval, runs, failed }) => [
          ...[field, label],
          intervalText(interval),
          ...[runs, failed],
        ]),
      ),
    },
  ];
}

/** The runs that are in no mean, and why. */
export function failureTable({ measured, settings }: SettingRanking): Table[] {
  const rows = settings.flatMap(({ label, results, values }) =>
    results
      .filter(({ seed }) => !values.has(seed))
      .map(({ seed, failure }) => [
        label,
        seed,
        failure?.message ?? `its ${measured.name} is not finite or is not there`,
      ]),
  );
  return rows.length === 0
    ? []
    : [{ title: "Runs that failed, and are in no mean", columns: ["setting", "seed", "why"], rows }];
}
