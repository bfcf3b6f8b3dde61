/**
 * Running combinations under an associative function, in about 2 log2(n) calls on whole slices instead of n single ones
 * (Blelloch 1990): pairs are combined, the scan of the pairs gives the odd results, and one more call the even ones.
 */
import { ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Index, Tensor } from "../../tensor.ts";
import * as tree from "../../tree.ts";
import { axisOf } from "../arguments.ts";

export interface AssociativeScanOptions {
  /** From the end on. Default false. */
  reverse?: boolean;
  /** Along which axis of every leaf. Default 0. */
  axis?: number;
}

/**
 * y_k = x_0 ∘ x_1 ∘ … ∘ x_k along an axis of the leaves of `elements`. `combine(a, b)` gets slices and works
 * elementwise on the axis (as `vmap` of a function of single elements does).
 *
 * @example
 * lax.associativeScan((a, b) => a.mul(b), np.array([1, 2, 3, 4])); // [1, 2, 6, 24]
 */
export function associativeScan<Elements>(
  combine: (a: Elements, b: Elements) => Elements,
  elements: Elements,
  options: AssociativeScanOptions = {},
): Elements {
  const { reverse = false, axis = 0 } = options;
  const given = tree.tensors(elements as object) as unknown;
  const axes = tree.leaves(given).map((leaf) => axisOf("lax.associativeScan", leaf, axis));
  const lengths = tree.leaves(given).map((leaf, i) => leaf.shape[axes[i]!]!);
  const [length = 0] = lengths;
  if (lengths.some((other) => other !== length)) {
    throw new ShapeError(
      "lax.associativeScan",
      `the leaves have lengths ${lengths.join(", ")} along axis ${axis}; they must agree.`,
    );
  }
  // The axis stands in front from here on.
  const front = (leaf: Tensor): Tensor => np.moveaxis(leaf, axis, 0) as Tensor;
  const back = (leaf: Tensor): Tensor => np.moveaxis(leaf, 0, axis) as Tensor;
  const turned = (leaf: Tensor): Tensor => (reverse ? (np.flip(leaf, 0) as Tensor) : leaf);
  const both = (a: unknown, b: unknown): unknown => {
    const combined = combine(tree.map(back, a) as Elements, tree.map(back, b) as Elements);
    return tree.map(front, tree.tensors(combined as object) as unknown);
  };
  const moved = tree.map((leaf: Tensor) => turned(front(leaf)), given);
  const result = length < 2 ? moved : scanned(both, moved, length);
  return tree.map((leaf: Tensor) => back(turned(leaf)), result) as Elements;
}

function scanned(combine: (a: unknown, b: unknown) => unknown, x: unknown, length: number): unknown {
  if (length < 2) return x;
  const half = length >> 1;
  const pairs = combine(every(x, 0, half), every(x, 1, half));
  // Results at 1, 3, 5, …
  const odd = scanned(combine, pairs, half);
  const evens = Math.ceil(length / 2);
  const first = cut(x, 0, 1);
  if (evens === 1) return interleave(first, odd, length);
  const rest = combine(cut(odd, 0, evens - 1), cut(every(x, 0, evens), 1, evens));
  return interleave(join(first, rest), odd, length);
}

/** Elements offset, offset + 2, …: `count` of them. */
function every(x: unknown, offset: number, count: number): unknown {
  return tree.map((leaf: Tensor) => {
    const places = Int32Array.from({ length: count }, (_, i) => 2 * i + offset);
    return np.take(leaf, np.array(places), 0) as Tensor;
  }, x);
}

function cut(x: unknown, from: number, to: number): unknown {
  return tree.map((leaf: Tensor) => leaf.slice([from, to] as Index), x);
}

function join(a: unknown, b: unknown): unknown {
  return tree.map((x: Tensor, y?: Tensor) => np.concatenate([x, y!], 0) as Tensor, a, b);
}

function interleave(even: unknown, odd: unknown, length: number): unknown {
  const places = Int32Array.from({ length }, (_, i) =>
    i % 2 === 0 ? i / 2 : Math.ceil(length / 2) + (i - 1) / 2,
  );
  const order = np.array(places);
  return tree.map((leaf: Tensor) => np.take(leaf, order, 0) as Tensor, join(even, odd));
}
