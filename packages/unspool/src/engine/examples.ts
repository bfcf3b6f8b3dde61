/** Tensors of zeros that stand for values in traces: of them only structure, shapes and dtypes are looked at. */
import { np, tree } from "../array/index.ts";

/** One unit of a batch: leaves [units, …] without their first axis. */
export function oneOf<T>(units: T): T {
  return tree.map((leaf) => np.zeros(leaf.shape.slice(1), { dtype: leaf.dtype }), units);
}
