/**
 * Differentially private training, DP-SGD (Abadi, Chu, Goodfellow, McMahan, Mironov, Talwar & Zhang, CCS 2016, Algorithm
 * 1): the gradient of each example is clipped, so that none can be told from the noise that is added to their sum.
 *
 *     g_i ← ∇l_i(theta) · min(1, maxNorm / ‖∇l_i(theta)‖)   for each example i of B, norms over all leaves
 *     g = (Σ_i g_i + N(0, (noise · maxNorm)²)) / B;   theta ← inner.update(g, theta)
 *
 * What it costs in privacy depends on B, the number of examples, the steps and `noise`: an accountant of another library
 * says it. Batches must be drawn independently of the data in them.
 */
import {
  type Key,
  type Tensor,
  type Tensors,
  type Tree,
  np,
  random,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { ShardedObjective } from "../communication/parallel/shards.ts";
import { type ValueFor, asType, atLeast0, atStep, positive } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, normOf } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, evaluationOf, requireOptimizer } from "../wrappers/wrapping.ts";
import type { Objective, ObjectiveOptimizer } from "./objective.ts";

export interface PrivateGradientsOptions {
  /** Longest gradient of an example that passes unchanged, C. Default 1. */
  maxNorm?: Hyperparameter;
  /** Deviation of the noise in units of maxNorm. Default 1; 0 is clipping per example alone, which is not private. */
  noise?: Hyperparameter;
}

export const privateGradientsDefaults: Required<PrivateGradientsOptions> = { maxNorm: 1, noise: 1 };

/** Losses [B] and gradients [B, …] of the examples. */
interface Examples<Theta> {
  losses: Tensor;
  gradients: Theta;
}

/**
 * Clipped and noisy gradients in front of any rule. The noise is drawn from the key of the step. With an objective of
 * `shardedObjective` each of its parts counts as an example: make as many as there are. Of another the examples are those
 * of `losses`. The metric `clippedExamples` is the part that was clipped. Throws `OptionError` for an objective that has
 * neither. Cost: B gradients and as many copies of theta; without parts, each gradient is of the whole batch.
 *
 * @example
 * const step = compiledStep(privateGradients(adam(), { maxNorm: 1, noise: 1.1 }), ({ inputs, targets }: Batch) =>
 *   shardedObjective({ batch: { inputs, targets }, workers: 256, objective: lossOf }),
 * );
 */
export function privateGradients<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: PrivateGradientsOptions = {},
): ObjectiveOptimizer<WrappedState<Inner>> {
  requireOptimizer("privateGradients", inner);
  const rule = withDefaults("privateGradients", options, privateGradientsDefaults);
  requireHyperparameter("privateGradients", "maxNorm", rule.maxNorm, positive);
  requireHyperparameter("privateGradients", "noise", rule.noise, atLeast0);
  return {
    name: `privateGradients(${inner.name})`,
    ...evaluationOf<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    step(theta, state, objective, { key }) {
      const { losses, gradients } = examplesOf(objective, theta);
      const [most, noise] = [atStep(rule.maxNorm, state.step), atStep(rule.noise, state.step)];
      const { clipped, isLong } = clippedEach(gradients, most);
      const count = losses.size;
      const summed = tree.map((g) => g.sum(0), clipped);
      const drawn = noiseLike(summed, random.foldIn(key, "privacy"), (leaf) => {
        const one = tree.scalar(1, tree.floatType(leaf));
        return one.mul(most(one)).mul(noise(one));
      });
      const gradient = mapFloats((g, n) => g.add(n!).div(count), summed, drawn);
      const loss = losses.mean();
      const moved = inner.update(gradient as Tensors<typeof theta>, state.inner, theta, { loss });
      return {
        theta: moved.theta,
        state: { step: advance(state.step), inner: moved.state },
        loss,
        metrics: { clippedExamples: isLong.astype("float32").mean() },
      };
    },
  };
}

function examplesOf<Theta>(objective: Objective<Theta>, theta: Theta): Examples<Theta> {
  const { shards } = objective as Partial<ShardedObjective<Theta>>;
  if (shards !== undefined) {
    return shards.map((part) => {
      const [losses, gradients] = valueAndGrad((at: Theta) => part.loss(at))(theta);
      return { losses, gradients: gradients as Theta };
    }, {});
  }
  const { losses } = objective;
  if (losses === undefined) {
    const wanted =
      "a function of theta that gives the loss of each example, or an objective of `shardedObjective`";
    throw new OptionError("privateGradients", "objective.losses", losses, wanted);
  }
  const each = losses(theta);
  const ones = np.eye(each.size, each.size, { dtype: each.dtype });
  const pulled = (cotangent: Tensor): Theta =>
    vjp((at: Theta) => losses(at), [theta], cotangent)[1][0] as Theta;
  return { losses: each, gradients: vmap(pulled)(ones) };
}

/** Gradients [B, …] that are at most so long, and which were longer [B]. */
function clippedEach<Theta>(gradients: Theta, most: ValueFor): { clipped: Theta; isLong: Tensor } {
  return vmap((gradient: Theta) => {
    const { scale, unit, length } = normOf(gradient);
    const bound = length.mul(0).add(most(length));
    // A gradient that is not finite stays so: it is an error of the step, not an example to be hidden.
    const isLong = length.greater(bound);
    const part = bound.div(np.where(isLong, unit, np.onesLike(unit)));
    const clipped = mapFloats(
      (g) => np.where(isLong, g.div(asType(scale, g.dtype)).mul(asType(part, g.dtype)), g),
      gradient,
    );
    return { clipped, isLong };
  })(gradients);
}

/** Normal numbers in the structure of `like`, each leaf with a stream of its own. */
function noiseLike<T>(like: T, key: Key, deviation: (leaf: Tensor) => Tensor): T {
  let leaf = 0;
  return tree.map((x) => {
    const own = random.foldIn(key, leaf++);
    if (!isFloatLeaf(x)) return x;
    return random
      .normal(own, [...x.shape])
      .astype(x.dtype)
      .mul(deviation(x));
  }, like);
}
