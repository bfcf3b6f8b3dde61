/** Which elements are the k largest: exact, with ties going to the lower index, and without sorting in float32. */
import { type Tensor, lax, np, scan, tree } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";

const int = (value: number): Tensor => tree.scalar(value, "int32");

/**
 * True at the `k` largest of the magnitudes (numbers of at least 0, [n]). Of equal ones those of lower index are taken
 * first. Floats of one sign have the order of their bits, so in float32 the k-th largest is found bit by bit, 31
 * counts; in float64 by sorting.
 */
export function largest(magnitudes: Tensor, k: number | Tensor): Tensor {
  const [n] = magnitudes.shape as [number];
  const count = typeof k === "number" ? int(k) : k;
  if (typeof k === "number" && k >= n) return magnitudes.greaterEqual(magnitudes);
  const frozen = lax.stopGradient(magnitudes) as Tensor;
  const edge = frozen.dtype === "float32" ? edgeByBits(frozen, count) : edgeBySorting(frozen, count);
  const isAbove = frozen.greater(edge);
  const isEdge = frozen.equal(edge);
  const index = np.arange(n);
  const missing = count.sub(isAbove.astype("int32").sum());
  // The most ties that can be let in, in order of index: all before `end`.
  const end = lastAt(bitsFor(n), "int32", (trial) =>
    counted(np.logicalAnd(isEdge, index.less(trial))).lessEqual(missing),
  );
  return np.logicalOr(isAbove, np.logicalAnd(isEdge, index.less(end)));
}

/** Elements kept of `size` for a fraction, at least 1. */
export function keptOf(size: number, fraction: number): number {
  return Math.min(size, Math.max(1, Math.round(fraction * size)));
}

/** Throws `OptionError` unless above 0 and at most 1. */
export function requireFraction(where: string, fraction: number): void {
  if (typeof fraction === "number" && fraction > 0 && fraction <= 1) return;
  throw new OptionError(where, "fraction", fraction, "a number above 0 and at most 1");
}

function edgeByBits(magnitudes: Tensor, k: Tensor): Tensor {
  const words = lax.bitcastConvertType(magnitudes, "uint32") as Tensor;
  // 31 bits: the sign is 0.
  const word = lastAt(31, "uint32", (trial) => counted(words.greaterEqual(trial)).greaterEqual(k));
  return lax.bitcastConvertType(word, "float32") as Tensor;
}

function edgeBySorting(magnitudes: Tensor, k: Tensor): Tensor {
  const place = int(magnitudes.size).sub(k).reshape([1]);
  return np.take(np.sort(magnitudes) as Tensor, place, 0).reshape([]);
}

/** The largest number of `bits` bits at which a condition holds that holds at 0 and, once false, stays false. */
function lastAt(bits: number, dtype: "int32" | "uint32", holds: (trial: Tensor) => Tensor): Tensor {
  const powers = new (dtype === "int32" ? Int32Array : Uint32Array)(bits).map((_, i) => 2 ** (bits - 1 - i));
  const [found] = scan(
    (sure: Tensor, bit: Tensor) => {
      const trial = sure.add(bit);
      return [np.where(holds(trial), trial, sure), undefined];
    },
    tree.scalar(0, dtype),
    np.array(powers),
  );
  return found;
}

function counted(mask: Tensor): Tensor {
  return mask.astype("int32").sum();
}

/** Bits of the numbers up to `n`. */
function bitsFor(n: number): number {
  return Math.floor(Math.log2(n)) + 1;
}
