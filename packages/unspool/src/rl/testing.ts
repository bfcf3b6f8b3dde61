/** For tests: a bandit learner in plain float64, by recursion over everything that can happen; a small MDP. */
import { type TabularMdp, tabularMdp } from "./environments/tabularMdp.ts";

export interface PlainBandit {
  means: readonly number[];
  start: readonly number[];
  updates: number;
  /** Step size of update t. */
  rate(t: number): number;
}

/** Expected mean reward per update of a learner with one pull per update. */
export function plainReturn({ means, start, updates, rate }: PlainBandit): number {
  const visit = (logits: readonly number[], t: number): number => {
    if (t === updates) return 0;
    const chances = plainSoftmax(logits);
    return chances.reduce((sum, chance, arm) => {
      const next = logits.map((x, k) => x + rate(t) * means[arm]! * (Number(k === arm) - chances[k]!));
      return sum + chance * (means[arm]! + visit(next, t + 1));
    }, 0);
  };
  return visit(start, 0) / updates;
}

export function plainSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const weights = logits.map((x) => Math.exp(x - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

/** Two states, two actions, three steps from the first state. */
export const twoStateMdp: TabularMdp = tabularMdp({
  transitions: [
    [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
    [
      [0.3, 0.7],
      [0.6, 0.4],
    ],
  ],
  rewards: [
    [1, 0],
    [0.5, 2],
  ],
  start: [1, 0],
  horizon: 3,
  discount: 0.9,
});
