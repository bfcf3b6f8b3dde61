/** Whether what a policy does is an action of the environment. */
import { type Tensor, random } from "../../array/index.ts";
import { ShapeError, UnspoolError, show } from "../../errors.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { requireAction } from "../environments/requireAction.ts";

/** Throws `ShapeError` unless there is an action for `observation`, which fits the action space. */
export function requireActions(
  environment: Pick<Environment, "name" | "actionSpace">,
  policy: Policy,
  theta: unknown,
  observation: Tensor,
): void {
  requireAction(environment, policy, acted(policy, theta, observation));
}

/** What a policy throws of itself is most likely a theta that is not its own. */
function acted(policy: Policy, theta: unknown, observation: Tensor): Tensor {
  try {
    return policy.act(theta, observation, random.key(0));
  } catch (cause) {
    if (cause instanceof UnspoolError) throw cause;
    const said = cause instanceof Error ? cause.message : show(cause);
    const problem = `act threw for theta ${show(theta)}: ${said}. Is theta what its init gives?`;
    throw Object.assign(new ShapeError(policy.name, problem, { given: theta }), { cause });
  }
}
