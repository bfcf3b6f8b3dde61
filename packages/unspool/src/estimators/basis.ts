/** The unit vectors of theta's space: the directions of forward mode. */
import { type Tensor, np, tree } from "../array/index.ts";

/** Trees like theta with a leading axis of |theta|, one unit vector each. */
export function basisOf(theta: unknown): unknown {
  const size = tree.size(theta);
  const identity = np.eye(size, size, { dtype: tree.floatType(theta) });
  let offset = 0;
  return tree.map((leaf: Tensor) => {
    const columns = identity.slice([], [offset, offset + leaf.size]).reshape([size, ...leaf.shape]);
    offset += leaf.size;
    return columns;
  }, theta);
}
