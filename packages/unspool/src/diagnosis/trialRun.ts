/** A run with one setting of an estimator, for as many inner steps as all others get, and the loss that it reaches. */
import { type Key, random, tree } from "../array/index.ts";
import { UnspoolError } from "../errors.ts";
import { measuredHorizon } from "../diagnostics/index.ts";
import {
  type EstimatorEntry,
  type EstimatorOptions,
  type GradientEstimator,
  estimatorEntry,
} from "../estimators/index.ts";
import { type InnerProblem, type Setup, initTraining, trainSteps } from "../train/index.ts";
import { type Problem, unroll } from "../unroll/index.ts";

/** One way to estimate gradients. */
export interface TrialSetting {
  estimator: string;
  /** Inner steps per outer step; the horizon for estimators of whole trajectories. */
  truncation: number;
  /** Of ES types. */
  sigma?: number | undefined;
  pairs?: number | undefined;
  /** Of estimators with derivatives. */
  tasks?: number | undefined;
}

export interface TrialOptions {
  /** At most, over all particles. */
  innerSteps: number;
  /** At most. */
  outerSteps: number;
  /** Of the run; two settings with the same key meet the same trajectories. */
  key: Key;
  /** Of the trajectories on which thetas are judged: the same for all settings. */
  evaluationKey: Key;
}

export interface TrialRun {
  setting: TrialSetting;
  /** Mean loss per inner step at the thetas of the last part of the run; Infinity if the run failed. */
  loss: number;
  outerSteps: number;
  innerSteps: number;
  /** Thetas at a few even points of the run, the last one included; flat. */
  thetas: { step: number; theta: unknown }[];
  /** The estimator's own losses per inner step, thinned: [outer step, loss]. */
  losses: [number, number][];
  /** Why it ended early. */
  failure?: string;
}

/** Shares of the run after which theta is kept; those of the last fifth are judged. */
const keptShares = [0.02, 0.1, 0.25, 0.5, 0.7, 0.85, 0.9, 0.95, 1];
const judgedFrom = 0.85;
const judgedTrajectories = 32;

/** Trains the setup with another estimator. Problems that the estimator does not suit give a failure, not an error. */
export function trialRun(
  setup: Setup,
  inner: InnerProblem,
  setting: TrialSetting,
  options: TrialOptions,
): TrialRun {
  const { key, evaluationKey } = options;
  const run: TrialRun = { setting, loss: Infinity, outerSteps: 0, innerSteps: 0, thetas: [], losses: [] };
  try {
    const estimator = estimatorOf(inner, setting);
    const trial: Setup = { ...setup, estimator };
    const perStep = innerStepsOf(estimatorEntry(setting.estimator), setting);
    const total = Math.max(1, Math.min(options.outerSteps, Math.floor(options.innerSteps / perStep)));
    const stepsPerLoss = inner.options.objective === "sum" ? setting.truncation : 1;
    let state = initTraining(trial, key);
    for (const share of keptShares) {
      const target = Math.max(1, Math.round(share * total));
      while (state.step < target) {
        const { state: next, records } = trainSteps(trial, state, target - state.step);
        state = next;
        for (const { step, loss } of thinned(records, total)) run.losses.push([step, loss / stepsPerLoss]);
        [run.outerSteps, run.innerSteps] = [state.step, state.innerSteps];
      }
      run.thetas.push({ step: state.step, theta: state.theta });
    }
    const judged = run.thetas.filter(({ step }) => step >= judgedFrom * total).map(({ theta }) => theta);
    const losses = judged.map((theta) => meanLoss(inner.problem, theta, evaluationKey));
    run.loss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    if (!Number.isFinite(run.loss))
      [run.loss, run.failure] = [Infinity, "the loss at its thetas is not finite"];
  } catch (error) {
    if (!(error instanceof UnspoolError)) throw error;
    run.failure = error.message;
  }
  return run;
}

/** About this many losses are kept of a run. */
const keptLosses = 200;

function thinned<Record extends { step: number }>(records: readonly Record[], total: number): Record[] {
  const stride = Math.max(1, Math.floor(total / keptLosses));
  return records.filter(({ step }) => step % stride === 0);
}

/** The estimator of a setting, with whatever else the problem's options say. */
export function estimatorOf({ problem, options }: InnerProblem, setting: TrialSetting): GradientEstimator {
  const entry = estimatorEntry(setting.estimator);
  const { truncation, sigma, pairs, tasks } = setting;
  const wanted: EstimatorOptions = {
    ...options,
    truncation,
    ...(sigma !== undefined && { sigma }),
    ...(pairs !== undefined && { pairs }),
    ...(tasks !== undefined && { tasks }),
  };
  const known = entry.options
    .filter((name) => wanted[name] !== undefined)
    .map((name) => [name, wanted[name]]);
  return entry.create(problem as never, Object.fromEntries(known) as EstimatorOptions);
}

/** Inner steps of one estimate, over all particles. */
export function innerStepsOf({ name, kind }: EstimatorEntry, setting: TrialSetting): number {
  const { truncation, pairs = 1, tasks = 1 } = setting;
  if (kind === "reverse" || kind === "forward") return tasks * truncation;
  const members = { truncatedEs: 3, pesAnalytic: 2 + 1 / pairs }[name as string] ?? 2;
  return members * pairs * truncation;
}

/** Mean loss per inner step over trajectories from new keys. */
export function meanLoss(problem: Problem<unknown, never, never>, theta: unknown, key: Key): number {
  const steps = measuredHorizon(problem);
  const { losses } = unroll(problem as never, theta as never, { key, particles: judgedTrajectories, steps });
  return losses.mean().item();
}

/** Numbers of theta, flat. */
export function flatTheta(theta: unknown): number[] {
  return [...tree.flatten(theta)];
}

/** The key of a named part of a diagnosis. */
export const partKey = (key: Key, part: string, number = 0): Key =>
  random.foldIn(random.foldIn(key, part), number);
