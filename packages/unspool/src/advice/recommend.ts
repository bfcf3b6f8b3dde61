/**
 * Which estimator, truncation, sigma, pairs and learning rate reach the lowest loss for the same number of inner steps:
 * found by trial runs, because bias and variance at one theta do not say where a run ends. Estimators first, each with the
 * problem's own settings, and a few searches beside them; then the settings of the best, one after the other; then the best
 * few again with other seeds. What is recommended is judged by means over seeds alone, a search where it clearly wins.
 */
import type { Key } from "../array/index.ts";
import type { InnerProblem, Setup } from "../train/index.ts";
import { type Progress, isClearlyLost } from "./clearlyLost.ts";
import { contenderOf } from "./contender.ts";
import { type JudgedLoss, judgedLoss, mean, partKey, standardErrorOf } from "./judgedLoss.ts";
import { type TrialRun, judgeOf, trialRun } from "./trialRun.ts";
import { type TrialSetting, describe, isSameSetting } from "./trialSetting.ts";
import {
  isAffordable,
  learningRates,
  pairCounts,
  searchSettings,
  sigmas,
  trialSettings,
  truncations,
} from "./trialSettings.ts";
import { trialSetups } from "./trialSetups.ts";

export interface RecommendOptions {
  innerSteps: number;
  outerSteps: number;
  key: Key;
  /** All trajectories of the problem are the same. */
  isDeterministic: boolean;
  /** Numbers in theta. */
  thetaSize: number;
  /** The search that the setup itself names. */
  ownSearch?: string | undefined;
  onProgress: (what: string) => void;
}

/** A setting of the last round. */
export interface Finalist {
  setting: TrialSetting;
  /** By seed, the first of which is that of `Recommendation.trials`. Infinity for a run that failed. */
  losses: number[];
  /** Over seeds. */
  loss: number;
  /** Of that mean, from the scatter over seeds. */
  standardError: number;
}

export interface Recommendation {
  /** Undefined where no run reached a finite loss. */
  recommended: TrialSetting | undefined;
  /** Of the recommended setting: mean over seeds, its standard error, how many. Infinity, 0, 0 where there is none. */
  loss: number;
  standardError: number;
  seeds: number;
  /** At the theta from which all started. */
  initialLoss: number;
  initialStandardError: number;
  /** Every trial, all with the first seed, in the order in which they were made. */
  trials: TrialRun[];
  /** The last round, with several seeds: the best first. */
  finals: Finalist[];
  /** Outer steps of a run of the recommended setting. */
  outerSteps: number;
  /** Three learning rates were tried: the setup says how to change its own. */
  isLearningRateTried: boolean;
}

/** Losses this close to the best, as a share of what the best has gained, count as equal. */
const equalShare = 0.02;
const [finalists, seeds] = [3, 3];
/** Standard errors by which a search must be ahead of the best estimator. */
const beyondChance = 2;

export function recommend(setup: Setup, inner: InnerProblem, options: RecommendOptions): Recommendation {
  const { key, onProgress, isDeterministic } = options;
  const evaluationKey = partKey(key, "judge");
  const judge = judgeOf(inner, setup.theta, { evaluationKey, isDeterministic });
  const initial = judgedLoss(judge, [setup.theta]);
  const setups = trialSetups(setup, inner);
  const trials: TrialRun[] = [];
  const attempt = (setting: TrialSetting, seed = 0): TrialRun => {
    const { innerSteps, outerSteps } = options;
    onProgress(`trial run: ${describe(setting)}`);
    const rival = { initial: initial.loss, best: best()?.loss ?? Infinity };
    const isLost = seed === 0 ? (progress: Progress) => isClearlyLost(progress, rival) : undefined;
    const common = { innerSteps, outerSteps, evaluationKey, isDeterministic, setups, isLost };
    return trialRun(setup, inner, setting, { ...common, key: partKey(key, "trial", seed) });
  };
  const tryAll = (settings: readonly TrialSetting[]): void => {
    for (const setting of settings) {
      if (!trials.some((trial) => isSameSetting(trial.setting, setting))) trials.push(attempt(setting));
    }
  };
  const best = (): TrialRun | undefined => pick(trials.filter(hasEnded), initial.loss);

  tryAll([...trialSettings(inner, options), ...searchSettings(inner, options)]);
  for (const vary of [learningRates, truncations, sigmas, pairCounts]) {
    const from = best();
    if (from === undefined) break;
    tryAll(vary(from.setting, inner).filter((one) => isAffordable(one, options.innerSteps)));
  }
  const finals = lastRound(trials, best(), attempt);
  const winner = clearWinner(finals, initial.loss);
  return {
    ...(winner === undefined
      ? { recommended: undefined, loss: Infinity, standardError: 0, seeds: 0, outerSteps: 0 }
      : {
          recommended: winner.setting,
          loss: winner.loss,
          standardError: winner.standardError,
          seeds: winner.losses.length,
          outerSteps: trials.find(({ setting }) => isSameSetting(setting, winner.setting))!.outerSteps,
        }),
    ...initialOf(initial),
    trials,
    finals,
    isLearningRateTried: inner.learningRate !== undefined,
  };
}

const initialOf = ({ loss, standardError }: JudgedLoss) => ({
  initialLoss: loss,
  initialStandardError: standardError,
});

const hasEnded = ({ loss, stoppedAt }: TrialRun): boolean => loss < Infinity && stoppedAt === undefined;

/** The best few of the first seed again with others, an estimator among them; the best mean first. */
function lastRound(
  trials: readonly TrialRun[],
  chosen: TrialRun | undefined,
  attempt: (setting: TrialSetting, seed: number) => TrialRun,
): Finalist[] {
  if (chosen === undefined) return [];
  const all = trials.filter(hasEnded).toSorted((a, b) => a.loss - b.loss);
  const ranked = all.slice(0, finalists);
  if (!ranked.includes(chosen)) ranked.push(chosen);
  const rival = all.find((run) => !isSearch(run));
  if (rival !== undefined && ranked.every(isSearch)) ranked.push(rival);
  return ranked
    .map(({ setting, loss }): Finalist => {
      const others = Array.from({ length: seeds - 1 }, (_, i) => attempt(setting, i + 1).loss);
      const losses = [loss, ...others];
      const isFinite = losses.every(Number.isFinite);
      return {
        setting,
        losses,
        loss: isFinite ? mean(losses) : Infinity,
        standardError: isFinite ? standardErrorOf(losses) : 0,
      };
    })
    .toSorted((a, b) => a.loss - b.loss);
}

const isSearch = ({ setting }: { setting: TrialSetting }): boolean =>
  contenderOf(setting.estimator).search !== undefined;

/** The one that `pick` says; a search where it is ahead of the best estimator by more than chance, else that one. */
function clearWinner(finals: readonly Finalist[], initialLoss: number): Finalist | undefined {
  const first = pick(finals, initialLoss);
  if (first === undefined || !isSearch(first)) return first;
  const rival = pick(
    finals.filter((one) => !isSearch(one)),
    initialLoss,
  );
  if (rival === undefined) return first;
  const doubt = beyondChance * Math.hypot(first.standardError, rival.standardError);
  return rival.loss - first.loss > doubt ? first : rival;
}

/** The lowest loss; among losses that are equal for all purposes, the estimator that is preferred. */
function pick<Run extends { setting: TrialSetting; loss: number }>(
  runs: readonly Run[],
  initialLoss: number,
): Run | undefined {
  const least = runs.reduce((low, { loss }) => Math.min(low, loss), Infinity);
  if (least === Infinity) return undefined;
  const gain = Math.abs(initialLoss - least);
  // 2 % of the gain, but never more than 5 % of the loss that is left, unless that is nothing beside the gain.
  const slack = Math.max(Math.min(equalShare * gain, 0.05 * Math.abs(least)), 1e-6 * gain);
  const isEqual = ({ loss }: Run): boolean => loss <= (Number.isFinite(gain) ? least + slack : least);
  const rank = ({ setting }: Run): number => contenderOf(setting.estimator).preference;
  return runs.filter(isEqual).reduce((first, one) => (rank(one) < rank(first) ? one : first));
}
