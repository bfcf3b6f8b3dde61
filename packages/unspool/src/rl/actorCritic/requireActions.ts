/** Whether what a policy does is an action of the environment. */
import { type Tensor, random } from "../../array/index.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { requireAction } from "../environments/requireAction.ts";

/** Throws `ShapeError` unless the action for `observation` fits the action space. */
export function requireActions(
  environment: Pick<Environment, "name" | "actionSpace">,
  policy: Policy,
  theta: unknown,
  observation: Tensor,
): void {
  requireAction(environment, policy, policy.act(theta, observation, random.key(0)));
}
