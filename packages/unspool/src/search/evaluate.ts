/** What a search is told: losses of stacked candidates, and what they have cost. */
import type { Key } from "../array/index.ts";

export interface CandidateLosses {
  /** One of each candidate, in their order. */
  losses: ArrayLike<number>;
  /** Inner steps of all of them together: what budgets and comparisons count in. */
  innerSteps: number;
}

/** Losses of candidates, whose leaves have a first axis of candidates. Pure: `key` is all that it draws from. */
export type Evaluate<Theta = unknown> = (candidates: Theta, key: Key) => CandidateLosses;
