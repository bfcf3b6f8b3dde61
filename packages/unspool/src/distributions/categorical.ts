/** Classes 0 … n - 1 with the probabilities softmax(logits). */
import { type Tensor, nn, np, random } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import {
  byDraws,
  drawnShape,
  floatParameters,
  noClosedForm,
  oneOf,
  requireDraws,
  requireEvery,
  requireNames,
  requireSome,
  spread,
} from "./parameters.ts";

/** Along the last axis, [..., n]. Neither needs to be normalised. */
export type CategoricalParameters =
  { logits: Parameter; probs?: never } | { probs: Parameter; logits?: never };

export interface CategoricalDistribution extends Distribution {
  readonly name: "categorical";
  /** Normalised log-probabilities, [...batch, n]. */
  readonly parameters: { readonly logProbs: Tensor };
}

/**
 * One of n classes, by `logits` [..., n] or probabilities `probs` [..., n], of which -Infinity and 0 are never drawn. Draws
 * are int32, without derivatives; what is no class has the log-probability -Infinity.
 *
 * @throws OptionError for a known probability below 0, logit that is NaN or Infinity, or row without a possible class; ShapeError without a last axis.
 *
 * @example
 * categorical({ logits: np.zeros([3]) }).logProb(np.array(2)); // -log 3
 */
export function categorical(parameters: CategoricalParameters): CategoricalDistribution {
  const where = "categorical";
  requireNames(where, parameters, ["logits", "probs"]);
  const which = oneOf<"logits" | "probs">(where, parameters, ["logits", "probs"]);
  const given = floatParameters(where, { weights: (parameters.logits ?? parameters.probs)! });
  const { weights } = given.beside();
  const n = weights.shape.at(-1);
  if (n === undefined || n === 0)
    throw new ShapeError(where, `${which} must be [..., n], got ${weights.toString()}.`);
  if (which === "logits") requireEvery(where, which, weights, (value) => value < Infinity, "below Infinity");
  else requireEvery(where, which, weights, (value) => value >= 0 && value < Infinity, "0 or above");
  requireSome(where, which, weights, which === "logits" ? -Infinity : 0);
  const batchShape = weights.shape.slice(0, -1);
  const logProbsOf = (of: Tensor): Tensor =>
    which === "logits" ? nn.logSoftmax(of) : np.log(of).sub(np.log(of.sum(-1, { keepdims: true })));
  return {
    name: where,
    batchShape,
    eventShape: [],
    isReparameterised: false,
    get parameters() {
      return { logProbs: logProbsOf(weights) };
    },
    sample(key, shape) {
      const logits = which === "logits" ? weights : np.log(weights);
      return random.categorical(key, spread(logits, [...drawnShape(where, shape, batchShape), n]));
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, []);
      const isClass = value.reshape([...value.shape, 1]).equal(np.arange(n).astype(value.dtype));
      const own = given.beside(value).weights;
      if (which === "probs") {
        // The logarithm of the one that is asked for: those of the others may be -Infinity.
        return np.log(np.where(isClass, own, 0).sum(-1)).sub(np.log(own.sum(-1)));
      }
      const selected = np.where(isClass, nn.logSoftmax(own), 0).sum(-1);
      return np.where(isClass.any(-1), selected, -Infinity);
    },
    mean: () => {
      throw noClosedForm(where, "mean of classes", "Their probabilities are exp of parameters.logProbs.");
    },
    variance: () => {
      throw noClosedForm(where, "variance of classes", byDraws("what you need of them"));
    },
    entropy() {
      const isPossible = weights.greater(which === "logits" ? -Infinity : 0);
      // What is impossible weighs nothing, and 0 times -Infinity would be NaN.
      const safe = np.where(isPossible, weights, which === "logits" ? 0 : 1);
      const total =
        which === "logits"
          ? nn.logsumexp(weights, -1, { keepdims: true })
          : np.log(weights.sum(-1, { keepdims: true }));
      const logProbs = (which === "logits" ? safe : np.log(safe)).sub(total);
      return np.where(isPossible, np.exp(logProbs).mul(logProbs), 0).sum(-1).neg();
    },
  };
}
