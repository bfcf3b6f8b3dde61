/** U(-1 / √inputs, 1 / √inputs): how torch draws the weights of a linear layer, for papers whose code leaves it so. */
import { type Key, type Tensor, random } from "unspool";

export function uniformFanIn(
  key: Key,
  shape: readonly [inputs: number, outputs: number],
  dtype: "float32" | "float64" = "float32",
): Tensor {
  const limit = 1 / Math.sqrt(shape[0]);
  return random
    .uniform(key, shape, { dtype })
    .mul(2 * limit)
    .sub(limit);
}
