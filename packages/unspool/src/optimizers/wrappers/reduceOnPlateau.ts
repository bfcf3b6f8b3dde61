/**
 * Smaller steps once the loss stops falling, a common practice: the steps of the inner optimizer are multiplied by a scale
 * that falls by `factor` after `patience` losses in a row that are no better than the best so far.
 *
 *     better:  loss < best - rtol · |best| - atol;   best ← loss, worse ← 0;   otherwise worse ← worse + 1
 *     worse = patience:   scale ← max(factor · scale, smallest), worse ← 0;   then `cooldown` losses do not count as worse
 *     theta ← theta + scale · (inner.update(g, theta) - theta)
 *
 * A loss is the mean of `every` observed ones, so that the noise of batches is no plateau.
 */
import { Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { type Range, asType, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, requireGradient, thetaEntries } from "../leaves.ts";
import type { LossObservation, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface ReduceOnPlateauOptions {
  /** What the scale is multiplied by, above 0 and below 1. Default 0.1. */
  factor?: number;
  /** Losses in a row without improvement. Default 10. */
  patience?: number;
  /** Least improvement in units of the best loss. Default 0.0001. */
  rtol?: number;
  /** Least improvement. Default 0. */
  atol?: number;
  /** Losses after a reduction that do not count as worse. Default 0. */
  cooldown?: number;
  /** Observed losses of which the mean is one loss. Default 1. */
  every?: number;
  /** Smallest scale. Default 0. */
  smallest?: number;
}

export type ReduceOnPlateauState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Factor of the inner optimizer's steps: float scalar. */
  scale: Tensor;
  /** Best loss so far; 0 before the first: float scalar. */
  best: Tensor;
  /** Losses so far, means of `every`: int32 scalar. */
  losses: Tensor;
  /** Losses in a row without improvement: int32 scalar. */
  worse: Tensor;
  /** Losses that still do not count as worse: int32 scalar. */
  waiting: Tensor;
  /** Sum of the losses that make the next mean: float scalar. */
  sum: Tensor;
  /** How many they are: int32 scalar. */
  count: Tensor;
};

export const reduceOnPlateauDefaults: Required<ReduceOnPlateauOptions> = {
  factor: 0.1,
  patience: 10,
  rtol: 1e-4,
  atol: 0,
  cooldown: 0,
  every: 1,
  smallest: 0,
};

const where = "reduceOnPlateau";

/**
 * A learning rate that follows the loss, which `descent`, `firstOrder` and the other optimizers of objectives hand over; in
 * a loop of one's own it is the fourth argument of `update`. Throws `OptionError` without one. Cost: one pass, no copy.
 *
 * @example
 * const optimizer = reduceOnPlateau(adam(), { factor: 0.5, patience: 5, every: 100 });
 * optimizer.update(gradient, state, theta, { loss });
 */
export function reduceOnPlateau<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ReduceOnPlateauOptions = {},
): Optimizer<ReduceOnPlateauState<Inner>> {
  requireOptimizer(where, inner);
  const rule = requireOptions(options);
  if (inner.moveTo !== undefined) {
    const hint = `Put it around the innermost optimizer.`;
    const wanted = "an optimizer that holds no positions in its state";
    throw new OptionError(where, "the first argument", inner.name, wanted, hint);
  }
  return {
    name: `${where}(${inner.name})`,
    ...passOn<ReduceOnPlateauState<Inner>, Inner>(inner),
    usesLoss: true,
    init(theta) {
      thetaEntries(where, theta);
      const zero = tree.scalar(0, tree.floatType(theta));
      const none = counter();
      return {
        step: none,
        inner: inner.init(theta),
        scale: zero.add(1),
        best: zero,
        losses: none,
        worse: none,
        waiting: none,
        sum: zero,
        count: none,
      };
    },
    update(gradient, state, theta, observed) {
      requireGradient(where, theta, gradient, state);
      const next = afterLoss(rule, state, lossOf(observed, state.sum));
      const moved = inner.update(gradient, state.inner, theta, observed);
      const isWhole = next.scale.equal(1);
      return {
        theta: mapFloats(
          (x, there) => {
            const part = there!.sub(x).mul(asType(next.scale, x.dtype));
            // With scale 1 it is the inner optimizer's, bit for bit.
            return np.where(isWhole, there!, x.add(part));
          },
          theta,
          moved.theta,
        ),
        state: { step: advance(state.step), inner: moved.state, ...next },
      };
    },
  };
}

type Plateau = Omit<ReduceOnPlateauState, "step" | "inner">;

/** Scale and counters after one more observed loss. */
function afterLoss(rule: Required<ReduceOnPlateauOptions>, state: Plateau, loss: Tensor): Plateau {
  const int = (value: number): Tensor => tree.scalar(value, "int32");
  const sum = state.sum.add(loss);
  const count = advance(state.count);
  const isFull = isAt(count, rule.every);
  const mean = sum.div(rule.every);

  const bound = state.best.sub(np.abs(state.best).mul(rule.rtol)).sub(rule.atol);
  const isBetter = np.logicalOr(isAt(state.losses, 0), mean.less(bound)) as Tensor;
  const isWaiting = state.waiting.greater(int(0));
  const worse = np.where(np.logicalOr(isBetter, isWaiting), int(0), advance(state.worse));
  const isPlateau = worse.equal(int(rule.patience));
  const reduced = np.maximum(state.scale.mul(rule.factor), rule.smallest) as Tensor;
  const waited = np.where(isWaiting, state.waiting.sub(int(1)), int(0));
  const judged: Plateau = {
    scale: np.where(isPlateau, reduced, state.scale),
    best: np.where(isBetter, mean, state.best),
    losses: advance(state.losses),
    worse: np.where(isPlateau, int(0), worse),
    waiting: np.where(isPlateau, int(rule.cooldown), waited),
    sum: np.zerosLike(sum),
    count: counter(),
  };
  const { scale, best, losses, worse: before, waiting } = state;
  return tree.select(isFull, judged, { scale, best, losses, worse: before, waiting, sum, count });
}

/** In the dtype of `like`. A loop of one's own may have it as a number. */
function lossOf(observed: LossObservation | undefined, like: Tensor): Tensor {
  const loss: unknown = observed?.loss;
  if (typeof loss === "number") return tree.scalar(loss, like.dtype);
  if (loss instanceof Tensor && loss.ndim === 0) return asType(loss, like.dtype);
  const hint = "Write optimizer.update(gradient, state, theta, { loss }).";
  throw new OptionError(where, "the loss that `update` observes", loss, "a scalar", hint);
}

function requireOptions(options: ReduceOnPlateauOptions): Required<ReduceOnPlateauOptions> {
  const rule = withDefaults(where, options, reduceOnPlateauDefaults);
  const ranges: Record<"factor" | "rtol" | "atol" | "smallest", Range> = {
    factor: { text: "above 0 and below 1", has: (x) => x > 0 && x < 1 },
    rtol: { text: "of at least 0 and below 1", has: (x) => x >= 0 && x < 1 },
    atol: { text: "of at least 0", has: (x) => x >= 0 },
    smallest: { text: "of at least 0 and below 1", has: (x) => x >= 0 && x < 1 },
  };
  for (const [name, { text, has }] of Object.entries(ranges)) {
    const value: unknown = rule[name as keyof typeof ranges];
    if (typeof value !== "number" || !has(value))
      throw new OptionError(where, name, value, `a number ${text}`);
  }
  requireInteger(where, "patience", rule.patience, 1);
  requireInteger(where, "cooldown", rule.cooldown, 0);
  requireInteger(where, "every", rule.every, 1);
  return rule;
}
