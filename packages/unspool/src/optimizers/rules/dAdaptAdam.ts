/**
 * D-Adaptation of Adam (Defazio & Mishchenko, ICML 2023, Algorithm 5): AdamW that finds the size of its steps by itself. d,
 * a lower bound on how far the solution is from the start, grows with what gradients say of the steps so far; η is the
 * learning rate and b = √beta2.
 *
 *     r = d · η   (isBiasCorrected: · √(1 - beta2^t) / (1 - beta1^t))
 *     n ← b · n + (1 - b) · r · g·(q / (√s + eps));   with s and q from before this step
 *     m ← beta1 · m + (1 - beta1) · r · g;   s ← beta2 · s + (1 - beta2) · g²;   q ← b · q + (1 - b) · r · g
 *     theta ← theta - m / (√s + eps) - r · weightDecay · theta;   d ← max(d, n / ((1 - b) · Σ |q|))
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { type ValueFor, asType, atStep, oneMinus, withDefaults } from "../hyperparameter.ts";
import { advance, counter, dot, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { requireLeaves } from "../wrappers/leafChoice.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type DistanceOptions, distanceDefaults, estimate, nextWeights } from "./distance.ts";
import { requireDistance, sumOfMagnitudes, withDecay } from "./distance.ts";

export type DAdaptAdamOptions = DistanceOptions;

export type DAdaptAdamState = {
  step: Tensor;
  /** m, in units of theta's steps. */
  firstMoment: Tree;
  /** s. */
  secondMoment: Tree;
  /** q. */
  weighted: Tree;
  /** d: float scalar. */
  distance: Tensor;
  /** n: float scalar. */
  progress: Tensor;
  /** 1 - beta1^t: float scalar. */
  firstWeight: Tensor;
  /** 1 - beta2^t: float scalar. */
  secondWeight: Tensor;
};

export const dAdaptAdamDefaults: Required<DAdaptAdamOptions> = distanceDefaults;

/** Adam without a learning rate to tune. Cost: six passes, three copies of theta. */
export function dAdaptAdam(options: DAdaptAdamOptions = {}): Optimizer<DAdaptAdamState & Skipping> {
  const rule = withDefaults("dAdaptAdam", options, dAdaptAdamDefaults);
  const isDecayed = requireDistance("dAdaptAdam", rule);
  return skipOverflow<DAdaptAdamState>(
    {
      name: "dAdaptAdam",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("dAdaptAdam", "decayed", rule.decayed, theta);
        const scalar = tree.scalar(0, tree.floatType(theta));
        return {
          step: counter(),
          firstMoment: zeros(theta),
          secondMoment: zeros(theta),
          weighted: zeros(theta),
          distance: scalar.add(atStep(rule.initialDistance, counter())(scalar)),
          progress: scalar,
          firstWeight: scalar,
          secondWeight: scalar,
        };
      },
      update(gradient, state, theta) {
        requireGradient("dAdaptAdam", theta, gradient, state);
        const at = (h: Hyperparameter): ValueFor => atStep(h, state.step);
        const [kept1, kept2, eps, decay] = [rule.beta1, rule.beta2, rule.eps, rule.weightDecay].map(at) as [
          ValueFor,
          ValueFor,
          ValueFor,
          ValueFor,
        ];
        const { distance } = state;
        const weights = nextWeights(rule, state);
        // 1 - √beta2, which √beta2 could not give back in float32: (1 - beta2) / (1 + √beta2).
        const kept = np.sqrt(np.add(np.zerosLike(distance), kept2(distance)));
        const rest = np.divide(oneMinus(kept2(distance)), kept.add(1)) as Tensor;
        const scheduled = distance.mul(at(rule.learningRate)(distance));
        const rate = rule.isBiasCorrected
          ? scheduled.mul(np.sqrt(weights.secondWeight)).div(weights.firstWeight)
          : scheduled;
        const scaled = mapFloats((q, s) => q.div(root(s!).add(eps(q))), state.weighted, state.secondMoment);
        const gained = rest.mul(rate).mul(dot(gradient, scaled));
        const progress = state.progress.mul(kept).add(gained);
        const sized = mapFloats((g) => g.mul(asType(rate, g.dtype)), gradient);
        const firstMoment = mapFloats(
          (m, g) => m.mul(kept1(m)).add(g!.mul(oneMinus(kept1(m)))),
          state.firstMoment,
          sized,
        );
        const secondMoment = mapFloats(
          (s, g) => s.mul(kept2(s)).add(g!.mul(g!).mul(oneMinus(kept2(s)))),
          state.secondMoment,
          gradient,
        );
        const weighted = mapFloats(
          (q, g) => q.mul(asType(kept, q.dtype)).add(g!.mul(asType(rest, q.dtype))),
          state.weighted,
          sized,
        );
        const found = estimate(progress, sumOfMagnitudes(weighted).mul(rest), distance);
        const steps = mapFloats((m, s) => m.div(root(s!).add(eps(m))), firstMoment, secondMoment);
        return {
          theta: withDecay(theta, steps, isDecayed, (x) => x.mul(decay(x)).mul(asType(rate, x.dtype))),
          state: {
            step: advance(state.step),
            firstMoment,
            secondMoment,
            weighted,
            distance: np.maximum(distance, found) as Tensor,
            progress,
            ...weights,
          },
        };
      },
    },
    { options: rule },
  );
}
