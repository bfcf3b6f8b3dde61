/** A run with one setting of an estimator or a search, for as many inner steps as all others get, and the loss that it reaches. */
import type { Key } from "../array/index.ts";
import { UnspoolError, requireKnownOptions } from "../errors.ts";
import { isDeterministic, measuredHorizon } from "../diagnostics/index.ts";
import { type InnerProblem, type Setup, type StepRecord, initTraining } from "../train/index.ts";
import { type Progress, checkedShares } from "./clearlyLost.ts";
import { type Judge, type JudgedLoss, judgedLoss, judgedSteps } from "./judgedLoss.ts";
import { trialPace } from "./trialPace.ts";
import type { TrialSetting } from "./trialSetting.ts";
import { type TrialSetups, trialSetups } from "./trialSetups.ts";

export interface TrialOptions {
  /** At most, over all particles. */
  innerSteps: number;
  /** At most; a search, whose steps may be single candidates, ends with its inner steps. */
  outerSteps: number;
  /** Of the run; two settings with the same key meet the same trajectories. */
  key: Key;
  /** Of the trajectories on which thetas are judged: the same for all settings. */
  evaluationKey: Key;
  /** All trajectories are the same: one judges as well as many. Default: looked up. */
  isDeterministic?: boolean | undefined;
  /** Whether a run that stands like this may stop. Default: none does. */
  isLost?: ((progress: Progress) => boolean) | undefined;
  /** Setups of trials, where several share them and what they compile. Default: one of its own. */
  setups?: TrialSetups | undefined;
}

export interface TrialRun {
  setting: TrialSetting;
  /** Mean loss per inner step at the thetas of the last part of the run; Infinity if the run failed. */
  loss: number;
  /** Of that loss, over the trajectories and thetas that were judged: not over seeds. */
  standardError: number;
  /** On which it was judged. */
  trajectories: number;
  outerSteps: number;
  innerSteps: number;
  /** Thetas at a few even points of the run, the last one included. */
  thetas: { step: number; innerSteps: number; theta: unknown }[];
  /** The estimator's (or search's) own losses per inner step, thinned: [outer step, loss]. */
  losses: [number, number][];
  /** Part of the run after which it was stopped, clearly lost; the loss is that of this moment. */
  stoppedAt?: number;
  /** Why it ended early. */
  failure?: string;
}

/** Shares of the run after which theta is kept; those of the last fifth are judged. */
const keptShares = [0.02, 0.125, 0.25, 0.5, 0.7, 0.85, 0.9, 0.95, 1];
const judgedFrom = 0.85;
/** Looking at a run on its way may cost this part of it. */
const mostChecking = 0.05;

/** Trains the setup with another estimator or a search. A problem that it does not suit gives a failure, not an error. */
export function trialRun(
  setup: Setup,
  inner: InnerProblem,
  setting: TrialSetting,
  options: TrialOptions,
): TrialRun {
  requireKnownOptions("trialRun", options, [
    "innerSteps",
    "outerSteps",
    "key",
    "evaluationKey",
    "isDeterministic",
    "isLost",
    "setups",
  ]);
  const { key, isLost, setups = trialSetups(setup, inner) } = options;
  const run = emptyRun(setting);
  try {
    const judge = judgeOf(inner, setup.theta, options);
    const trial = setups(setting);
    const pace = trialPace(setting, options);
    const stepsPerLoss = inner.options.objective === "sum" ? setting.truncation : 1;
    const isChecked =
      isLost !== undefined && checkedShares.length * judgedSteps(judge) <= mostChecking * pace.innerSteps;
    let before: JudgedLoss | undefined;
    let state = initTraining({ ...trial.setup, theta: trial.start(setting) }, key);
    const keep = (records: readonly StepRecord[]): void => {
      for (const { step, loss } of thinned(records, pace.outerSteps))
        run.losses.push([step, loss / stepsPerLoss]);
      const { step, innerSteps } = records.at(-1)!;
      [run.outerSteps, run.innerSteps] = [step, innerSteps];
    };
    for (const share of keptShares) {
      state = pace.upTo(share, trial.setup, state, keep);
      const theta = trial.thetaOf(state.theta);
      run.thetas.push({ step: state.step, innerSteps: state.innerSteps, theta });
      if (!isChecked || !(checkedShares as readonly number[]).includes(share)) continue;
      const now = judgedLoss(judge, [theta]);
      if (isLost({ share, now, before })) return { ...run, ...now, stoppedAt: share };
      before = now;
    }
    const last = run.thetas.filter((one) => pace.done(one) >= judgedFrom);
    const judged = last.length === 0 ? run.thetas.slice(-1) : last;
    Object.assign(
      run,
      judgedLoss(
        judge,
        judged.map(({ theta }) => theta),
      ),
    );
    if (!Number.isFinite(run.loss))
      [run.loss, run.failure] = [Infinity, "the loss at its thetas is not finite"];
  } catch (error) {
    if (!(error instanceof UnspoolError)) throw error;
    [run.loss, run.failure] = [Infinity, error.message];
  }
  return run;
}

function emptyRun(setting: TrialSetting): TrialRun {
  const spent = { outerSteps: 0, innerSteps: 0, thetas: [], losses: [] };
  return { setting, loss: Infinity, standardError: 0, trajectories: 0, ...spent };
}

/** How thetas of this problem are judged. */
export function judgeOf(
  { problem }: InnerProblem,
  theta: unknown,
  { evaluationKey: key, ...given }: Pick<TrialOptions, "evaluationKey" | "isDeterministic">,
): Judge {
  const finite = { ...problem, horizon: measuredHorizon(problem) };
  const isFixed = given.isDeterministic ?? isDeterministic(finite, theta, key);
  return { problem, key, isDeterministic: isFixed };
}

/** About this many losses are kept of a run. */
const keptLosses = 200;

function thinned<Record extends { step: number }>(records: readonly Record[], total: number): Record[] {
  const stride = Math.max(1, Math.floor(total / keptLosses));
  return records.filter(({ step }) => step % stride === 0);
}
