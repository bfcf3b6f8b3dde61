/**
 * What makes a network invariant: random transformations of its inputs, over which its outputs are averaged. Their
 * strength eta is a parameter, and what is drawn (epsilon) does not depend on it.
 */
import type { Key, Tensor } from "../array/index.ts";

export interface Augmentation {
  readonly name: string;
  /** S, transformed copies of each input. */
  readonly samples: number;
  /** What the numbers of eta are, in order. Empty: nothing is learned. */
  readonly parameters: readonly string[];
  /** Random numbers for `count` inputs, [count, S, …]. */
  draw(key: Key, count: number, dtype?: "float32" | "float64"): Tensor;
  /** Inputs [n, …] to their transformed copies [n, S, …]; differentiable in eta [parameters]. */
  transform(eta: Tensor, epsilon: Tensor, inputs: Tensor): Tensor;
  /** Eta moved back into the range in which it means something. Default: as it is. */
  project?(eta: Tensor): Tensor;
  /** The ranges that `transform` uses for eta. Default: eta. */
  ranges?(eta: Tensor): Tensor;
  /** Pixels of a translation of 1, for images of this width. Default: half of it. */
  pixels?(width: number): number;
  /** Throws for inputs that cannot be transformed. */
  requireInputs?(inputs: Tensor): void;
}
