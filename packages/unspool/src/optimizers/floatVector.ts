/** Theta as a vector: its floating-point leaves in a list, which is a tree too. */
import { type Tensor, tree } from "../array/index.ts";
import { asType } from "./hyperparameter.ts";
import { isFloatLeaf, mapFloats } from "./leaves.ts";

/** The leaves that move, in order. */
export function floatLeaves(theta: unknown): Tensor[] {
  return tree.leaves(theta).filter(isFloatLeaf);
}

/** `theta` with other floating-point leaves, given in order. */
export function withFloatLeaves<Theta>(theta: Theta, leaves: readonly Tensor[]): Theta {
  let next = 0;
  return mapFloats(() => leaves[next++]!, theta);
}

/** x + a · d, leaf by leaf, for a scalar a. */
export function addScaled<T>(x: T, a: Tensor | number, d: unknown): T {
  return mapFloats(
    (leaf, direction) => leaf.add(direction!.mul(typeof a === "number" ? a : asType(a, leaf.dtype))),
    x,
    d,
  );
}

/** a · x, leaf by leaf, for a scalar a. */
export function scaled<T>(a: Tensor | number, x: T): T {
  return mapFloats((leaf) => leaf.mul(typeof a === "number" ? a : asType(a, leaf.dtype)), x);
}
