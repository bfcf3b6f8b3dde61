/** What a sweep comes to: settings by rank, what the evaluations measured, which fields matter, curves with bands. */
import type { CellResults, StudySummary } from "../study/study.ts";
import { fieldEffects } from "./fieldEffects.ts";
import { effectFigures } from "./effectFigures.ts";
import { comparable, halvingTable, savedSteps } from "./halvingTable.ts";
import { parallelCoordinates } from "./parallelCoordinates.ts";
import { rankSettings } from "./rankSettings.ts";
import { searchProgress } from "./searchProgress.ts";
import { settingCurves } from "./settingCurves.ts";
import type { SweepPlan } from "./sweepPlan.ts";
import { effectTables, evaluationTable, failureTable, rankingTable } from "./sweepTables.ts";

export function sweepSummary(results: CellResults, plan: SweepPlan): StudySummary {
  if (results.size === 0) return {};
  const ranked = rankSettings(results, plan);
  const alike = comparable(ranked, plan);
  const effects = fieldEffects(alike, plan);
  const [best] = ranked.settings;
  return {
    metrics: {
      ...(best !== undefined && Number.isFinite(best.interval.mean) && { best: best.interval.mean }),
      failedRuns: ranked.settings.reduce((sum, { failed }) => sum + failed, 0),
      ...(plan.halving !== null && savedSteps(results, plan)),
    },
    tables: [
      rankingTable(ranked, plan),
      ...halvingTable(results, plan),
      ...evaluationTable(ranked, plan),
      ...effectTables(effects, alike.measured.name),
      ...failureTable(ranked),
    ],
    figures: [
      ...searchProgress(ranked, plan),
      ...parallelCoordinates(alike, plan),
      ...effectFigures(effects, alike, plan),
      ...settingCurves(ranked),
    ],
  };
}
