/** What successive halving decided and saved, and its settings as they compare: at the first rung, where all of them were. */
import type { CellResults, Table } from "../study/study.ts";
import type { SweepHalving } from "./halving.ts";
import { meanInterval } from "./interval.ts";
import type { RankedSetting, SettingRanking } from "./rankSettings.ts";
import { settingLabel } from "./settingNames.ts";
import type { SweepPlan } from "./sweepPlan.ts";
import { intervalText } from "./sweepTables.ts";

/** Outer steps that were run, and that all settings would have taken: a run that failed ends where it does in both. */
export function savedSteps(
  results: CellResults,
  plan: SweepPlan,
): { outerSteps: number; outerStepsSaved: number } {
  const all = [...results.values()];
  const run = all.reduce((sum, { metrics }) => sum + metrics.length, 0);
  const whole = all.reduce((sum, { metrics, failure }) => sum + (failure ? metrics.length : plan.steps!), 0);
  return { outerSteps: run, outerStepsSaved: whole - run };
}

/** A line for each rung: who came to it, who went on, and by what. */
export function halvingTable(results: CellResults, plan: SweepPlan): Table[] {
  if (plan.halving === null) return [];
  const { eta, rungs, decided } = plan.halving;
  const { outerSteps, outerStepsSaved } = savedSteps(results, plan);
  const share = Math.round((100 * outerStepsSaved) / Math.max(1, outerSteps + outerStepsSaved));
  const others = (count: number): string => (count === 0 ? "" : String(count));
  return [
    {
      title: `Halving: one of ${eta} settings went on from each rung; ${outerSteps} outer steps were run, ${outerStepsSaved} of ${outerSteps + outerStepsSaved} (${share} %) were saved`,
      columns: [
        "outer steps",
        "settings",
        "failed runs",
        "went on",
        `best ${plan.by}`,
        `last ${plan.by} that went on`,
      ],
      rows: rungs.flatMap((rung, i) => {
        const decision = decided[i];
        const members =
          decision?.members ?? decided[i - 1]?.kept ?? (i === 0 ? [...plan.settings.keys()] : []);
        if (members.length === 0) return [];
        if (decision === undefined) return [[rung, members.length, "", "", "", ""]];
        const failed = decision.values.flat().filter((value) => value === null).length;
        const told = (setting: number | undefined): string =>
          intervalText(meanInterval(valuesOf(decision, setting!)));
        return [
          [
            rung,
            members.length,
            others(failed),
            decision.kept.length,
            told(decision.kept[0]),
            told(decision.kept.at(-1)),
          ],
        ];
      }),
    },
  ];
}

const valuesOf = ({ members, values }: SweepHalving["decided"][number], setting: number): number[] =>
  values[members.indexOf(setting)]!.filter((value) => value !== null);

/**
 * The settings as far as they can be compared with each other: of a sweep by halving all of them at the first rung, once that
 * is decided; of others as they are.
 */
export function comparable(ranked: SettingRanking, plan: SweepPlan): SettingRanking {
  const first = plan.halving?.decided[0];
  if (first === undefined) return ranked;
  const settings = first.members.map((at, row): RankedSetting => {
    const setting = plan.settings[at]!;
    const found = first.values[row]!.flatMap((value, i) =>
      value === null ? [] : [[plan.seeds[i]!, value] as const],
    );
    const values = new Map(found);
    const known = ranked.settings.find((one) => one.setting === setting);
    return {
      ...{ setting, label: settingLabel(plan, setting), rung: 0, values },
      results: known?.results ?? [],
      failed: plan.seeds.length - values.size,
      interval: meanInterval([...values.values()]),
      toBest: meanInterval([]),
    };
  });
  const sign = plan.isMaximised ? -1 : 1;
  const worth = ({ interval: { mean } }: RankedSetting): number =>
    Number.isFinite(mean) ? sign * mean : Infinity;
  const { name, of } = ranked.measured;
  const measured = { name: `${name} at ${plan.halving!.rungs[0]} outer steps`, of };
  return {
    measured,
    settings: settings.toSorted((a, b) => (worth(a) === worth(b) ? 0 : worth(a) - worth(b))),
  };
}
