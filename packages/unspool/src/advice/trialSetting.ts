/** One way to train: which estimator or search, with which of the options that matter. */
import { type ComparedEstimator, type EstimatorOptions, innerStepsOf } from "../estimators/index.ts";
import { type Contender, contenderOf, ofOther } from "./contender.ts";

export interface TrialSetting {
  /** Or a search, which stands in its place and has no optimizer. */
  estimator: string;
  /** The estimator itself, where no registry has it: one of the problem alone. */
  other?: ComparedEstimator | undefined;
  /** Inner steps per outer step; the horizon for estimators of whole trajectories, and for searches. */
  truncation: number;
  /** Of ES types, and of the first candidates of a search. */
  sigma?: number | undefined;
  /** Half of the candidates, for a search. */
  pairs?: number | undefined;
  /** Of estimators with derivatives; trajectories of each candidate, for a search. */
  tasks?: number | undefined;
  /** Of the optimizer, where the setup says how to change it; else the setup's own. */
  learningRate?: number | undefined;
}

/** What a setting names. */
export const contenderIn = ({ estimator, other }: TrialSetting): Contender =>
  other === undefined ? contenderOf(estimator) : ofOther(other);

/** The options that the estimator or search of a setting is made with, whatever else the problem's options say included. */
export function optionsOf(options: EstimatorOptions, setting: TrialSetting): EstimatorOptions {
  const { truncation, sigma, pairs, tasks } = setting;
  const wanted: EstimatorOptions = {
    ...options,
    truncation,
    ...(sigma !== undefined && { sigma }),
    ...(pairs !== undefined && { pairs }),
    ...(tasks !== undefined && { tasks }),
  };
  const known = contenderIn(setting)
    .options.filter((name) => wanted[name] !== undefined)
    .map((name) => [name, wanted[name]]);
  return Object.fromEntries(known) as EstimatorOptions;
}

/** Inner steps of one outer step of a setting, over all particles; of a search that of its usual step, for some differ. */
export function stepsOfSetting(setting: TrialSetting): number {
  const { truncation, pairs = 1, tasks = 1 } = setting;
  const { estimator: entry } = contenderIn(setting);
  if (entry === undefined) return 2 * pairs * tasks * truncation;
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
