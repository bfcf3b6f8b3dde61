/**
 * AdEMAMix (Pagliardini, Ablin & Grangier, ICLR 2025): AdamW with a second, much slower mean of gradients. m, s and their
 * weights as in `adamMoments.ts`.
 *
 *     n ← beta3 · n + (1 - beta3) · g,   not corrected for its start
 *     theta ← theta - learningRate · ((m̂ + alpha · n) / (√ŝ + eps) + weightDecay · theta)
 *
 * Over the first `warmupSteps` updates alpha rises from 0 in a line, and beta3 from beta1 so that its half-life does:
 *
 *     a = min(t / warmupSteps, 1);   log b = log beta1 · log beta3 / (a · log beta1 + (1 - a) · log beta3)
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { type ValueFor, asType, atLeast0, atStep, belowOne, decayOf, oneMinus } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { isFloatLeaf, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";

export interface AdemamixOptions extends MomentOptions {
  /** Part of the slow mean that is kept. Default 0.9999. */
  beta3?: Hyperparameter;
  /** Weight of the slow mean beside the fast one. Default 5. */
  alpha?: Hyperparameter;
  /** Updates over which alpha and beta3 rise; the paper takes all of training. Default 0: none. */
  warmupSteps?: number;
  /** Part of theta that is taken away per step, before the learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export type AdemamixState = AdamState & {
  /** n. */
  slowMoment: Tree;
};

export const ademamixDefaults: Required<AdemamixOptions> = {
  ...momentDefaults,
  beta3: 0.9999,
  alpha: 5,
  warmupSteps: 0,
  weightDecay: 0,
  decayed: () => true,
};

/**
 * Adam with a long memory. Cost: four passes, three copies of theta.
 *
 * @example
 * const optimizer = ademamix({ learningRate: 0.001, warmupSteps: 10_000 });
 */
export function ademamix(options: AdemamixOptions = {}): Optimizer<AdemamixState & Skipping> {
  const rule = withDefaults("ademamix", options, ademamixDefaults);
  requireMomentOptions("ademamix", rule);
  requireHyperparameter("ademamix", "beta3", rule.beta3, belowOne);
  requireHyperparameter("ademamix", "alpha", rule.alpha, atLeast0);
  requireHyperparameter("ademamix", "weightDecay", rule.weightDecay, atLeast0);
  requireInteger("ademamix", "warmupSteps", rule.warmupSteps, 0);
  for (const name of rule.warmupSteps > 0 ? (["beta1", "beta3"] as const) : [])
    if (rule[name] === 0) throw new OptionError("ademamix", name, 0, "above 0 with `warmupSteps`");
  const isDecayed = leafPredicate("ademamix", "decayed", rule.decayed);
  return skipOverflow<AdemamixState>(
    {
      name: "ademamix",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("ademamix", "decayed", rule.decayed, theta);
        return { ...initMoments(theta), slowMoment: zeros(theta) };
      },
      update(gradient, state, theta) {
        requireGradient("ademamix", theta, gradient, state);
        const [rate, eps, decay] = [rule.learningRate, rule.eps, rule.weightDecay].map((h) =>
          atStep(h, state.step),
        ) as [ValueFor, ValueFor, ValueFor];
        const { kept, alpha } = slowOptions(rule, state.step, state.firstWeight);
        const next = nextMoments(rule, gradient, state);
        const slowMoment = mapFloats(
          (n, g) => n.mul(kept(n)).add(g!.mul(oneMinus(kept(n)))),
          state.slowMoment,
          gradient,
        );
        const moved = tree.mapWithPath(
          (path, x, m, n, s) => {
            if (!isFloatLeaf(x)) return x;
            const mixed = unbiased(m!, next.firstWeight).add(n!.mul(alpha(x)));
            const direction = mixed.div(root(unbiased(s!, next.secondWeight)).add(eps(x)));
            return x.sub((isDecayed(path, x) ? direction.add(x.mul(decay(x))) : direction).mul(rate(x)));
          },
          theta,
          next.firstMoment,
          slowMoment,
          next.secondMoment,
        );
        return { theta: moved, state: { ...next, slowMoment } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}

/** beta3 and alpha at a step; `like` is a scalar of theta's widest type. */
function slowOptions(
  { beta1, beta3, alpha, warmupSteps }: Required<AdemamixOptions>,
  step: Tensor,
  like: Tensor,
): { kept: ValueFor; alpha: ValueFor } {
  const [kept1, kept3, weight] = [beta1, beta3, alpha].map((h) => atStep(h, step)) as [
    ValueFor,
    ValueFor,
    ValueFor,
  ];
  if (warmupSteps === 0) return { kept: kept3, alpha: weight };
  const time = step.astype(like.dtype).add(1);
  const part = np.minimum(time.div(warmupSteps), 1) as Tensor;
  const log = (kept: ValueFor): Tensor => np.log1p(np.negative(np.zerosLike(like).add(oneMinus(kept(like)))));
  const [log1, log3] = [log(kept1), log(kept3)];
  const exponent = log1.mul(log3).div(part.mul(log1).add(part.neg().add(1).mul(log3)));
  // 1 - b, which b itself could not give back.
  const rest = np.expm1(exponent).neg();
  return {
    kept: (leaf) => decayOf(asType(rest, leaf.dtype)),
    alpha: (leaf) => asType(part, leaf.dtype).mul(weight(leaf)),
  };
}
