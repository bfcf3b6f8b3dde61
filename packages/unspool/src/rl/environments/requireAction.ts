/** Whether what a policy does is an action of the environment: its shape and dtype, known while it is traced. */
import { Tensor, np, tree } from "../../array/index.ts";
import { ShapeError, show } from "../../errors.ts";
import type { Environment, Policy } from "./environment.ts";
import { type Space, spaceShape } from "./space.ts";

/**
 * Throws `ShapeError` unless `action` has the shape of the action space, and is a whole number (or, of two, a bool) where
 * actions are choices: 0.3 is none, and an environment would make something of it.
 */
export function requireAction(
  { name, actionSpace }: Pick<Environment, "name" | "actionSpace">,
  policy: Pick<Policy, "name">,
  action: Tensor,
): void {
  const shape = spaceShape(actionSpace);
  const says = `an action in "${name}" must be of shape [${shape.join(", ")}], as its actionSpace says`;
  if (!Tensor.is(action))
    throw new ShapeError(
      policy.name,
      `${says}: a tensor, got ${show(action)}. Policies are recorded once for all steps: np.where(x.greater(0), a, b) for if.`,
      { shape, given: action },
    );
  if (action?.shape?.join() !== shape.join())
    throw new ShapeError(
      policy.name,
      `${says}, got ${String(action)}. Does the policy have as many outputs?`,
      { shape, given: action },
    );
  if (actionSpace.kind === "box" || action.dtype === "int32" || action.dtype === "uint32") return;
  if (action.dtype === "bool" && actionSpace.count === 2) return;
  throw new ShapeError(
    policy.name,
    `an action in "${name}" must be one of ${actionSpace.count} choices, an int32 from 0 to ${actionSpace.count - 1}, ` +
      `got ${String(action)}. Say which: score.greater(0).astype("int32"), or np.argmax(scores).`,
    { given: action },
  );
}

/** A reward that is NaN where the action is none of the choices there are: its number is known only when it is played. */
export function rewardOfChoice(space: Space, action: Tensor, reward: Tensor): Tensor {
  if (space.kind === "box" || action.dtype === "bool") return reward;
  const isChoice = np.logicalAnd(action.greaterEqual(0), action.less(space.count)) as Tensor;
  return np.where(isChoice, reward, tree.scalar(NaN, reward.dtype)) as Tensor;
}
