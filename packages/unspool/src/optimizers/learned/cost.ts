/**
 * What a learned optimizer costs beside training: memory for its running means, work for its features and network.
 * Metz, Freeman, Harrison, Maheswaranathan and Sohl-Dickstein, CoLLAs 2022.
 */
import { type Tensor, np, programWork, random, traceProgram, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { Optimizer } from "../optimizer.ts";
import { isFloatLeaf } from "../leaves.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";

export interface LearnedOptimizerCost {
  /** Floating-point numbers of state per trained parameter. */
  state: number;
  /** Multiplications of the network per trained parameter, as the papers count them: every input at every parameter. */
  multiplications: number;
  /** Elements that one update computes, per trained parameter: features and network; see `programWork`. */
  work: number;
  /** Numbers to be meta-trained. */
  parameters: number;
}

/**
 * Cost of training tensors of these shapes. All optimizers of the field can be measured too, for comparison: their
 * network is none and their parameters are 0.
 *
 * @example
 * learnedOptimizerCost(smallFc(), [[64, 32], [32], [32, 10], [10]]).state; // 4.22
 */
export function learnedOptimizerCost(
  of: LearnedOptimizer | Optimizer,
  shapes: readonly (readonly number[])[],
): LearnedOptimizerCost {
  const theta = shapes.map((shape) => np.zeros([...shape]));
  const trained = floats(theta);
  if (trained === 0)
    throw new OptionError("learnedOptimizerCost", "shapes", shapes, "those of some elements");
  const isLearned = "optimizer" in of;
  const meta: unknown = isLearned ? of.init(random.key(0)) : [];
  const rule: Optimizer = isLearned ? of.optimizer(meta) : of;
  const state: unknown = rule.init(theta);
  type Given = [typeof theta, never, typeof theta, never, Tensor];
  const update = (...[gradient, at, before, own, loss]: Given): unknown =>
    (isLearned ? of.optimizer(own) : of).update(gradient, at, before, { loss });
  const args = [theta, state, theta, meta, np.zeros([])];
  return {
    state: floats(state) / trained,
    multiplications: isLearned ? (of.multiplications ?? 0) : 0,
    work: programWork(traceProgram("update", update as (...given: never[]) => unknown, args), args) / trained,
    parameters: floats(meta),
  };
}

function floats(of: unknown): number {
  return tree.leaves(of).reduce((sum, leaf) => sum + (isFloatLeaf(leaf) ? leaf.size : 0), 0);
}
