/** Trees seen by differentiation: integer and boolean leaves carry no tangent. */
import { type Tensor, tree } from "../array/index.ts";

export interface SplitTree {
  /** The floating-point leaves, in order. */
  floats: Tensor[];
  /** The same tree with other floating-point leaves. */
  rebuild(floats: readonly Tensor[]): unknown;
}

export function splitFloats(value: unknown): SplitTree {
  const leaves = tree.leaves(value);
  const isFloat = leaves.map((leaf) => leaf.dtype === "float32" || leaf.dtype === "float64");
  return {
    floats: leaves.filter((_, i) => isFloat[i]),
    rebuild(floats) {
      let next = 0;
      return tree.unflatten(
        value,
        leaves.map((leaf, i) => (isFloat[i] ? floats[next++]! : leaf)),
      );
    },
  };
}
