/**
 * How far estimators and searches get with the same number of inner steps: trial runs of each with several seeds, all judged
 * by the loss over the same trajectories, which none of them trains on. Bias and variance say nothing of a search, which has no
 * gradient; how far it gets says something of all.
 */
import { type Key, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import type { InnerProblem, Setup } from "../train/index.ts";
import { contenderOf } from "./contender.ts";
import { type Judge, judgedLoss, mean, partKey, standardErrorOf } from "./judgedLoss.ts";
import { trialBudget } from "./trialBudget.ts";
import { type TrialRun, judgeOf, trialRun } from "./trialRun.ts";
import { type TrialSetting, contenderIn } from "./trialSetting.ts";
import { settingOf } from "./trialSettings.ts";
import { trialSetups } from "./trialSetups.ts";

export interface CompareProgressOptions {
  /** Names or aliases of estimators and searches, and names of the inner problem's `others`. */
  names: readonly string[];
  /** Inner steps of each run. Default: what the setup's own run takes, less where a step computes much. */
  innerSteps?: number | undefined;
  /** Runs of each. Default 3. */
  seeds?: number | undefined;
  key?: Key | undefined;
  onProgress?: ((what: string) => void) | undefined;
}

/** Where the runs of one stand, after a share of them. */
export interface ProgressPoint {
  /** Mean over seeds, over all particles. */
  innerSteps: number;
  /** Mean over seeds of the loss per inner step at their thetas. */
  loss: number;
  /** Of that mean, from the scatter over seeds. */
  standardError: number;
}

export interface MeasuredProgress {
  /** Of the estimator or search, not an alias. */
  name: string;
  isSearch: boolean;
  setting: TrialSetting;
  /** From the common start on. */
  points: ProgressPoint[];
  /** The last thetas of each run, as `trialRun` judges them: mean over seeds, and its standard error. */
  loss: number;
  standardError: number;
  /** By seed. */
  losses: number[];
  /** Means over seeds. */
  outerSteps: number;
  innerSteps: number;
}

export interface ProgressComparison {
  /** Of each run, at most. */
  innerSteps: number;
  seeds: number;
  /** At the theta from which all start; its error is over trajectories. */
  initialLoss: number;
  initialStandardError: number;
  /** Trajectories over which a loss is judged, the same for all; 1 where all are the same. */
  trajectories: number;
  /** The best first. */
  measured: MeasuredProgress[];
  /** Of which a run failed, and why. */
  failed: { name: string; error: string }[];
}

/**
 * Trains `setup` with each of `names` in the place of what moves its theta: with the inner problem's options and learning rate,
 * a search with two candidates for each pair. Throws `OptionError` for a name that is neither an estimator's nor a search's,
 * nor one of the inner problem's `others`.
 * Cost: names · seeds runs, and ten judgements of each.
 */
export function compareProgress(
  setup: Setup,
  inner: InnerProblem,
  options: CompareProgressOptions,
): ProgressComparison {
  const where = "compareProgress";
  requireKnownOptions(where, options, ["names", "innerSteps", "seeds", "key", "onProgress"]);
  const { names, seeds = 3, key = random.key(0), onProgress = () => {} } = options;
  if (names.length === 0) throw new OptionError(where, "names", names, "at least one name");
  requireInteger(where, "seeds", seeds, 1);
  const { innerSteps = trialBudget(setup, inner, key).innerSteps } = options;
  requireInteger(where, "innerSteps", innerSteps, 1);
  const isOther = (name: string): boolean => inner.others?.some((other) => other.name === name) === true;
  const known = [...new Set(names.map((name) => (isOther(name) ? name : contenderOf(name, where).name)))];
  const evaluationKey = partKey(key, "judge");
  const judge = judgeOf(inner, setup.theta, { evaluationKey });
  const { isDeterministic } = judge;
  const initial = judgedLoss(judge, [setup.theta]);
  const start: ProgressPoint = { innerSteps: 0, loss: initial.loss, standardError: 0 };
  const setups = trialSetups(setup, inner);
  const result: ProgressComparison = {
    innerSteps,
    seeds,
    initialLoss: initial.loss,
    initialStandardError: initial.standardError,
    trajectories: initial.trajectories,
    measured: [],
    failed: [],
  };
  for (const name of known) {
    const setting = settingOf(name, inner, isDeterministic);
    const runs = Array.from({ length: seeds }, (_, seed) => {
      onProgress(`${name}, seed ${seed}`);
      const common = { innerSteps, outerSteps: Infinity, evaluationKey, isDeterministic, setups };
      return trialRun(setup, inner, setting, { ...common, key: partKey(key, "trial", seed) });
    });
    const failure = runs.find((run) => run.failure !== undefined)?.failure;
    if (failure === undefined) result.measured.push(measuredOf(setting, runs, judge, start));
    else result.failed.push({ name, error: failure });
  }
  result.measured.sort((a, b) => a.loss - b.loss);
  return result;
}

function measuredOf(
  setting: TrialSetting,
  runs: readonly TrialRun[],
  judge: Judge,
  start: ProgressPoint,
): MeasuredProgress {
  const losses = runs.map(({ loss }) => loss);
  const { other: _, ...plain } = setting;
  return {
    name: setting.estimator,
    isSearch: contenderIn(setting).search !== undefined,
    // Plain data: of a problem's own estimator the name.
    setting: plain,
    points: [start, ...pointsOf(runs, judge)],
    loss: mean(losses),
    standardError: standardErrorOf(losses),
    losses,
    outerSteps: mean(runs.map(({ outerSteps }) => outerSteps)),
    innerSteps: mean(runs.map(({ innerSteps }) => innerSteps)),
  };
}

/** After the same share of all runs, each theta judged by itself; of those that stand where the one before stands, one. */
function pointsOf(runs: readonly TrialRun[], judge: Judge): ProgressPoint[] {
  return runs[0]!.thetas.flatMap((_, i) => {
    const at = runs.map(({ thetas }) => thetas[i]!);
    const stands = i > 0 && runs.every(({ thetas }) => thetas[i]!.step === thetas[i - 1]!.step);
    if (stands) return [];
    const losses = at.map(({ theta }) => judgedLoss(judge, [theta]).loss);
    return [
      {
        innerSteps: mean(at.map(({ innerSteps }) => innerSteps)),
        loss: mean(losses),
        standardError: standardErrorOf(losses),
      },
    ];
  });
}
