/** Whether what a policy does is an action of the environment. */
import { type Tensor, random } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { spaceShape } from "../environments/space.ts";

/** Throws `ShapeError` unless the action for `observation` has the shape of the action space. */
export function requireActions(
  { name, actionSpace }: Pick<Environment, "name" | "actionSpace">,
  policy: Policy,
  theta: unknown,
  observation: Tensor,
): void {
  const action = policy.act(theta, observation, random.key(0));
  const shape = spaceShape(actionSpace);
  if (action?.shape?.join() === shape.join()) return;
  throw new ShapeError(
    policy.name,
    `an action in "${name}" must be of shape [${shape.join(", ")}], as its actionSpace says, got ${String(action)}. ` +
      "Does the policy have as many outputs?",
    { shape, given: action },
  );
}
