/** 0 or 1: log p(1) = log σ(logit), log p(0) = log σ(-logit). */
import { type Tensor, nn, np, random } from "../array/index.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import {
  drawnShape,
  floatParameters,
  oneOf,
  requireDraws,
  requireEvery,
  requireNames,
  spread,
} from "./parameters.ts";

/** log(p / (1 - p)), or the probability p of 1. */
export type BernoulliParameters = { logits: Parameter; probs?: never } | { probs: Parameter; logits?: never };

export interface BernoulliDistribution extends Distribution {
  readonly name: "bernoulli";
  /** [...batch]. */
  readonly parameters: { readonly logits: Tensor };
}

/**
 * 1 with probability σ(logits), or `probs`, else 0. Draws are int32, without derivatives; every other number has the
 * log-probability -Infinity.
 *
 * @throws OptionError for a known probability outside of [0, 1], or a logit that is NaN.
 *
 * @example
 * bernoulli({ logits: 0 }).logProb(np.array([0, 1])); // both -log 2
 */
export function bernoulli(parameters: BernoulliParameters): BernoulliDistribution {
  const where = "bernoulli";
  requireNames(where, parameters, ["logits", "probs"]);
  const which = oneOf<"logits" | "probs">(where, parameters, ["logits", "probs"]);
  const given = floatParameters(where, { chance: (parameters.logits ?? parameters.probs)! });
  const { chance } = given.beside();
  if (which === "probs")
    requireEvery(where, which, chance, (value) => value >= 0 && value <= 1, "a probability from 0 to 1");
  else requireEvery(where, which, chance, (value) => !Number.isNaN(value), "a number");
  const batchShape = chance.shape;
  const probability = (): Tensor => (which === "probs" ? chance : nn.sigmoid(chance));
  /** log p(1) and log p(0). */
  const logProbsOf = (of: Tensor): [Tensor, Tensor] =>
    which === "probs" ? [np.log(of), np.log1p(of.neg())] : [nn.logSigmoid(of), nn.logSigmoid(of.neg())];
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: false,
    get parameters() {
      return { logits: which === "logits" ? chance : np.log(chance).sub(np.log1p(chance.neg())) };
    },
    sample(key, shape) {
      const unit = random.uniform(key, drawnShape(where, shape, batchShape));
      return unit.less(probability()).astype("int32");
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const own = given.beside(value).chance;
      const [isOne, isZero] = [value.equal(1), value.equal(0)];
      // Of a known probability the branch that is not taken may be log 0, whose derivative is infinite.
      const [one] = logProbsOf(which === "probs" ? np.where(isOne, own, 1) : own);
      const [, zero] = logProbsOf(which === "probs" ? np.where(isZero, own, 0) : own);
      return np.where(isOne, one, np.where(isZero, zero, -Infinity));
    },
    mean: probability,
    variance() {
      const p = probability();
      return p.mul(p.neg().add(1));
    },
    entropy() {
      const p = probability();
      const isOpen = np.logicalAnd(p.greater(0), p.less(1));
      // Of what is certain the entropy is 0, and 0 times -Infinity is not.
      const inner = np.where(isOpen, chance, which === "probs" ? 0.5 : 0);
      const [one, zero] = logProbsOf(inner);
      const q = which === "probs" ? inner : nn.sigmoid(inner);
      const entropy = q.mul(one).add(q.neg().add(1).mul(zero)).neg();
      return spread(np.where(isOpen, entropy, 0), batchShape);
    },
  };
}
