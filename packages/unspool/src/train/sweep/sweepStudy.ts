/**
 * A sweep: the study of an experiment's settings, each run with the same seeds, so that two settings are compared by runs
 * that share their random numbers.
 */
import { OptionError } from "../../errors.ts";
import type { Experiment } from "../experiment.ts";
import type { Study } from "../study/study.ts";
import { sweepCellId } from "./settingNames.ts";
import { type SweepPlan, checkedPlan } from "./sweepPlan.ts";
import { sweepSummary } from "./sweepSummary.ts";

/**
 * The study whose config is a plan: `runStudy(sweepStudy(experiment), { config: plan })`. A seed is done in all settings
 * before the next begins, so that a sweep which is stopped has something of each.
 */
export function sweepStudy(experiment: Experiment): Study<SweepPlan> {
  return {
    name: sweepName(experiment.name),
    summary: `Settings of ${experiment.name} over the same seeds`,
    config: { parse: checkedPlan },
    cells(plan) {
      if (plan.experiment !== experiment.name)
        throw new OptionError("sweep", "experiment", plan.experiment, JSON.stringify(experiment.name));
      return plan.seeds.flatMap((seed) =>
        plan.settings.map((setting) => ({
          id: sweepCellId(plan, setting, seed),
          experiment,
          config: setting.config,
          seed,
          ...(plan.steps !== null && { steps: plan.steps }),
        })),
      );
    },
    summarise: (results, plan) => sweepSummary(results, plan),
  };
}

/** The name of the study of an experiment's settings. */
export const sweepName = (experiment: string): string => `${experiment}-sweep`;
