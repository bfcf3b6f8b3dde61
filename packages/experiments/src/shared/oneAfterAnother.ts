/** Unrollings one after the other as one method: candidates of an optimizer, each with the same training runs. */
import { type Method, type Tensor, np, tree } from "unspool";
import type { UnrollingState } from "./unrolling.ts";

/** Trees of one structure as one, whose leaves have a first axis more. */
export function stacked(trees: readonly unknown[]): unknown {
  const [first, ...rest] = trees;
  return tree.map((...leaves: (Tensor | undefined)[]) => np.stack(leaves as Tensor[]), first, ...rest);
}

export interface CandidatesState {
  /** Which theta of the stack. */
  index: number;
  own: UnrollingState;
}

/** The i-th unrolling of `length` inner steps at the i-th theta of a stack, one after the other. */
export function oneAfterAnother(
  runs: readonly Method<unknown, UnrollingState>[],
  length: number,
): Method<unknown, CandidatesState> {
  return {
    name: "unrollings in turn",
    recipe: (theta, { own }) => runs[0]!.recipe(theta, own),
    init: (theta, key) => ({ index: 0, own: runs[0]!.init(theta, key) }),
    step(theta, { index, own }, key) {
      const at = tree.map((leaf) => leaf.slice(index), theta);
      const { state, loss, metrics } = runs[index]!.step(at, own, key);
      const isDone = state.t === length;
      return {
        theta,
        state: isDone ? { index: index + 1, own: runs[0]!.init(theta, key) } : { index, own: state },
        loss,
        metrics: { ...metrics, rate: index },
      };
    },
  };
}
