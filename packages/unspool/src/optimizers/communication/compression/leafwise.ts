/** Compression leaf by leaf: what the compressors share. */
import { type Tensor, type Tree, np, tree } from "../../../array/index.ts";
import { isFloatLeaf } from "../../leaves.ts";

export interface LeafMessage {
  message: Tree;
  /** In shape and dtype of the leaf. */
  decoded: Tensor;
  bytes: number | Tensor;
}

export interface LeafMessages<Gradient> {
  /** By path. */
  message: Record<string, Tree>;
  decoded: Gradient;
  bytes: Tensor;
}

/**
 * `fn` of every floating-point leaf; `index` counts all leaves. A leaf with an element that is not finite is NaN when it
 * is decoded.
 */
export function leafwise<Gradient>(
  gradient: Gradient,
  fn: (leaf: Tensor, path: string, index: number) => LeafMessage,
): LeafMessages<Gradient> {
  const message: Record<string, Tree> = {};
  let known = 0;
  let measured: Tensor | undefined;
  let index = -1;
  const decoded = tree.mapWithPath((path, leaf) => {
    index++;
    if (!isFloatLeaf(leaf) || leaf.size === 0) return leaf;
    const sent = fn(leaf, path, index);
    message[path] = sent.message;
    if (typeof sent.bytes === "number") known += sent.bytes;
    else measured = measured === undefined ? sent.bytes : measured.add(sent.bytes);
    // Choosing, rounding and signs would make numbers of what is none, and nobody would see it.
    const isFinite = np.isfinite(leaf).all();
    return np.where(isFinite, sent.decoded, np.fullLike(sent.decoded, NaN));
  }, gradient);
  const constant = tree.scalar(known, "float64");
  return { message, decoded, bytes: measured === undefined ? constant : measured.add(constant) };
}

/** Bytes of one number of the leaf. */
export function bytesPerNumber(leaf: Tensor): number {
  return leaf.dtype === "float64" ? 8 : 4;
}

/** Bytes of an index into a leaf. */
export const bytesPerIndex = 4;

/** The elements in one row. */
export function flat(leaf: Tensor): Tensor {
  return leaf.reshape([leaf.size]);
}
