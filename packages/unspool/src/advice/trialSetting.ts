/** One way to train: which estimator, with which of the options that matter. */
import { type EstimatorOptions, estimatorEntry, innerStepsOf } from "../estimators/index.ts";

export interface TrialSetting {
  estimator: string;
  /** Inner steps per outer step; the horizon for estimators of whole trajectories. */
  truncation: number;
  /** Of ES types. */
  sigma?: number | undefined;
  pairs?: number | undefined;
  /** Of estimators with derivatives. */
  tasks?: number | undefined;
  /** Of the optimizer, where the setup says how to change it; else the setup's own. */
  learningRate?: number | undefined;
}

/** The options that the estimator of a setting is made with, whatever else the problem's options say included. */
export function optionsOf(options: EstimatorOptions, setting: TrialSetting): EstimatorOptions {
  const { truncation, sigma, pairs, tasks } = setting;
  const wanted: EstimatorOptions = {
    ...options,
    truncation,
    ...(sigma !== undefined && { sigma }),
    ...(pairs !== undefined && { pairs }),
    ...(tasks !== undefined && { tasks }),
  };
  const known = estimatorEntry(setting.estimator)
    .options.filter((name) => wanted[name] !== undefined)
    .map((name) => [name, wanted[name]]);
  return Object.fromEntries(known) as EstimatorOptions;
}

/** Inner steps of one outer step of a setting, over all particles. */
export function stepsOfSetting(setting: TrialSetting): number {
  const { estimator, truncation, pairs = 1, tasks = 1 } = setting;
  const entry = estimatorEntry(estimator);
  return innerStepsOf(entry, entry.options.includes("pairs") ? pairs : tasks, truncation);
}

export const isSameSetting = (a: TrialSetting, b: TrialSetting): boolean => nameOf(a) === nameOf(b);

/** A name that differs for settings that differ. */
export function nameOf({ estimator, truncation, sigma, pairs, tasks, learningRate }: TrialSetting): string {
  return JSON.stringify([estimator, truncation, sigma, pairs, tasks, learningRate]);
}

/** A setting in one line. */
export function describe(setting: TrialSetting): string {
  const { estimator, truncation, sigma, pairs, tasks, learningRate } = setting;
  return [
    `${estimator}, truncation ${truncation}`,
    ...(sigma === undefined ? [] : [`sigma ${sigma}`]),
    ...(pairs === undefined ? [] : [`${pairs} ${pairs === 1 ? "pair" : "pairs"}`]),
    ...(tasks === undefined ? [] : [`${tasks} ${tasks === 1 ? "task" : "tasks"}`]),
    ...(learningRate === undefined ? [] : [`learning rate ${learningRate}`]),
  ].join(", ");
}
