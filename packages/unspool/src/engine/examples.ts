/** Tensors of zeros that stand for values in traces: of them only structure, shapes and dtypes are looked at. */
import { np, tree } from "../array/index.ts";

/** The same structure and shapes; dtypes too, unless `dtype` is given. */
export function zerosLike<T>(value: T, dtype?: "float64"): T {
  return tree.map((leaf) => np.zeros(leaf.shape, { dtype: dtype ?? leaf.dtype }), value);
}

/** One unit of a batch: leaves [units, …] without their first axis. */
export function oneOf<T>(units: T): T {
  return tree.map((leaf) => np.zeros(leaf.shape.slice(1), { dtype: leaf.dtype }), units);
}
