/** Compression leaf by leaf: what the compressors share. */
import { type Tensor, type Tree, np, tree } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
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
 * is decoded. Throws `OptionError` for a gradient without a floating-point leaf.
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
  if (index >= 0 && !tree.leaves(gradient).some(isFloatLeaf)) {
    const [[path, leaf]] = tree.entries(gradient) as [[string, Tensor]];
    throw new OptionError(
      "compressor",
      `the dtype of ${placeOf("the gradient", path)}`,
      leaf.dtype,
      "float32 or float64",
      "No leaf is a floating-point number: there is nothing to send.",
    );
  }
  const constant = tree.scalar(known, "float64");
  return { message, decoded, bytes: measured === undefined ? constant : measured.add(constant) };
}

/**
 * Uniform numbers that were given for each leaf, instead of draws; undefined where none were. Throws `OptionError` for a
 * leaf that has none of its shape, and for numbers outside [0, 1).
 */
export function givenDraws(
  where: string,
  draws: unknown,
): (path: string, leaf: Tensor) => Tensor | undefined {
  if (draws === null || draws === undefined) return () => undefined;
  if (typeof draws !== "object")
    throw new OptionError(where, "draws", draws, "null, or numbers in the structure of the gradient");
  const known = new Map(tree.entries(draws));
  for (const [path, { data }] of known)
    if (!data.every((u) => u >= 0 && u < 1))
      throw new OptionError(where, placeOf("draws", path), [...data], "numbers of at least 0 and below 1");
  return (path, leaf) => {
    const given = known.get(path);
    if (given !== undefined && String(given.shape) === String(leaf.shape)) return given.astype(leaf.dtype);
    const wanted = `numbers [${leaf.shape.join(",")}], as the gradient has there`;
    throw new OptionError(where, placeOf("draws", path), given && [...given.shape], wanted);
  };
}

function placeOf(name: string, path: string): string {
  return path === "" ? name : `${name} at "${path}"`;
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
