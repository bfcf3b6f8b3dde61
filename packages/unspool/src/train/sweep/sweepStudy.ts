/**
 * A sweep: the study of an experiment's settings, each run with the same seeds, so that two settings are compared by runs
 * that share their random numbers.
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import type { Experiment } from "../experiment.ts";
import type { Study } from "../study/study.ts";
import { nextRung, stopOf } from "./halving.ts";
import { sweepCellId } from "./settingNames.ts";
import { type SweepPlan, checkedPlan } from "./sweepPlan.ts";
import { type ConfigOf, configOfTexts, nextBatch } from "./sweepSearch.ts";
import { sweepSummary } from "./sweepSummary.ts";

export interface SweepStudyOptions {
  /** Makes the config of a setting that a search asks for. Default: its values at their paths, as JSON or as texts. */
  configOf?: ConfigOf;
}

/**
 * The study whose config is a plan: `runStudy(sweepStudy(experiment), { config: plan })`. A seed is done in all settings
 * before the next begins, so that a sweep which is stopped has something of each. With a plan's `halving` or `search` it grows by what its runs come to.
 */
export function sweepStudy(experiment: Experiment, options: SweepStudyOptions = {}): Study<SweepPlan> {
  requireKnownOptions("sweepStudy", options, ["configOf"]);
  const { configOf = configOfTexts } = options;
  return {
    name: sweepName(experiment.name),
    summary: `Settings of ${experiment.name} over the same seeds`,
    config: { parse: checkedPlan },
    cells(plan) {
      if (plan.experiment !== experiment.name)
        throw new OptionError("sweep", "experiment", plan.experiment, JSON.stringify(experiment.name));
      return plan.seeds.flatMap((seed) =>
        plan.settings.map((setting, i) => ({
          id: sweepCellId(plan, setting, seed),
          experiment,
          config: setting.config,
          seed,
          ...(plan.steps !== null && { steps: plan.steps }),
          until: stopOf(plan, i),
        })),
      );
    },
    grow(results, plan) {
      if (plan.halving !== null) return nextRung(results, plan);
      return plan.search === null ? undefined : nextBatch(results, plan, configOf);
    },
    summarise: (results, plan) => sweepSummary(results, plan),
  };
}

/** The name of the study of an experiment's settings. */
export const sweepName = (experiment: string): string => `${experiment}-sweep`;
