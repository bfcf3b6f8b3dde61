/** The settings that trial runs try: every estimator, a few searches, then variations of the best. */
import { estimators, suitsProblem } from "../estimators/index.ts";
import { searches, suitsSize } from "../search/index.ts";
import type { InnerProblem } from "../train/index.ts";
import { contenderOf, ofOther } from "./contender.ts";
import type { TrialSetting } from "./trialSetting.ts";

/** Those that are tried, in the order in which they are preferred where they do equally well. */
const preferred = <Entry extends { preference?: number }>(entries: readonly Entry[]): Entry[] =>
  entries
    .filter(({ preference }) => preference !== undefined)
    .toSorted((a, b) => a.preference! - b.preference!);

/** With the problem's own options, those that count for what `name` names: an estimator or a search. */
export function settingOf(
  name: string,
  { problem: { horizon }, options, learningRate, others = [] }: InnerProblem,
  isDeterministic: boolean,
): TrialSetting {
  const other = others.find((one) => one.name === name);
  const contender = other === undefined ? contenderOf(name) : ofOther(other);
  const { name: estimator, search, estimator: entry, isWhole, options: known } = contender;
  const { sigma = 0.01, pairs = 16, tasks } = options;
  if (search !== undefined) {
    const own = { ...(options.sigma !== undefined && { sigma }), ...(tasks !== undefined && { tasks }) };
    return { estimator, truncation: horizon, ...own, pairs };
  }
  const truncation = isWhole ? horizon : (options.truncation ?? Math.min(10, horizon));
  const rate = learningRate === undefined ? {} : { learningRate: learningRate.value };
  const common = { estimator, ...(other && { other }), truncation, ...rate };
  const smoothing = known.includes("sigma") ? { sigma } : {};
  if (known.includes("pairs")) return { ...common, ...smoothing, pairs };
  return { ...common, tasks: isDeterministic && entry?.isDeterministic === true ? 1 : 2 * pairs };
}

export interface Tried {
  isDeterministic: boolean;
  thetaSize: number;
  /** The search that the setup itself names: it is tried, whether it would be or not. Default: none. */
  ownSearch?: string | undefined;
}

/** Every estimator that the problem allows, with the problem's own options. */
export function trialSettings(inner: InnerProblem, given: Tried): TrialSetting[] {
  const { problem, options } = inner;
  const { horizon, isDifferentiable } = problem;
  const truncation = options.truncation ?? Math.min(10, horizon);
  return preferred(estimators)
    .filter((entry) => {
      const { isWhole, needsDivisor = false } = entry;
      if (!suitsProblem(entry, { isDifferentiable, thetaSize: given.thetaSize })) return false;
      if (isWhole && horizon === Infinity) return false;
      return !needsDivisor || horizon === Infinity || horizon % truncation === 0;
    })
    .map(({ name }) => settingOf(name, inner, given.isDeterministic));
}

/** A few searches of different kinds, and the setup's own; none for a loop without an end. */
export function searchSettings(inner: InnerProblem, given: Tried): TrialSetting[] {
  const { thetaSize, ownSearch, isDeterministic } = given;
  if (inner.problem.horizon === Infinity) return [];
  const names = preferred(searches)
    .filter((entry) => suitsSize(entry, thetaSize))
    .map(({ name }) => name as string);
  const own = ownSearch === undefined || names.includes(ownSearch) ? [] : [ownSearch];
  return [...own, ...names].map((name) => settingOf(name, inner, isDeterministic));
}

/** At least this many outer steps must be paid for. */
const leastOuterSteps = 20;

export function isAffordable(setting: TrialSetting, innerSteps: number): boolean {
  const { truncation, pairs = 1, tasks = 1 } = setting;
  return 2 * truncation * Math.max(pairs, tasks / 2) * leastOuterSteps <= innerSteps;
}

/** A third of the learning rate and three times it. */
export function learningRates(setting: TrialSetting): TrialSetting[] {
  const { learningRate } = setting;
  return learningRate === undefined
    ? []
    : [learningRate / 3, learningRate * 3].map((one) => ({ ...setting, learningRate: rounded(one) }));
}

/** A quarter of the window and four times it, or the nearest divisors of the horizon. */
export function truncations(setting: TrialSetting, { problem: { horizon } }: InnerProblem): TrialSetting[] {
  const { truncation, estimator } = setting;
  if (contenderOf(estimator).isWhole) return [];
  const wanted = [truncation / 4, truncation * 4].map(Math.round).filter((one) => one >= 1);
  const allowed = wanted.map((one) => (horizon === Infinity ? one : nearestDivisor(horizon, one)));
  return [...new Set(allowed)]
    .filter((one) => one !== truncation)
    .map((one) => ({ ...setting, truncation: one }));
}

function nearestDivisor(horizon: number, to: number): number {
  let best = horizon;
  for (let one = 1; one <= horizon; one++) {
    if (horizon % one === 0 && Math.abs(Math.log(one / to)) < Math.abs(Math.log(best / to))) best = one;
  }
  return best;
}

/** A third of sigma and three times it. */
export function sigmas(setting: TrialSetting): TrialSetting[] {
  const { sigma } = setting;
  return sigma === undefined
    ? []
    : [sigma / 3, sigma * 3].map((one) => ({ ...setting, sigma: rounded(one) }));
}

/** A quarter of the pairs and four times as many. */
export function pairCounts(setting: TrialSetting): TrialSetting[] {
  const { pairs } = setting;
  if (pairs === undefined) return [];
  return [Math.max(1, Math.round(pairs / 4)), pairs * 4]
    .filter((one) => one !== pairs)
    .map((one) => ({ ...setting, pairs: one }));
}

/** Two digits: what a person would type. */
const rounded = (value: number): number => Number(value.toPrecision(2));
