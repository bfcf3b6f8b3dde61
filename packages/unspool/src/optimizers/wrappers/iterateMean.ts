/**
 * The mean of some of the iterates, carried along an optimizer: what `polyakAverage` and `swa` share.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { advance, counter, mapFloats } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn } from "./wrapping.ts";

export type IterateMeanState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Thetas in the average: int32 scalar. */
  count: Tensor;
  average: Tree;
};

/** Which iterates count: those after update `first`, `first + every`, `first + 2 · every`, … */
export interface Counted {
  first: number;
  every: number;
}

/** Evaluates the mean of the counted iterates; iterate 0 is the initial theta. Training is left alone. */
export function iterateMean<Inner extends Tree>(
  name: string,
  inner: Optimizer<Inner>,
  { first, every }: Counted,
): Optimizer<IterateMeanState<Inner>> {
  return {
    name: `${name}(${inner.name})`,
    ...passOn<IterateMeanState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      inner: inner.init(theta),
      count: first === 0 ? advance(counter()) : counter(),
      average: theta as Tree,
    }),
    update(gradient, state, theta, observed) {
      const moved = inner.update(gradient, state.inner, theta, observed);
      const seen = inner.evaluationTheta?.(moved.state, moved.theta) ?? moved.theta;
      const step = advance(state.step);
      const from = tree.scalar(first, "int32");
      const phase = step.sub(from).mod(tree.scalar(every, "int32"));
      const isTaken = np.logicalAnd(step.greaterEqual(from), phase.equal(counter()));
      const count = np.where(isTaken, advance(state.count), state.count);
      const mean = mapFloats(
        (average, x) => average.add(x.sub(average).div(advance(state.count).astype(x.dtype))),
        state.average,
        seen,
      );
      const average = tree.select(isTaken, mean, state.average);
      return { theta: moved.theta, state: { step, inner: moved.state, count, average } };
    },
    evaluationTheta: <Theta>(state: IterateMeanState<Inner>, theta: Theta) =>
      tree.select(
        state.count.equal(counter()),
        inner.evaluationTheta?.(state.inner, theta) ?? theta,
        state.average,
      ),
  };
}
