/**
 * ZeRO stage 1 (Rajbhandari, Rasley, Ruwase & He, SC 2020): each worker keeps the optimizer's state of its part of the
 * parameters, updates that part, and all gather the parts. Simulated on one machine: it computes what the workers
 * would.
 *
 *     θ, g as one vector each, cut into `workers` parts:   θ_w, state_w ← inner.update(g_w, θ_w)
 */
import { type Tensor, type Tensors, type Tree, np, tree, vmap } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { asType, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, requireGradient, thetaEntries } from "../leaves.ts";
import type { LossObservation, Optimizer } from "../optimizer.ts";
import { type WrappedState, requireOptimizer } from "../wrappers/wrapping.ts";

export interface ShardedStateOptions {
  /** Parts of the state. Default 4. */
  workers?: number;
}

export const shardedStateDefaults: Required<ShardedStateOptions> = { workers: 4 };

/**
 * The same updates as the inner optimizer's where that treats elements one by one; what looks at leaves or at all of
 * theta (LAMB, clipping) sees parts instead. State leaves are [workers, …]. Cost: no more memory than the inner
 * optimizer in all, a workers-th of it per worker; three passes to flatten.
 */
export function shardedState<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ShardedStateOptions = {},
): Optimizer<WrappedState<Inner>> {
  requireOptimizer("shardedState", inner);
  const { workers } = withDefaults("shardedState", options, shardedStateDefaults);
  requireInteger("shardedState", "workers", workers, 1);
  if (inner.moveTo !== undefined) {
    throw new OptionError(
      "shardedState",
      "the first argument",
      inner.name,
      "an optimizer that holds no positions in its state",
    );
  }
  return {
    name: `shardedState(${inner.name})`,
    ...(inner.usesLoss !== undefined && { usesLoss: inner.usesLoss }),
    init: (theta) => ({
      step: counter(),
      inner: vmap((part: Tensor) => inner.init(part))(partsOf(theta, theta, workers)),
    }),
    update<Theta>(
      gradient: Tensors<Theta>,
      state: WrappedState<Inner>,
      theta: Theta,
      observed?: LossObservation,
    ) {
      requireGradient("shardedState", theta, gradient);
      const [g, x] = [partsOf(theta, gradient, workers), partsOf(theta, theta, workers)];
      const moved = vmap((part: Tensor, own: Inner, at: Tensor) => inner.update(part, own, at, observed))(
        g,
        state.inner,
        x,
      );
      return {
        theta: fromParts(theta, moved.theta),
        state: { step: advance(state.step), inner: moved.state },
      };
    },
  };
}

/** @internal The floating-point leaves of `of` (those of theta) in one vector, in equal parts padded with zeros. */
export function partsOf(theta: unknown, of: unknown, workers: number): Tensor {
  const isFloat = thetaEntries("shardedState", theta).map(([, leaf]) => isFloatLeaf(leaf));
  const dtype = tree.floatType(theta);
  const rows = tree
    .leaves(of)
    .filter((_, i) => isFloat[i])
    .map((leaf) => asType(leaf.reshape([leaf.size]), dtype));
  const size = rows.reduce((sum, row) => sum + row.size, 0);
  const length = Math.max(1, Math.ceil(size / workers));
  const padding = np.zeros([workers * length - size], { dtype });
  const all = padding.size === 0 ? rows : [...rows, padding];
  return (np.concatenate(all) as Tensor).reshape([workers, length]);
}

/** @internal Theta with the floating-point leaves of `parts`. */
export function fromParts<Theta>(theta: Theta, parts: Tensor): Theta {
  const row = parts.reshape([parts.size]);
  let offset = 0;
  return tree.map((leaf) => {
    if (!isFloatLeaf(leaf)) return leaf;
    const part = row.slice([offset, (offset += leaf.size)]);
    return asType(part.reshape([...leaf.shape]), leaf.dtype);
  }, theta);
}
