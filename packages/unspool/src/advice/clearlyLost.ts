/** Whether a trial run that has not ended can still win. */
import type { JudgedLoss } from "./judgedLoss.ts";

export interface Progress {
  /** Part of the run that is done. */
  share: number;
  now: JudgedLoss;
  /** The one before, at half of `share`. */
  before: JudgedLoss | undefined;
}

export interface Rival {
  /** Where all runs start. */
  initial: number;
  /** Where the best run that has ended came to. */
  best: number;
}

/** Parts of a run after which it is looked at: each twice the one before. */
export const checkedShares = [0.125, 0.25, 0.5] as const;

/** So many standard errors are beyond chance. */
const sure = 4;
/** Of the best run's gain: worse than the start by this much is a run that diverges. */
const diverged = 0.5;
/** Of the best run's gain: what a run must have made of it at half time, or be on its way to make by the end. */
const [leastAtHalfTime, leastByTheEnd] = [0.25, 0.5];

/**
 * True for a run that is far above its start while others went down, and for one that at half time has made less than a
 * quarter of what the best run gains and, going on twice as fast as it went, would make less than half of it.
 */
export function isClearlyLost({ share, now, before }: Progress, { initial, best }: Rival): boolean {
  const gain = initial - best;
  if (!(gain > 0) || !Number.isFinite(initial)) return false;
  if (!Number.isFinite(now.loss)) return true;
  const doubt = sure * now.standardError;
  if (now.loss - doubt > initial + diverged * gain) return true;
  if (share < 0.5 || before === undefined) return false;
  const made = initial - now.loss + doubt;
  const speed = Math.max(
    0,
    before.loss - now.loss + sure * Math.hypot(now.standardError, before.standardError),
  );
  // From share / 2 to share took half as long as from there to the end of a run at half time.
  const left = (1 - share) / (share / 2);
  return made < leastAtHalfTime * gain && made + 2 * speed * left < leastByTheEnd * gain;
}
