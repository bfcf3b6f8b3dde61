/**
 * Gradient accumulation, a common practice: the mean of `every` gradients makes one update of the inner optimizer.
 *
 *     sum ← sum + n · g,   total ← total + n
 *     every `every` calls:  theta, inner ← inner.update(sum / total);   sum, total ← 0
 *
 * n is 1, or the number of examples of each gradient: then batches of different sizes make the gradient of all of them.
 */
import { Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { asType, requireBoolean, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { LossObservation, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface AccumulateOptions {
  /** Gradients per update. Default 4. */
  every?: number;
  /**
   * Weighs each gradient, a mean over a batch, by the size of that batch, which is then given as `examples` in the fourth
   * argument of `update`. Default false: all batches are of one size.
   */
  isWeighted?: boolean;
}

export type AccumulateState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Gradients in `sum`: int32 scalar. */
  count: Tensor;
  sum: Tree;
  /** Examples in `sum`: float scalar. If gradients are weighted. */
  total?: Tensor;
};

export const accumulateDefaults: Required<AccumulateOptions> = { every: 4, isWeighted: false };

/**
 * Large batches in small pieces. Schedules of the inner optimizer count its own updates. Cost: the inner update is
 * computed at every call (there is no branch in a compiled step); one copy of theta.
 */
export function accumulate<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: AccumulateOptions = {},
): Optimizer<AccumulateState<Inner>> {
  requireOptimizer("accumulate", inner);
  const { every, isWeighted } = withDefaults("accumulate", options, accumulateDefaults);
  requireInteger("accumulate", "every", every, 1);
  requireBoolean("accumulate", "isWeighted", isWeighted);
  return {
    name: `accumulate(${inner.name})`,
    ...passOn<AccumulateState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      inner: inner.init(theta),
      count: counter(),
      sum: zeros(theta),
      ...(isWeighted && { total: tree.scalar(0, tree.floatType(theta)) }),
    }),
    update(gradient, state, theta, observed) {
      requireGradient("accumulate", theta, gradient, state);
      const count = advance(state.count);
      const isFull = isAt(count, every);
      const weight = isWeighted ? examplesOf(observed, state.total!) : undefined;
      const total = weight && state.total!.add(weight);
      const sum = mapFloats(
        (g, s) => s!.add(weight === undefined ? g : g.mul(asType(weight, g.dtype))),
        gradient,
        state.sum,
      );
      const mean = mapFloats((s) => s.div(total === undefined ? every : asType(total, s.dtype)), sum);
      const moved = inner.update(mean, state.inner, theta, observed);
      return {
        theta: tree.select(isFull, moved.theta, theta),
        state: {
          step: advance(state.step),
          inner: tree.select(isFull, moved.state, state.inner),
          count: np.where(isFull, counter(), count),
          sum: tree.select(isFull, zeros(theta), sum) as Tree,
          ...(total && { total: np.where(isFull, np.zerosLike(total), total) }),
        },
      };
    },
  };
}

/** In the dtype of `like`. */
function examplesOf(observed: LossObservation | undefined, like: Tensor): Tensor {
  const examples: unknown = observed?.examples;
  if (typeof examples === "number") return tree.scalar(examples, like.dtype);
  if (examples instanceof Tensor && examples.ndim === 0) return asType(examples, like.dtype);
  const hint = "Write optimizer.update(gradient, state, theta, { examples }).";
  throw new OptionError("accumulate", "the examples that `update` observes", examples, "a scalar", hint);
}
