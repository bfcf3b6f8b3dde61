/**
 * Linear feedback with noise of a deviation that may itself be learned:
 *
 *     a ~ N(K o, p² I)
 */
import { type Tensor, np, tree } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { normalLogProb } from "../numbersLike.ts";
import { type DesignPolicy, normalsLike } from "./policy.ts";

export interface LinearFeedbackOptions {
  /** K, [actions, observations], to begin with. */
  gain: readonly (readonly number[])[];
  /** p, to begin with. */
  deviation: number;
  /** Whether p is learned. Default false. */
  learnsDeviation?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface LinearFeedbackTheta {
  /** K, [actions, observations]. */
  gain: Tensor;
  /** p, where it is learned. */
  deviation?: Tensor;
}

/** A policy of vectors [actions], linear in the observation. */
export function linearFeedback(options: LinearFeedbackOptions): DesignPolicy<LinearFeedbackTheta> {
  const where = "linearFeedback";
  requireKnownOptions(where, options, ["gain", "deviation", "learnsDeviation", "dtype"]);
  const { gain, deviation, learnsDeviation = false, dtype = "float32" } = options;
  requirePositive(where, "deviation", deviation, "The score of a policy without noise does not exist.");
  const width = Array.isArray(gain) && Array.isArray(gain[0]) ? gain[0].length : 0;
  requireInteger(where, "the length of gain[0]", width, 1);
  if (!gain.every((row) => row.length === width && row.every(Number.isFinite))) {
    throw new OptionError(where, "gain", gain, `rows of ${width} finite numbers`);
  }
  const at = (theta: LinearFeedbackTheta, observation: Tensor): { mean: Tensor; spread: Tensor } => ({
    mean: np.matmul(theta.gain, observation) as Tensor,
    spread: theta.deviation ?? tree.scalar(deviation, tree.floatType(theta.gain)),
  });
  return {
    name: where,
    isDiscrete: false,
    init: () => ({
      gain: np.array(
        gain.map((row) => [...row]),
        { dtype },
      ),
      ...(learnsDeviation && { deviation: tree.scalar(deviation, dtype) }),
    }),
    sample(theta, observation, key) {
      const { mean, spread } = at(theta, observation);
      return mean.add(spread.mul(normalsLike(mean, key)));
    },
    logProb(theta, observation, action) {
      const { mean, spread } = at(theta, observation);
      return normalLogProb(action, mean, spread).sum();
    },
    mode: (theta, observation) => at(theta, observation).mean,
    entropy(theta, observation) {
      const { mean, spread } = at(theta, observation);
      return (np.log(spread) as Tensor).add(0.5 * Math.log(2 * Math.PI * Math.E)).mul(mean.size);
    },
  };
}
