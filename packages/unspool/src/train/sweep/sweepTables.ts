/** The tables of a sweep. */
import type { Table } from "../study/study.ts";
import type { FieldEffect } from "./fieldEffects.ts";
import { type MeanInterval, meanInterval } from "./interval.ts";
import { type Measured, type SettingRanking, evaluationMetrics, valueOf } from "./rankSettings.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

/** Best first, with the difference of each to the best. */
export function rankingTable({ measured, settings }: SettingRanking, plan: SweepPlan): Table {
  const { name } = measured;
  const asked = plan.seeds.length;
  return {
    title: `Settings by ${measuredText(measured)}, ${plan.isMaximised ? "greatest" : "smallest"} first, with 95 % intervals over seeds`,
    columns: [
      ...["rank", ...settingColumns(plan), name, "interval", "runs", "failed"],
      ...["minus the best", "interval, same seeds"],
    ],
    rows: settings.map(({ setting, interval, toBest, results, failed }, i) => [
      i + 1,
      ...settingCells(plan, setting),
      ...intervalCells(interval),
      results.length === asked ? String(asked) : `${results.length} of ${asked}`,
      failed,
      ...(i === 0 ? ["", ""] : intervalCells(toBest)),
    ]),
  };
}

/** How a number is told that is of many steps. */
export const measuredText = ({ name, of }: Measured): string =>
  of === "steps" ? `${name} (mean of the last tenth of the outer steps)` : `${name} of the evaluation`;

const settingColumns = ({ fields }: SweepPlan): readonly string[] =>
  fields.length === 0 ? ["setting"] : fields;

const settingCells = ({ fixed }: SweepPlan, { values }: SweepSetting): readonly string[] =>
  values.length > 0 ? values : [fixed.length === 0 ? "defaults" : fixed.join(" ")];

/** The mean, and from where to where it lies: nothing of a single run. */
const intervalCells = ({ mean, low, high }: MeanInterval): [string | number, string] => [
  Number.isFinite(mean) ? mean : "",
  Number.isFinite(low) ? `${short(low)} to ${short(high)}` : "",
];

/** Four digits, as the tables of a report have them. */
export const short = (value: number): string => String(Number(value.toPrecision(4))).replaceAll("-", "−");

/** More metrics than these make a table that is not read. */
const mostMetrics = 6;

/** Of each setting the means of what the evaluations measured, if that is more than what is ranked. */
export function evaluationTable({ measured, settings }: SettingRanking, plan: SweepPlan): Table[] {
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
  const { mean, high, count } = meanInterval(finite);
  if (count === 0) return "none";
  const spread = Number.isFinite(high) ? ` ± ${String(Number((high - mean).toPrecision(2)))}` : "";
  return `${short(mean)}${spread}${count < values.length ? ` (${count} of ${values.length} runs)` : ""}`;
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
      title: `Mean ${name} at each value, over all settings that have it, with 95 % intervals over seeds`,
      columns: ["field", "value", name, "interval", "runs", "failed"],
      rows: effects.flatMap(({ field, levels }) =>
        levels.map(({ label, interval, runs, failed }) => [
          ...[field, label],
          ...intervalCells(interval),
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
