/** One way to train: which estimator, with which of the options that matter. */
import { type EstimatorEntry, type EstimatorOptions, estimatorEntry } from "../estimators/index.ts";

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

/** Inner steps of one estimate, over all particles. */
export function innerStepsOf({ name, kind }: EstimatorEntry, setting: TrialSetting): number {
  const { truncation, pairs = 1, tasks = 1 } = setting;
  if (kind === "reverse" || kind === "forward") return tasks * truncation;
  const members = { truncatedEs: 3, pesAnalytic: 2 + 1 / pairs }[name as string] ?? 2;
  return members * pairs * truncation;
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
