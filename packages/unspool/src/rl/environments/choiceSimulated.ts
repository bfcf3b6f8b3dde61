/**
 * Policies that a choice shapes, as what plays in simulators: theta is the choice and the numbers, one after the other, as
 * the candidates of `esEnas` are flattened. So a pool of simulators evaluates them like any others.
 */
import { OptionError, ShapeError } from "../../errors.ts";
import type { ChoicePolicy } from "../../search/index.ts";
import type { SimulatedPolicy } from "./playSimulated.ts";

/**
 * The policy, whose theta is [choice, theta]: k whole numbers, then `policy.numParameters`.
 *
 * @example
 * // In the module of a simulatorPool; poolLoss(pool) is then the evaluation of an esEnas in the space of the same policy.
 * const policy = choiceSimulated(weightShared({ observations: 8, actions: 2, colours: 4 }));
 */
export function choiceSimulated(policy: ChoicePolicy): SimulatedPolicy {
  if (typeof policy?.act !== "function" || policy.discreteSpace === undefined)
    throw new OptionError(
      "choiceSimulated",
      "policy",
      policy,
      "a policy of a choice",
      "Make one by weightShared, edgePruned or maskedPolicy.",
    );
  const choices = policy.discreteSpace.size;
  return {
    name: policy.name,
    size: choices + policy.numParameters,
    act(theta, observation, action) {
      const made = policy.act(Int32Array.from(theta.subarray(0, choices)), theta.slice(choices), observation);
      if (made.length !== action.length)
        throw new ShapeError(
          policy.name,
          `an action must be ${action.length} numbers, as the environment's actionSpace says, got ${made.length}.`,
          { size: action.length, given: made.length },
        );
      action.set(made);
    },
  };
}
