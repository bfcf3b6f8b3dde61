/**
 * How a trial run spends its inner steps. All steps of an estimator cost the same: so many are made as the budget pays for.
 * Those of a search may differ (a simplex asks for one candidate or for many, restarts for ever more): they are made one by
 * one, and the one that would go over the budget is not made.
 */
import { type Setup, type StepRecord, type TrainState, trainSteps } from "../train/index.ts";
import { type TrialSetting, contenderIn, stepsOfSetting } from "./trialSetting.ts";

export interface TrialPace {
  /** Of the whole run. */
  innerSteps: number;
  /** About: what losses are thinned by. */
  outerSteps: number;
  /** The state at a share of the run; at least one outer step is made. */
  upTo(
    share: number,
    setup: Setup,
    state: TrainState,
    keep: (records: readonly StepRecord[]) => void,
  ): TrainState;
  /** The share of the run at which something stands. */
  done(at: { step: number; innerSteps: number }): number;
}

export interface PaceOptions {
  innerSteps: number;
  outerSteps: number;
}

/** The pace of one trial run: not to be shared. */
export function trialPace(setting: TrialSetting, { innerSteps, outerSteps }: PaceOptions): TrialPace {
  const perStep = stepsOfSetting(setting);
  const paidFor = Math.max(1, Math.floor(innerSteps / perStep));
  return contenderIn(setting).search === undefined
    ? byOuterSteps(Math.min(outerSteps, paidFor), perStep)
    : byInnerSteps(innerSteps, paidFor);
}

function byOuterSteps(total: number, perStep: number): TrialPace {
  return {
    innerSteps: total * perStep,
    outerSteps: total,
    upTo(share, setup, from, keep) {
      const target = Math.max(1, Math.round(share * total));
      let state = from;
      while (state.step < target) {
        const { state: next, records } = trainSteps(setup, state, target - state.step);
        state = next;
        keep(records);
      }
      return state;
    },
    done: ({ step }) => step / total,
  };
}

function byInnerSteps(total: number, outerSteps: number): TrialPace {
  let isSpent = false;
  return {
    innerSteps: total,
    outerSteps,
    upTo(share, setup, from, keep) {
      let state = from;
      while (state.step === 0 || (!isSpent && state.innerSteps < share * total)) {
        const { state: next, records } = trainSteps(setup, state, 1);
        isSpent = next.innerSteps > total;
        if (isSpent && state.step > 0) break;
        state = next;
        keep(records);
      }
      return state;
    },
    done: ({ innerSteps }) => innerSteps / total,
  };
}
