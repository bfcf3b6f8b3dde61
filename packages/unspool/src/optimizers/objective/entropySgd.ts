/**
 * Entropy-SGD (Chaudhari et al., ICLR 2017, Algorithm 1): descent on the local entropy, whose gradient is measured by
 * a short Langevin walk that a spring holds at theta. It prefers wide valleys to deep ones.
 *
 *     x ← theta,  mean ← theta;   L times:
 *         x    ← x - innerRate · (∇f(x) + gamma · (x - theta)) + √innerRate · noise · N(0, 1)
 *         mean ← (1 - alpha) · mean + alpha · x
 *     theta ← theta - learningRate · (theta - mean)
 *
 * `learningRate` is the paper's η γ, in which only the product counts: 1 goes to the mean. The walk stays on the
 * step's batch, where the paper draws a new one for each of its steps.
 */
import { type Key, type Tensor, random, scan, valueAndGrad } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { floatLeaves, withFloatLeaves } from "../floatVector.ts";
import {
  asType,
  atLeast0,
  atStep,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, root } from "../leaves.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Hyperparameter } from "../optimizer.ts";

export interface EntropySgdOptions {
  /** Part of the way from theta to the mean of the walk. Default 1. */
  learningRate?: Hyperparameter;
  /** Stiffness of the spring: large for narrow views of the surface. Default 0.03. */
  gamma?: Hyperparameter;
  /** Steps of the walk, L. Default 20. */
  innerSteps?: number;
  /** Step size of the walk. Default 0.1. */
  innerRate?: Hyperparameter;
  /** Deviation of the walk's noise for a step size of 1. Default 0.0001. */
  noise?: Hyperparameter;
  /** Weight of the newest point in the mean. Default 0.75. */
  alpha?: Hyperparameter;
}

export type EntropySgdState = { step: Tensor };

export const entropySgdDefaults: Required<EntropySgdOptions> = {
  learningRate: 1,
  gamma: 0.03,
  innerSteps: 20,
  innerRate: 0.1,
  noise: 1e-4,
  alpha: 0.75,
};

/** Entropy-SGD. Cost: `innerSteps` gradients, and no memory from one step to the next. */
export function entropySgd(options: EntropySgdOptions = {}): ObjectiveOptimizer<EntropySgdState> {
  const rule = withDefaults("entropySgd", options, entropySgdDefaults);
  const { innerSteps } = rule;
  requireInteger("entropySgd", "innerSteps", innerSteps, 1);
  requireHyperparameter("entropySgd", "learningRate", rule.learningRate, positive);
  requireHyperparameter("entropySgd", "gamma", rule.gamma, atLeast0);
  requireHyperparameter("entropySgd", "innerRate", rule.innerRate, positive);
  requireHyperparameter("entropySgd", "noise", rule.noise, atLeast0);
  requireHyperparameter("entropySgd", "alpha", rule.alpha, {
    text: "above 0 and at most 1",
    has: (x) => x > 0 && x <= 1,
  });
  return {
    name: "entropySgd",
    init: () => ({ step: counter() }),
    step(theta, { step }, objective, { key }) {
      const start = floatLeaves(theta);
      const [rate, gamma, noise, alpha, learningRate] = [
        atStep(rule.innerRate, step),
        atStep(rule.gamma, step),
        atStep(rule.noise, step),
        atStep(rule.alpha, step),
        atStep(rule.learningRate, step),
      ];
      const differentiate = valueAndGrad((at: Tensor[]) => objective.loss(withFloatLeaves(theta, at)));
      const walk = ({ x, mean }: { x: Tensor[]; mean: Tensor[] }, _none: undefined, i: Tensor) => {
        const [loss, gradient] = differentiate(x);
        const drawn = normals(start, random.foldIn(key, i));
        const next = x.map((at, leaf) => {
          const pull = at.sub(start[leaf]!).mul(gamma(at));
          const drift = (gradient as Tensor[])[leaf]!.add(pull).mul(rate(at));
          // The root of a tensor is smooth at 0, that of a number is a number.
          const size = rate(at);
          const deviation = typeof size === "number" ? Math.sqrt(size) : root(size);
          return at.sub(drift).add(drawn[leaf]!.mul(noise(at)).mul(deviation));
        });
        const nextMean = mean.map((m, leaf) => m.mul(oneMinus(alpha(m))).add(next[leaf]!.mul(alpha(m))));
        return [{ x: next, mean: nextMean }, loss] as [{ x: Tensor[]; mean: Tensor[] }, Tensor];
      };
      const [{ mean }, losses] = scan(walk, { x: start, mean: start }, undefined, { length: innerSteps });
      const moved = start.map((x, leaf) => x.sub(x.sub(mean[leaf]!).mul(learningRate(x))));
      return {
        theta: withFloatLeaves(theta, moved),
        state: { step: advance(step) },
        loss: losses.slice(0),
        metrics: {},
      };
    },
  };
}

/** Standard normals in the shapes of the leaves. */
function normals(like: readonly Tensor[], key: Key): Tensor[] {
  return like.map((leaf, i) => asType(random.normal(random.foldIn(key, i), leaf.shape), leaf.dtype));
}
