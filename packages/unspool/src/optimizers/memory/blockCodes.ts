/**
 * Numbers as short codes with a scale per block (Dettmers, Lewis, Shleifer & Zettlemoyer, ICLR 2022): each block is
 * divided by its largest magnitude, and each element becomes the nearest of a table of numbers in [-1, 1].
 *
 *     s = max |x| in the block,   code = nearest(x / s),   x ≈ s · table[code]
 *
 * In a block without negative elements, as sums and means of squares are, only 0 becomes 0: smaller numbers become the
 * smallest of the table. A second moment that is lost beside a first one that is not would divide it by eps.
 *
 * Codes are packed into 32-bit words, so the memory is really saved.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";

/** Elements in short. */
export type Coded = {
  /** Codes, lowest bits first: uint32 [words]. */
  words: Tensor;
  /** Largest magnitude of each block, in the dtype of the leaf: [blocks]. */
  scales: Tensor;
};

export interface BlockCode {
  readonly bits: 4 | 8 | 16;
  /** Elements that share a scale. */
  readonly block: number;
  /** 2^bits numbers in ascending order, from -1 to 1, with 0 among them. */
  readonly table: Float32Array;
}

/** Evenly spaced: k / (2^(bits - 1) - 1) for integers k, as integers with an absolute maximum have it. */
export function linearTable(bits: number): Float32Array {
  const most = 2 ** (bits - 1) - 1;
  // -most comes twice, so that there are 2^bits.
  return Float32Array.from({ length: 2 ** bits }, (_, i) => Math.max(-most, i - most - 1) / most);
}

/**
 * Dynamic: a decimal exponent of which small numbers have more, and what bits are left for an even division of
 * [0.1, 1] (Dettmers 2016): relative precision over bits - 1 decades. 0 and 1 are exact.
 */
export function dynamicTable(bits: number): Float32Array {
  const decades = bits - 1;
  const positive = Array.from({ length: decades }, (_, i) => {
    const parts = 2 ** i;
    return Array.from(
      { length: parts },
      (_part, j) => (0.1 + (0.9 * (j + 0.5)) / parts) * 10 ** (i + 1 - decades),
    );
  }).flat();
  return Float32Array.from([...positive.map((x) => -x), 0, ...positive, 1]).sort();
}

/** The codes of the elements of a leaf. */
export function encode({ bits, block, table }: BlockCode, leaf: Tensor): Coded {
  const blocks = Math.ceil(leaf.size / block);
  const rows = padded(leaf.reshape([leaf.size]), blocks * block).reshape([blocks, block]);
  const scales = (np.abs(rows) as Tensor).max(1);
  const isZero = scales.equal(0);
  const divisor = np.where(isZero, np.onesLike(scales), scales).reshape([blocks, 1]) as Tensor;
  // Float32 after the division: the block may be beyond its range.
  const unit = asType(rows.div(divisor), "float32");
  const nearest = nearestCodes(table, bits, unit);
  const isOfSquares = rows.min(1, { keepdims: true }).greaterEqual(0);
  const smallest = tree.scalar(table.indexOf(0) + 1, "int32");
  const raised = np.where(rows.greater(0), np.maximum(nearest, smallest), nearest);
  const chosen = np.where(isOfSquares, raised, nearest) as Tensor;
  const perWord = 32 / bits;
  const words = Math.ceil(leaf.size / perWord);
  const codes = padded(chosen.reshape([blocks * block]).slice([0, leaf.size]), words * perWord);
  const columns = codes.reshape([words, perWord]).astype("uint32");
  let packed = columns.slice([], 0);
  for (let i = 1; i < perWord; i++) {
    packed = np.bitwiseOr(packed, np.leftShift(columns.slice([], i), word(i * bits))) as Tensor;
  }
  return { words: packed, scales };
}

/** What is left of a leaf with the shape and dtype of `like`. */
export function decode({ bits, block, table }: BlockCode, { words, scales }: Coded, like: Tensor): Tensor {
  const perWord = 32 / bits;
  const parts = Array.from({ length: perWord }, (_, i) =>
    np.bitwiseAnd(np.rightShift(words, word(i * bits)), word(2 ** bits - 1)),
  );
  const codes = (np.stack(parts, 1) as Tensor).reshape([words.size * perWord]).astype("int32");
  const blocks = scales.size;
  const units = np.take(np.array(table), codes.slice([0, like.size]), 0);
  const values = asType(padded(units, blocks * block), like.dtype);
  const scaled = values.reshape([blocks, block]).mul(scales.reshape([blocks, 1]));
  return scaled
    .reshape([blocks * block])
    .slice([0, like.size])
    .reshape([...like.shape]);
}

const word = (value: number): Tensor => tree.scalar(value, "uint32");

/** Places of the nearest numbers of an ascending table, by halving: one comparison per bit. Ties go down. */
function nearestCodes(table: Float32Array, bits: number, x: Tensor): Tensor {
  const middles = np.array(table.slice(1).map((value, i) => (value + table[i]!) / 2));
  let place = np.zerosLike(x).astype("int32");
  for (let step = 2 ** (bits - 1); step >= 1; step /= 2) {
    const trial = place.add(tree.scalar(step - 1, "int32"));
    const isAbove = x.greater(np.take(middles, trial, 0));
    place = np.where(isAbove, trial.add(tree.scalar(1, "int32")), place) as Tensor;
  }
  return place;
}

function padded(row: Tensor, length: number): Tensor {
  return length === row.size ? row : (np.pad(row, [[0, length - row.size]]) as Tensor);
}
