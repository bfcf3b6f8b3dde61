/** The learning rate of an experiment's optimizer, as `diagnose` varies it and `--set` sets it. */
import type { Optimizer, OuterLearningRate } from "unspool";

/** `path` is where the config holds it. */
export function outerRate(
  value: number,
  optimizer: (learningRate: number) => Optimizer,
  path = "learningRate",
): OuterLearningRate {
  return { value, optimizer, path };
}
