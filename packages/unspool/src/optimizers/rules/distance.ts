/** What `prodigy` and `dAdaptAdam` share: Adam's options at a learning rate of 1, and the start of their distance d. */
import { type Tensor, np, tree } from "../../array/index.ts";
import { type ValueFor, asType, atLeast0, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireBoolean, requireHyperparameter } from "../hyperparameter.ts";
import { isFloatLeaf, mapFloats } from "../leaves.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { type LeafChoice, type LeafPredicate, leafPredicate } from "../wrappers/leafChoice.ts";

export interface DistanceOptions {
  /** Factor of the step sizes that are found: 1, or a schedule from 1. Default 1. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.999. */
  beta2?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
  /** d at first: too small a guess of how far theta has to go, whose size matters little. Default 1e-6. */
  initialDistance?: Hyperparameter;
  /** Adam's correction for the start of the moments. Default false, as the authors' code has it. */
  isBiasCorrected?: boolean;
  /** Part of theta that is taken away per step, before the learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export const distanceDefaults: Required<DistanceOptions> = {
  learningRate: 1,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  initialDistance: 1e-6,
  isBiasCorrected: false,
  weightDecay: 0,
  decayed: () => true,
};

/** The predicate of `decayed`. Throws `OptionError` for what is out of range. */
export function requireDistance(where: string, options: Required<DistanceOptions>): LeafPredicate {
  for (const name of ["learningRate", "eps", "initialDistance"] as const)
    requireHyperparameter(where, name, options[name], positive);
  requireHyperparameter(where, "beta1", options.beta1, belowOne);
  requireHyperparameter(where, "beta2", options.beta2, belowOne);
  requireHyperparameter(where, "weightDecay", options.weightDecay, atLeast0);
  requireBoolean(where, "isBiasCorrected", options.isBiasCorrected);
  return leafPredicate(where, "decayed", options.decayed);
}

/** Σ |x| over the floating-point leaves, in the widest type. */
export function sumOfMagnitudes(of: unknown): Tensor {
  const dtype = tree.floatType(of);
  const sums: Tensor[] = [];
  mapFloats((x) => (sums.push(asType(np.abs(x).sum() as Tensor, dtype)), x), of);
  return sums.reduce((sum, x) => sum.add(x), tree.scalar(0, dtype));
}

/** n / q, and `otherwise` where q is 0: no gradient has been other than 0 yet. */
export function estimate(n: Tensor, q: Tensor, otherwise: Tensor): Tensor {
  const isEmpty = q.equal(0);
  return np.where(isEmpty, otherwise, n.div(np.where(isEmpty, np.onesLike(q), q)));
}

/** The weights 1 - beta^t of both moments after one more step, from those before. */
export function nextWeights(
  { beta1, beta2 }: Required<DistanceOptions>,
  { step, firstWeight, secondWeight }: { step: Tensor; firstWeight: Tensor; secondWeight: Tensor },
): { firstWeight: Tensor; secondWeight: Tensor } {
  const next = (weight: Tensor, kept: ValueFor): Tensor =>
    weight.mul(kept(weight)).add(oneMinus(kept(weight)));
  return {
    firstWeight: next(firstWeight, atStep(beta1, step)),
    secondWeight: next(secondWeight, atStep(beta2, step)),
  };
}

/** Theta less a step, and less `decay` for leaves that decay. */
export function withDecay<Theta>(
  theta: Theta,
  steps: unknown,
  isDecayed: LeafPredicate,
  decay: (leaf: Tensor) => Tensor,
): Theta {
  return tree.mapWithPath(
    (path, x, u) => {
      if (!isFloatLeaf(x)) return x;
      return x.sub(isDecayed(path, x) ? u!.add(decay(x)) : u!);
    },
    theta,
    steps,
  );
}
