/**
 * An inner problem that grows with what has been learned: one estimator per level, and a score of theta that decides
 * when the next level begins. Every `checkEvery` estimates the score is measured; when its running mean
 *
 *     mean <- decay · mean + (1 - decay) · score      (the first score of a level starts it)
 *
 * falls below `threshold`, the next estimate is the first of the next level's estimator. (Mujika, Meier, Steger 2018
 * lengthen the strings of a copy task in this way, and after them Vicol, Kolter, Swersky 2023.)
 */
import { type Key, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { Estimate, EstimateMetrics, GradientEstimator, Recurrence } from "../estimator.ts";

export interface CurriculumOptions<Theta> {
  /** Number of levels. They count from 0. */
  levels: number;
  /** The estimator of a level; called once for each. */
  create(level: number): GradientEstimator<Theta>;
  /** How bad theta is at a level. */
  score(theta: Theta, level: number, key: Key): number;
  /** A level ends when the running mean of its score is below this. */
  threshold: number;
  /** Estimates between two scores. Default 20. */
  checkEvery?: number;
  /** Of the running mean, from 0 (the last score alone) to below 1. Default 0.5. */
  decay?: number;
}

/** Plain data, as every state of an estimator. */
export interface CurriculumState {
  /** Levels that have ended: the index of the present one, or their number after the last. */
  level: number;
  /** Running mean of the score at this level; null before its first. */
  score: number | null;
  /** Estimates made, at all levels. */
  estimates: number;
  /** State of the level's estimator. */
  inner: unknown;
}

export interface CurriculumMetrics extends EstimateMetrics {
  /** Levels that have ended. Only where a score was measured, like the next. */
  level?: number;
  /** Running mean of the score at the level that this estimate began with. */
  score?: number;
}

/**
 * An estimator that goes through levels. Cost: that of the level's estimator; the scores are not counted among
 * `innerSteps`.
 */
export function curriculum<Theta>(
  options: CurriculumOptions<Theta>,
): GradientEstimator<Theta, CurriculumState> {
  requireKnownOptions("curriculum", options, [
    "levels",
    "create",
    "score",
    "threshold",
    "checkEvery",
    "decay",
  ]);
  const { levels, create, score, threshold, checkEvery = 20, decay = 0.5 } = options;
  requireInteger("curriculum", "levels", levels, 1);
  requireInteger("curriculum", "checkEvery", checkEvery, 1);
  if (!(decay >= 0 && decay < 1)) throw new OptionError("curriculum", "decay", decay, "from 0 to below 1");
  if (!Number.isFinite(threshold)) throw new OptionError("curriculum", "threshold", threshold, "finite");
  const last = levels - 1;
  const made = new Map<number, { estimator: GradientEstimator<Theta>; recurrence: Recurrence | undefined }>();

  function at(state: Pick<CurriculumState, "level">) {
    const level = Math.min(state.level, last);
    let found = made.get(level);
    if (found === undefined) {
      const estimator = create(level);
      found = { estimator, recurrence: estimator.recurrence && within(estimator.recurrence) };
      made.set(level, found);
    }
    return found;
  }

  /** The state after a check: at the next level, if this one has ended. */
  function checked(theta: Theta, state: CurriculumState, key: Key): CurriculumState & { score: number } {
    const now = score(theta, Math.min(state.level, last), random.foldIn(key, "score"));
    const mean = state.score === null ? now : decay * state.score + (1 - decay) * now;
    if (!(mean < threshold) || state.level > last) return { ...state, score: mean };
    const level = state.level + 1;
    const inner =
      level > last ? state.inner : at({ level }).estimator.init(theta, random.foldIn(key, "level"));
    return { ...state, level, score: mean, inner };
  }

  return {
    name: "curriculum",
    init: (theta, key) => ({
      level: 0,
      score: null,
      estimates: 0,
      inner: at({ level: 0 }).estimator.init(theta, key),
    }),
    estimate(theta, state, key): Estimate<Theta, CurriculumState> {
      const isDue = isCheckDue(state.estimates, checkEvery);
      const now = isDue ? checked(theta, state, key) : state;
      const estimate = at(now).estimator.estimate(theta, now.inner, key);
      const metrics: CurriculumMetrics = {
        ...estimate.metrics,
        ...(isDue && { level: now.level, score: now.score! }),
      };
      return {
        ...estimate,
        metrics,
        state: {
          level: now.level,
          score: now.level > state.level && now.level <= last ? null : now.score,
          estimates: state.estimates + 1,
          inner: estimate.state,
        },
      };
    },
    recurrenceAt(state) {
      const { recurrence } = at(state);
      const estimates = (checkEvery - (state.estimates % checkEvery)) % checkEvery;
      return recurrence === undefined || estimates === 0 ? undefined : { recurrence, estimates };
    },
  };
}

/** Checks fall on estimates 0, n, 2 n, …. */
const isCheckDue = (estimates: number, every: number): boolean => estimates % every === 0;

/** The recurrence of a level's estimator, in the state of the whole. */
function within(recurrence: Recurrence): Recurrence {
  const inner = (state: unknown): unknown => (state as CurriculumState).inner;
  return {
    ...recurrence,
    units: (state) => recurrence.units(inner(state)),
    estimates: (state) => recurrence.estimates(inner(state)),
    next(state, units, windows) {
      const old = state as CurriculumState;
      return {
        ...old,
        estimates: old.estimates + windows,
        inner: recurrence.next(old.inner, units, windows),
      };
    },
  };
}
