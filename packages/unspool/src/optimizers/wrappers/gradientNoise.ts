/**
 * Gradient noise (Neelakantan et al., arXiv 1511.06807, 2015): Gaussian noise on the gradient that dies out with
 * the updates. t counts from 0.
 *
 *     g ← g + N(0, variance / (1 + t)^decay)
 */
import { type Key, Tensor, type Tree, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { asType, atLeast0, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface GradientNoiseOptions {
  /** Of the noise at the first update; the paper tries 0.01, 0.3 and 1. Default 0.3. */
  variance?: Hyperparameter;
  /** Power with which the variance falls. Default 0.55. */
  decay?: Hyperparameter;
  /** A seed or a key; the same for every update, which folds in its number. Default 0. */
  key?: number | Key;
}

export const gradientNoiseDefaults: Required<GradientNoiseOptions> = { variance: 0.3, decay: 0.55, key: 0 };

/**
 * Noise in front of another optimizer. Its draws depend on the key, the update and the place of an element in theta,
 * on nothing else. Cost: one pass over the gradient, one normal per element.
 */
export function gradientNoise<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: GradientNoiseOptions = {},
): Optimizer<WrappedState<Inner>> {
  requireOptimizer("gradientNoise", inner);
  const rule = withDefaults("gradientNoise", options, gradientNoiseDefaults);
  requireHyperparameter("gradientNoise", "variance", rule.variance, atLeast0);
  requireHyperparameter("gradientNoise", "decay", rule.decay, atLeast0);
  const key = requireKey(rule.key);
  return {
    name: `gradientNoise(${inner.name})`,
    ...passOn<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    update(gradient, state, theta, observed) {
      requireGradient("gradientNoise", theta, gradient, state);
      const deviation = deviationAt(rule, state.step, tree.floatType(theta));
      const now = random.foldIn(key, state.step);
      const floats = tree.leaves(theta).filter(isFloatLeaf);
      const uniforms = random.uniform(now, [2, floats.reduce((sum, { size }) => sum + size, 0)]);
      let place = 0;
      const noisy = mapFloats((g) => {
        // Draws by their place in all of theta: the same for a tree as for its elements in a row.
        const drawn = uniforms.slice([], [place, (place += g.size)]).astype(g.dtype);
        return g.add(
          normals(drawn)
            .reshape([...g.shape])
            .mul(asType(deviation, g.dtype)),
        );
      }, gradient);
      const moved = inner.update(noisy, state.inner, theta, observed);
      return { theta: moved.theta, state: { step: advance(state.step), inner: moved.state } };
    },
  };
}

/** √(variance / (1 + t)^decay). */
function deviationAt(
  { variance, decay }: Required<GradientNoiseOptions>,
  step: Tensor,
  dtype: "float32" | "float64",
): Tensor {
  const time = step.astype(dtype).add(1);
  const fall = np.exp(np.log(time).mul(atStep(decay, step)(time)).mul(-0.5));
  return root(np.onesLike(time).mul(atStep(variance, step)(time))).mul(fall);
}

/**
 * Standard normals from uniform numbers [2, n] (Box-Muller), in their dtype: the same on every device to its
 * rounding, where those of `random.normal` agree to that of float32.
 */
function normals(uniforms: Tensor): Tensor {
  const radius = root(np.log(uniforms.slice(0).neg().add(1)).mul(-2));
  return radius.mul(np.cos(uniforms.slice(1).mul(2 * Math.PI)));
}

function requireKey(key: number | Key): Key {
  if (typeof key === "number") return random.key(key);
  const isKey = Tensor.is(key) && key.dtype === "uint32" && String(key.shape) === "2";
  if (isKey) return key;
  throw new OptionError("gradientNoise", "key", key, "a seed (integer from 0 to 4294967295) or a key");
}
