/** The settings that trial runs try: every estimator, then variations of the best. */
import { type EstimatorEntry, estimatorEntry, estimators, suitsProblem } from "../estimators/index.ts";
import type { InnerProblem } from "../train/index.ts";
import type { TrialSetting } from "./trialSetting.ts";

/** Those that are tried, in the order in which they are preferred where they do equally well. */
const tried: readonly EstimatorEntry[] = estimators
  .filter(({ preference }) => preference !== undefined)
  .toSorted((a, b) => a.preference! - b.preference!);

/** Every estimator that the problem allows, with the problem's own options. */
export function trialSettings(
  { problem, options, learningRate }: InnerProblem,
  given: { isDeterministic: boolean; thetaSize: number },
): TrialSetting[] {
  const { horizon, isDifferentiable } = problem;
  const { sigma = 0.01, pairs = 16 } = options;
  const truncation = options.truncation ?? Math.min(10, horizon);
  const rate = learningRate === undefined ? {} : { learningRate: learningRate.value };
  return tried.flatMap((entry): TrialSetting[] => {
    const { name, isWhole, needsDivisor = false, isDeterministic = false } = entry;
    if (!suitsProblem(entry, { isDifferentiable, thetaSize: given.thetaSize })) return [];
    if (isWhole && horizon === Infinity) return [];
    if (needsDivisor && horizon !== Infinity && horizon % truncation !== 0) return [];
    const common = { estimator: name, truncation: isWhole ? horizon : truncation, ...rate };
    const smoothing = entry.options.includes("sigma") ? { sigma } : {};
    if (entry.options.includes("pairs")) return [{ ...common, ...smoothing, pairs }];
    return [{ ...common, tasks: given.isDeterministic && isDeterministic ? 1 : 2 * pairs }];
  });
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
  if (estimatorEntry(estimator).isWhole) return [];
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
