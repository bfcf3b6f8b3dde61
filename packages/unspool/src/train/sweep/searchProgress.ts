/** How a search came to its best setting: each setting in the order in which it was asked for, and the best so far. */
import type { Figure } from "../figure.ts";
import { scaleOf } from "./effectFigures.ts";
import type { SettingRanking } from "./rankSettings.ts";
import type { SweepPlan } from "./sweepPlan.ts";
import { measuredText } from "./sweepTables.ts";

export function searchProgress({ measured, settings }: SettingRanking, plan: SweepPlan): Figure[] {
  if (plan.search === null) return [];
  const means = plan.settings.map(
    (setting) => settings.find((one) => one.setting === setting)?.interval.mean ?? Number.NaN,
  );
  const tried = means.flatMap((mean, i) => (Number.isFinite(mean) ? [{ at: i + 1, mean }] : []));
  if (tried.length < 2) return [];
  const better = plan.isMaximised ? Math.max : Math.min;
  const x = tried.map(({ at }) => at);
  const y = tried.map(({ mean }) => mean);
  return [
    {
      id: "search-progress",
      title: `${measured.name} of the settings that ${plan.search.method} asked for`,
      caption: `${measuredText(measured)}, mean over seeds: a dot for each setting in the order in which it was asked for, and the best so far.`,
      x: { label: "setting" },
      y: { label: measured.name, scale: scaleOf(y) },
      series: [
        { name: "best so far", x, y: y.map((_, i) => y.slice(0, i + 1).reduce((a, b) => better(a, b))) },
        { name: "settings", kind: "dots", x, y },
      ],
    },
  ];
}
