/**
 * Which estimator, truncation, sigma and pairs reach the lowest loss for the same number of inner steps: found by trial
 * runs, because bias and variance at one theta do not say where a run ends. Estimators first, each with the problem's own
 * settings; then the settings of the best, one after the other; then the best few again with other seeds.
 */
import type { Key } from "../array/index.ts";
import { estimators } from "../estimators/index.ts";
import type { InnerProblem, Setup } from "../train/index.ts";
import { type TrialRun, type TrialSetting, meanLoss, partKey, trialRun } from "./trialRun.ts";

export interface RecommendOptions {
  innerSteps: number;
  outerSteps: number;
  key: Key;
  /** All trajectories of the problem are the same. */
  isDeterministic: boolean;
  /** Numbers in theta. */
  thetaSize: number;
  onProgress: (what: string) => void;
}

export interface Recommendation {
  recommended: TrialSetting;
  /** Mean over seeds. */
  loss: number;
  /** At the theta from which all started. */
  initialLoss: number;
  /** Every trial, with the first seed; the best of each setting first. */
  trials: TrialRun[];
  /** The last round: settings with their losses by seed. */
  finals: { setting: TrialSetting; losses: number[] }[];
}

/** Estimators in the order in which they are preferred where they do equally well: simple and exact ones first. */
const preference = [
  "bptt",
  "rtrl",
  "nres",
  "pes",
  "fullEs",
  "tbptt",
  "pesAnalytic",
  "mixture",
  "truncatedEs",
  "uoro",
  "dodge",
];
/** Estimators that push one tangent per number of theta, and the largest theta for which that is tried. */
const pushers = new Set(["rtrl", "mixture"]);
const largestForPushers = 64;
/** Losses this close to the best, as a share of what the best has gained, count as equal. */
const equalShare = 0.02;
const [finalists, seeds] = [3, 3];

export function recommend(setup: Setup, inner: InnerProblem, options: RecommendOptions): Recommendation {
  const { key, onProgress } = options;
  const evaluationKey = partKey(key, "judge");
  const initialLoss = meanLoss(inner.problem, setup.theta, evaluationKey);
  const trials: TrialRun[] = [];
  const attempt = (setting: TrialSetting, seed = 0): TrialRun => {
    const { innerSteps, outerSteps } = options;
    onProgress(`trial run: ${describe(setting)}`);
    return trialRun(setup, inner, setting, {
      innerSteps,
      outerSteps,
      evaluationKey,
      key: partKey(key, "trial", seed),
    });
  };
  const tryAll = (settings: readonly TrialSetting[]): void => {
    for (const setting of settings) {
      if (!trials.some((trial) => isSame(trial.setting, setting))) trials.push(attempt(setting));
    }
  };
  const best = (): TrialRun => pick(trials, initialLoss);

  tryAll(trialSettings(inner, options));
  for (const vary of [truncations, sigmas, pairCounts]) {
    tryAll(
      vary(best().setting, inner.problem.horizon).filter((one) => isAffordable(one, options.innerSteps)),
    );
  }
  const ranked = trials
    .filter(({ loss }) => loss < Infinity)
    .toSorted((a, b) => a.loss - b.loss)
    .slice(0, finalists);
  const chosen = best();
  if (!ranked.includes(chosen)) ranked.push(chosen);
  const finals = ranked.map(({ setting, loss }) => ({
    setting,
    losses: [loss, ...Array.from({ length: seeds - 1 }, (_, i) => attempt(setting, i + 1).loss)],
  }));
  const averaged = finals.map(({ setting, losses }, i) => ({ ...ranked[i]!, setting, loss: mean(losses) }));
  const winner = pick(averaged, initialLoss);
  return { recommended: winner.setting, loss: winner.loss, initialLoss, trials, finals };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The lowest loss; among losses that are equal for all purposes, the estimator that is preferred. */
function pick(trials: readonly TrialRun[], initialLoss: number): TrialRun {
  const least = trials.reduce((low, { loss }) => Math.min(low, loss), Infinity);
  const gain = Math.abs(initialLoss - least);
  // 2 % of the gain, but never more than 5 % of the loss that is left, unless that is nothing beside the gain.
  const slack = Math.max(Math.min(equalShare * gain, 0.05 * Math.abs(least)), 1e-6 * gain);
  const equal = trials.filter(({ loss }) => loss <= least + slack);
  const rank = ({ setting }: TrialRun): number => preference.indexOf(setting.estimator);
  return (equal.length === 0 ? trials : equal).reduce((first, one) =>
    rank(one) < rank(first) ? one : first,
  );
}

const isSame = (a: TrialSetting, b: TrialSetting): boolean => JSON.stringify(a) === JSON.stringify(b);

/** At least this many outer steps must be paid for. */
const leastOuterSteps = 20;

function isAffordable({ truncation, pairs = 1, tasks = 1 }: TrialSetting, innerSteps: number): boolean {
  return 2 * truncation * Math.max(pairs, tasks / 2) * leastOuterSteps <= innerSteps;
}

/** Every estimator that the problem allows, with the problem's own options. */
export function trialSettings(
  { problem, options }: InnerProblem,
  given: Pick<RecommendOptions, "isDeterministic" | "thetaSize">,
): TrialSetting[] {
  const { horizon, isDifferentiable } = problem;
  const { sigma = 0.01, pairs = 16 } = options;
  const truncation = options.truncation ?? Math.min(10, horizon);
  return preference.flatMap((name): TrialSetting[] => {
    const entry = estimators.find((candidate) => candidate.name === name);
    if (entry === undefined) return [];
    const { kind, isWhole } = entry;
    if (isWhole && horizon === Infinity) return [];
    if (kind !== "es" && !isDifferentiable) return [];
    if (kind !== "es" && !isWhole && horizon !== Infinity && horizon % truncation !== 0) return [];
    if (pushers.has(name) && given.thetaSize > largestForPushers) return [];
    const length = isWhole ? horizon : truncation;
    if (kind === "es" || kind === "mixed") return [{ estimator: name, truncation: length, sigma, pairs }];
    const draws = name === "uoro" || name === "dodge";
    return [{ estimator: name, truncation: length, tasks: given.isDeterministic && !draws ? 1 : 2 * pairs }];
  });
}

function truncations(setting: TrialSetting, horizon: number): TrialSetting[] {
  const { truncation, estimator } = setting;
  if (estimators.find(({ name }) => name === estimator)?.isWhole === true) return [];
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

function sigmas(setting: TrialSetting): TrialSetting[] {
  const { sigma } = setting;
  return sigma === undefined
    ? []
    : [sigma / 3, sigma * 3].map((one) => ({ ...setting, sigma: Number(one.toPrecision(2)) }));
}

function pairCounts(setting: TrialSetting): TrialSetting[] {
  const { pairs } = setting;
  if (pairs === undefined) return [];
  return [Math.max(1, Math.round(pairs / 4)), pairs * 4]
    .filter((one) => one !== pairs)
    .map((one) => ({ ...setting, pairs: one }));
}

/** A setting in one line. */
export function describe({ estimator, truncation, sigma, pairs, tasks }: TrialSetting): string {
  return [
    `${estimator}, truncation ${truncation}`,
    ...(sigma === undefined ? [] : [`sigma ${sigma}`]),
    ...(pairs === undefined ? [] : [`${pairs} ${pairs === 1 ? "pair" : "pairs"}`]),
    ...(tasks === undefined ? [] : [`${tasks} ${tasks === 1 ? "task" : "tasks"}`]),
  ].join(", ");
}
