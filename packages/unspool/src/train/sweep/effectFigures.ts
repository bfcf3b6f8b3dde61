/** Figures of what is ranked against each numeric field: every run, and the mean with its band. */
import type { Axis, Figure } from "../figure.ts";
import { type FieldEffect, numberOf } from "./fieldEffects.ts";
import type { SettingRanking } from "./rankSettings.ts";
import type { SweepPlan } from "./sweepPlan.ts";
import { measuredText } from "./sweepTables.ts";

export function effectFigures(
  effects: readonly FieldEffect[],
  { measured, settings }: SettingRanking,
  plan: SweepPlan,
): Figure[] {
  return effects.flatMap(({ field, levels }) => {
    const at = plan.fields.indexOf(field);
    const xOf = ({ values }: { values: readonly string[] }): number => numberOf(values[at]!);
    if (!settings.every(({ setting }) => Number.isFinite(xOf(setting)))) return [];
    const runs = settings.flatMap(({ setting, values }) =>
      [...values.values()].map((value) => [xOf(setting), value] as const),
    );
    if (runs.length === 0) return [];
    // Ranges of drawn values have no one place on the axis.
    const isGrid = levels.every(({ label }) => Number.isFinite(numberOf(label)));
    const means = levels.filter(({ interval }) => isGrid && interval.count > 0);
    const [xs, ys] = [means.map(({ label }) => numberOf(label)), means.map(({ interval }) => interval)];
    const hasBand = ys.length > 1 && ys.every(({ low }) => Number.isFinite(low));
    const failed = levels.reduce((sum, level) => sum + level.failed, 0);
    return [
      {
        id: `effect-${field}`,
        title: `${measured.name} against ${field}`,
        caption:
          `${measuredText(measured)}: a dot for each run${means.length === 0 ? "" : ", the mean over all settings with that value, and its 95 % band over seeds"}.` +
          (failed === 0 ? "" : ` ${failed} runs failed and are not drawn.`),
        x: { label: field, scale: scaleOf(runs.map(([x]) => x)) },
        y: { label: measured.name, scale: scaleOf(runs.map(([, y]) => y)) },
        series: [
          ...(hasBand
            ? [
                {
                  ...{ name: "mean", kind: "band" as const, x: xs },
                  y: ys.map(({ high }) => high),
                  low: ys.map(({ low }) => low),
                },
              ]
            : []),
          ...(means.length > 1 ? [{ name: "mean", x: xs, y: ys.map(({ mean }) => mean) }] : []),
          { name: "runs", kind: "dots" as const, x: runs.map(([x]) => x), y: runs.map(([, y]) => y) },
        ],
      },
    ];
  });
}

/** Logarithmic where all are positive and span more than this. */
const widest = 25;

export function scaleOf(values: readonly number[]): NonNullable<Axis["scale"]> {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [
    finite.reduce((a, b) => Math.min(a, b), Infinity),
    finite.reduce((a, b) => Math.max(a, b), 0),
  ];
  return low > 0 && high / low > widest ? "log" : "linear";
}
