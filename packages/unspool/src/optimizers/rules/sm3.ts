/**
 * SM3-II: square root of minima of sums of maxima of squared gradients (Anil, Gupta, Koren & Singer, NeurIPS 2019).
 * AdaGrad with one number per row and per column of a matrix (per slice along each axis of a tensor) instead of one
 * per element.
 *
 *     ν = min over axes of a_axis + g²,   a_axis ← max of ν over all other axes
 *     u = g / √(ν + eps),   0 where that is 0 / 0
 *     m ← momentum · m + (1 - momentum) · u;   theta ← theta - learningRate · m
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { atLeast0, atStep, belowOne, oneMinus, positive, requireHyperparameter } from "../hyperparameter.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type LeafStates, initLeafStates, mapLeafStates } from "./leafStates.ts";
import { advance, counter, descend, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface Sm3Options {
  /** Default 0.1. */
  learningRate?: Hyperparameter;
  /** Part of the mean step that is kept. Default 0.9; 0 needs no memory. */
  momentum?: Hyperparameter;
  /** Added under the root. Default 0. */
  eps?: Hyperparameter;
}

export type Sm3State = {
  step: Tensor;
  /** For each leaf the accumulators of its axes, [length of the axis] each; of a scalar: one. */
  accumulators: LeafStates<readonly Tensor[]>;
  /** If there is momentum. */
  firstMoment?: Tree;
};

export const sm3Defaults: Required<Sm3Options> = { learningRate: 0.1, momentum: 0.9, eps: 0 };

/**
 * AdaGrad for large tensors. Cost: three passes; n + m numbers for a matrix [n, m], a copy of vectors, and a copy of
 * theta with momentum.
 */
export function sm3(options: Sm3Options = {}): Optimizer<Sm3State & Skipping> {
  const rule = withDefaults("sm3", options, sm3Defaults);
  const { learningRate, momentum, eps } = rule;
  requireHyperparameter("sm3", "learningRate", learningRate, positive);
  requireHyperparameter("sm3", "momentum", momentum, belowOne);
  requireHyperparameter("sm3", "eps", eps, atLeast0);
  const hasMomentum = momentum !== 0;
  return skipOverflow<Sm3State>(
    {
      name: "sm3",
      ...(hasMomentum && { momentum: "firstMoment" }),
      init: (theta) => ({
        step: counter(),
        accumulators: initLeafStates(theta, ({ shape, dtype }) =>
          shape.length === 0
            ? [np.zeros([], { dtype })]
            : shape.map((length) => np.zeros([length], { dtype })),
        ),
        ...(hasMomentum && { firstMoment: zeros(theta) }),
      }),
      update(gradient, state, theta) {
        requireGradient("sm3", theta, gradient, state);
        const kept = atStep(momentum, state.step);
        const floor = atStep(eps, state.step);
        const { result: steps, states: accumulators } = mapLeafStates(
          (x, covers, g) => {
            const size = least(covers, x.ndim).add(g.mul(g));
            const under = size.add(floor(x));
            const isZero = under.equal(0);
            const step = g.div(root(np.where(isZero, np.onesLike(under), under)));
            return { result: np.where(isZero, np.zerosLike(step), step), state: most(size) };
          },
          theta,
          state.accumulators,
          gradient,
        );
        const firstMoment = hasMomentum
          ? mapFloats((m, u) => m.mul(kept(m)).add(u.mul(oneMinus(kept(m)))), state.firstMoment!, steps)
          : undefined;
        return {
          theta: descend(theta, firstMoment ?? steps, atStep(learningRate, state.step)),
          state: { step: advance(state.step), accumulators, ...(firstMoment && { firstMoment }) },
        };
      },
    },
    { options: rule },
  );
}

/** For each element the least of the accumulators that cover it. */
function least(covers: readonly Tensor[], rank: number): Tensor {
  return covers
    .map((cover, axis) =>
      rank === 0 ? cover : cover.reshape(Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1))),
    )
    .reduce((smallest, cover) => np.minimum(smallest, cover));
}

/** The largest element of each slice, for each axis. */
function most(size: Tensor): Tensor[] {
  if (size.ndim < 2) return [size];
  // Slices of no elements have no largest one.
  if (size.size === 0) return size.shape.map((length) => np.zeros([length], { dtype: size.dtype }));
  const axes = size.shape.map((_, axis) => axis);
  return axes.map((axis) => size.max(axes.filter((other) => other !== axis)));
}
