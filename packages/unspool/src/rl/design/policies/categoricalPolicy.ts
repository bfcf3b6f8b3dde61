/**
 * One of a list of actions, by a softmax of a network's outputs:
 *
 *     pi(a | o) = exp(z_a) / sum_k exp(z_k),   z = network(o)
 */
import { type Tensor, lax, nn, np, random } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import {
  type DesignPolicy,
  type PolicyLayer,
  type PolicyNetworkOptions,
  initPolicyNetwork,
  policyNetwork,
  policyNetworkOptions,
  requirePolicyNetwork,
} from "./policy.ts";

export interface CategoricalPolicyOptions extends PolicyNetworkOptions {
  /** How many actions there are. */
  actions: number;
}

/** A policy of numbered actions, int32 scalars. */
export function categoricalPolicy(options: CategoricalPolicyOptions): DesignPolicy<PolicyLayer[]> {
  const where = "categoricalPolicy";
  requireKnownOptions(where, options, [...policyNetworkOptions, "actions"]);
  const { actions } = options;
  requirePolicyNetwork(where, options);
  requireInteger(where, "actions", actions, 2);
  const logs = (layers: PolicyLayer[], observation: Tensor): Tensor =>
    nn.logSoftmax(policyNetwork(layers, observation));
  return {
    name: where,
    isDiscrete: true,
    actions,
    init: (key) => initPolicyNetwork(key, options, actions),
    sample(layers, observation, key) {
      const fixed = lax.stopGradient(policyNetwork(layers, observation)) as Tensor;
      return random.categorical(key, fixed).astype("int32");
    },
    logProb(layers, observation, action) {
      const all = logs(layers, observation);
      return nn.oneHot(action, actions).astype(all.dtype).mul(all).sum();
    },
    mode: (layers, observation) => (np.argmax(policyNetwork(layers, observation)) as Tensor).astype("int32"),
    entropy(layers, observation) {
      const all = logs(layers, observation);
      return (np.exp(all) as Tensor).mul(all).sum().neg();
    },
  };
}
