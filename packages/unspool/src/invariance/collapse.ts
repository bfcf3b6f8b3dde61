/**
 * Collapse of an evidence: where the prior precision runs away, the network becomes constant and its evidence that of
 * guessing, N log(1 / classes). Immer et al. (2022) start such runs again.
 */
import type { Likelihood } from "../optimizers/index.ts";

/** The evidence of a classifier that has learned nothing; undefined for likelihoods without classes. */
export function evidenceOfGuessing(
  likelihood: Likelihood,
  examples: number,
  outputs: number,
): number | undefined {
  if (likelihood.name === "categoricalLogits") return -examples * Math.log(outputs);
  if (likelihood.name === "bernoulliLogits") return -examples * outputs * Math.log(2);
  return undefined;
}

/** Nats above the evidence of guessing below which a network counts as collapsed. */
const margin = 1;

/** Whether an evidence is hardly above that of guessing. */
export function hasCollapsed(
  logMarginal: number,
  likelihood: Likelihood,
  examples: number,
  outputs: number,
): boolean {
  const guessing = evidenceOfGuessing(likelihood, examples, outputs);
  return guessing !== undefined && logMarginal < guessing + margin;
}
