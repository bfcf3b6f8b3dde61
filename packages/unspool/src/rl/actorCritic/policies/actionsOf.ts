/** Outputs of a policy as actions of a space. */
import { type Tensor, np } from "../../../array/index.ts";
import { type Space, spaceShape } from "../../environments/space.ts";

/** The largest output is the choice; numbers are taken as they are, for the environment to clip. */
export function plainActions(space: Space, outputs: Tensor): Tensor {
  if (space.kind === "discrete") return (np.argmax(outputs) as Tensor).astype("int32");
  return outputs.reshape([...spaceShape(space)]);
}

/** The same, with numbers that have two bounds brought between them by a tanh. */
export function boundedActions(space: Space, outputs: Tensor): Tensor {
  if (space.kind === "discrete") return plainActions(space, outputs);
  const isBounded = space.low.map((low, i) => Number.isFinite(low) && Number.isFinite(space.high[i]));
  if (!isBounded.some(Boolean)) return plainActions(space, outputs);
  const { dtype } = outputs;
  const each = (of: (low: number, high: number) => number, free: number): Tensor =>
    np.array(
      space.low.map((low, i) => (isBounded[i] ? of(low, space.high[i]!) : free)),
      { dtype },
    );
  const middle = each((low, high) => (low + high) / 2, 0);
  const half = each((low, high) => (high - low) / 2, 1);
  const bounded = middle.add(half.mul(np.tanh(outputs) as Tensor));
  const chosen = isBounded.every(Boolean)
    ? bounded
    : (np.where(np.array(isBounded), bounded, outputs) as Tensor);
  return plainActions(space, chosen);
}
