/** What a resampling scheme is: it draws for each of K places the particle whose copy will stand there. */
import type { Key, Tensor } from "../../../array/index.ts";

/**
 * A resampling scheme. Particle k is drawn K softmax(w)_k times in the mean, which keeps estimates of the evidence unbiased.
 * Pure, and made of `np` functions: it is part of a compiled program.
 */
export interface Resampler {
  readonly name: string;
  /** Ancestors, int32 [K], for log-weights [K]. Particles of weight 0 are never drawn while there is another. */
  ancestors(key: Key, logWeights: Tensor): Tensor;
  /**
   * The logarithm of the probability of these ancestors, differentiable by the log-weights: what score-function gradients
   * need. Absent where draws have no probability that could be differentiated.
   */
  logProbability?(logWeights: Tensor, ancestors: Tensor): Tensor;
}
