/**
 * A vector of actions, each normal around an output of a network with a deviation that is the size of another:
 *
 *     a ~ N(m, diag(e²) + 1e-5 I),   (m, e) = network(o)
 */
import { type Tensor, np } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import { normalLogProb } from "../numbersLike.ts";
import {
  type DesignPolicy,
  type PolicyLayer,
  type PolicyNetworkOptions,
  initPolicyNetwork,
  normalsLike,
  policyNetwork,
  policyNetworkOptions,
  requirePolicyNetwork,
} from "./policy.ts";

export interface GaussianPolicyOptions extends PolicyNetworkOptions {
  /** Length of an action. */
  actions: number;
}

/** Added to every variance, as in the authors' code: an output of 0 is no division by 0. */
const leastVariance = 1e-5;

/** A policy of vectors [actions]. */
export function gaussianPolicy(options: GaussianPolicyOptions): DesignPolicy<PolicyLayer[]> {
  const where = "gaussianPolicy";
  requireKnownOptions(where, options, [...policyNetworkOptions, "actions"]);
  const { actions } = options;
  requirePolicyNetwork(where, options);
  requireInteger(where, "actions", actions, 1);
  const at = (layers: PolicyLayer[], observation: Tensor): { mean: Tensor; deviation: Tensor } => {
    const outputs = policyNetwork(layers, observation);
    const size = outputs.slice([actions, 2 * actions]);
    const deviation = np.sqrt(size.mul(size).add(leastVariance)) as Tensor;
    return { mean: outputs.slice([0, actions]), deviation };
  };
  return {
    name: where,
    isDiscrete: false,
    init: (key) => initPolicyNetwork(key, options, 2 * actions),
    sample(layers, observation, key) {
      const { mean, deviation } = at(layers, observation);
      return mean.add(deviation.mul(normalsLike(mean, key)));
    },
    logProb(layers, observation, action) {
      const { mean, deviation } = at(layers, observation);
      return normalLogProb(action, mean, deviation).sum();
    },
    mode: (layers, observation) => at(layers, observation).mean,
    entropy(layers, observation) {
      const { deviation } = at(layers, observation);
      return (np.log(deviation) as Tensor).add(0.5 * Math.log(2 * Math.PI * Math.E)).sum();
    },
  };
}
