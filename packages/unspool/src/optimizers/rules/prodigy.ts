/**
 * Prodigy (Mishchenko & Defazio, ICML 2024): AdamW that finds the size of its steps by itself. d, a lower bound on how far
 * the solution is from the start x₀, grows with what gradients say of the way so far; η is the learning rate.
 *
 *     r = d · η   (isBiasCorrected: · √(1 - beta2^t) / (1 - beta1^t));   e = r   (isSafeguarded: d)
 *     m ← beta1 · m + (1 - beta1) · d · g;   s ← beta2 · s + (1 - beta2) · (d · g)²
 *     n ← beta3 · n + d · r · g·(x₀ - theta) / d₀;   q ← beta3 · q + d · e · g / d₀
 *     d' = max(d, distanceScale · n / Σ |q|)
 *     theta ← theta - r · (m / (√s + d' · eps) + weightDecay · theta);   d ← d'
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { type ValueFor, asType, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, dot, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { requireLeaves } from "../wrappers/leafChoice.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type DistanceOptions, distanceDefaults, estimate, nextWeights } from "./distance.ts";
import { requireDistance, sumOfMagnitudes, withDecay } from "./distance.ts";

export interface ProdigyOptions extends DistanceOptions {
  /** Part of the sums n and q that is kept; null is √beta2. Default null. */
  beta3?: Hyperparameter | null;
  /** Factor of the estimates of d: above 1 for larger steps. Default 1. */
  distanceScale?: Hyperparameter;
  /** Leaves the learning rate out of q, so that a warm-up does not make d too large. Default false. */
  isSafeguarded?: boolean;
}

export type ProdigyState = {
  step: Tensor;
  /** m. */
  firstMoment: Tree;
  /** s. */
  secondMoment: Tree;
  /** q. */
  weighted: Tree;
  /** x₀. */
  start: Tree;
  /** d: float scalar. */
  distance: Tensor;
  /** n: float scalar. */
  progress: Tensor;
  /** 1 - beta1^t: float scalar. */
  firstWeight: Tensor;
  /** 1 - beta2^t: float scalar. */
  secondWeight: Tensor;
};

export const prodigyDefaults: Required<ProdigyOptions> = {
  ...distanceDefaults,
  beta3: null,
  distanceScale: 1,
  isSafeguarded: false,
};

/**
 * Adam without a learning rate to tune. In float32 the first steps are a few roundings of theta long, and so is what d is
 * estimated from. Cost: six passes, four copies of theta.
 */
export function prodigy(options: ProdigyOptions = {}): Optimizer<ProdigyState & Skipping> {
  const rule = withDefaults("prodigy", options, prodigyDefaults);
  const isDecayed = requireDistance("prodigy", rule);
  if (rule.beta3 !== null) requireHyperparameter("prodigy", "beta3", rule.beta3, belowOne);
  requireHyperparameter("prodigy", "distanceScale", rule.distanceScale, positive);
  requireBoolean("prodigy", "isSafeguarded", rule.isSafeguarded);
  return skipOverflow<ProdigyState>(
    {
      name: "prodigy",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("prodigy", "decayed", rule.decayed, theta);
        const scalar = tree.scalar(0, tree.floatType(theta));
        return {
          step: counter(),
          firstMoment: zeros(theta),
          secondMoment: zeros(theta),
          weighted: zeros(theta),
          start: theta as Tree,
          distance: scalar.add(atStep(rule.initialDistance, counter())(scalar)),
          progress: scalar,
          firstWeight: scalar,
          secondWeight: scalar,
        };
      },
      update(gradient, state, theta) {
        requireGradient("prodigy", theta, gradient, state);
        const at = (h: Hyperparameter): ValueFor => atStep(h, state.step);
        const [kept1, kept2, eps, decay] = [rule.beta1, rule.beta2, rule.eps, rule.weightDecay].map(at) as [
          ValueFor,
          ValueFor,
          ValueFor,
          ValueFor,
        ];
        const { distance } = state;
        const weights = nextWeights(rule, state);
        const kept3 =
          rule.beta3 === null
            ? np.sqrt(np.add(np.zerosLike(distance), kept2(distance)))
            : at(rule.beta3)(distance);
        const ratio = distance.div(at(rule.initialDistance)(distance));
        const scheduled = distance.mul(at(rule.learningRate)(distance));
        const rate = rule.isBiasCorrected
          ? scheduled.mul(np.sqrt(weights.secondWeight)).div(weights.firstWeight)
          : scheduled;
        const toStart = mapFloats((x, x0) => x0!.sub(x), theta, state.start);
        const progress = state.progress.mul(kept3).add(ratio.mul(rate).mul(dot(gradient, toStart)));
        const weight = ratio.mul(rule.isSafeguarded ? distance : rate);
        const weighted = mapFloats(
          (q, g) => q.mul(asScalar(kept3, q)).add(g!.mul(asType(weight, q.dtype))),
          state.weighted,
          gradient,
        );
        const found = estimate(progress, sumOfMagnitudes(weighted), distance);
        const next = np.maximum(distance, found.mul(at(rule.distanceScale)(distance))) as Tensor;
        const sized = mapFloats((g) => g.mul(asType(distance, g.dtype)), gradient);
        const firstMoment = mapFloats(
          (m, g) => m.mul(kept1(m)).add(g!.mul(oneMinus(kept1(m)))),
          state.firstMoment,
          sized,
        );
        const secondMoment = mapFloats(
          (s, g) => s.mul(kept2(s)).add(g!.mul(g!).mul(oneMinus(kept2(s)))),
          state.secondMoment,
          sized,
        );
        const steps = mapFloats(
          (m, s) => {
            const size = root(s!).add(asType(next, m.dtype).mul(eps(m)));
            return m.div(size).mul(asType(rate, m.dtype));
          },
          firstMoment,
          secondMoment,
        );
        return {
          theta: withDecay(theta, steps, isDecayed, (x) => x.mul(decay(x)).mul(asType(rate, x.dtype))),
          state: {
            step: advance(state.step),
            firstMoment,
            secondMoment,
            weighted,
            start: state.start,
            distance: next,
            progress,
            ...weights,
          },
        };
      },
      // The way so far is measured from there.
      moveTo: (state, theta) => ({ ...state, start: theta as Tree }),
    },
    { options: rule },
  );
}

function asScalar(value: number | Tensor, { dtype }: Tensor): number | Tensor {
  return typeof value === "number" ? value : asType(value, dtype);
}
