/** What a step is worth on the batch that it was made for. */
import { type Tensor, tree } from "../array/index.ts";

/**
 * (L(before) - L(after)) / L(before): the part of a loss that a step takes away; negative where it adds. Benzing (ICML
 * 2022), Figure 4C, on the mini-batch of the step.
 *
 * @example
 * const { theta: after } = optimizer.step(theta, state, objective, { key });
 * const decrease = relativeDecrease(objective.loss, theta, after);
 */
export function relativeDecrease<Theta>(loss: (theta: Theta) => Tensor, before: Theta, after: Theta): Tensor {
  tree.requireSame("relativeDecrease", "the theta after the step", before, after);
  const start = loss(before);
  return start.sub(loss(after)).div(start);
}
