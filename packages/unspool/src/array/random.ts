/**
 * Random numbers with explicit keys: threefry-2x32, bit for bit JAX's (with `jax_threefry_partitionable`) for
 * `key`, `split`, `bits` and `foldIn`. Streams are derived by name or number with `foldIn`, never by call order.
 *
 * Normals are Box-Muller in float32, one threefry block each, so they are not the normals of JAX; asked for float64,
 * they are the same float32 draws, widened.
 */
import * as jax from "@jax-js/jax";
import { OptionError, ShapeError } from "../errors.ts";
import { guardAll } from "./guard.ts";
import { largestBelow, mayReach, requireRange, requireWholeRange } from "./drawnRange.ts";
import { lax } from "./lax.ts";
import { concrete, isTensor, lift, namedProgram } from "./lift.ts";
import { namedElementwise } from "./namedDerivatives.ts";
import { np } from "./np.ts";
import { randomSignatures } from "./signatures.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { type WordOperations, threefry2x32, tracedThreefry } from "./threefry.ts";

/** A random key: two uint32 words. */
export type Key = Tensor;

/** The key of a seed: an integer from 0 to 2^32 - 1. */
function key(seed: number): Key {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new OptionError("random.key", "seed", seed, "an integer from 0 to 4294967295");
  }
  return concrete(Uint32Array.of(0, seed), [2], "uint32");
}

/**
 * A new key from a key and a number, a name, or a traced integer. Names are hashed (FNV-1a) to a number.
 * `foldIn(key, i)` is JAX's `fold_in`, and equals `split(key, n)[i]`.
 */
function foldIn(from: Key, by: number | string | Tensor): Key {
  requireKey("random.foldIn", from);
  const word = typeof by === "string" ? hashName(by) : by;
  if (!isTensor(word) && (!Number.isInteger(word) || word < 0 || word > 0xffffffff)) {
    throw new OptionError("random.foldIn", "by", by, "a name, a tensor, or an integer from 0 to 4294967295");
  }
  if (!from.isTraced && (typeof word === "number" || !word.isTraced)) {
    const counter = typeof word === "number" ? word : word.item() >>> 0;
    return concrete(Uint32Array.from(threefry2x32(from.data[0]!, from.data[1]!, 0, counter)), [2], "uint32");
  }
  // For small numbers the generator of jax-js is one kernel; its `split` counts as `foldIn` does.
  if (typeof word === "number" && word < 16) return (raw.split(from, word + 1) as Tensor).slice(word);
  const counter = typeof word === "number" ? uint32(word) : word.astype("uint32");
  return block(from, counter) as Tensor;
}

/** Threefry blocks as a program of its own, by whose name a compiler knows them: [2, …] words for counters […]. */
const block = namedProgram("threefry", (from, counter) => {
  const [x0, x1] = tracedThreefry(from!.slice(0), from!.slice(1), counter!, wordOperations);
  return np.stack([x0, x1]);
});

const uint32 = (value: number): Tensor => concrete(Uint32Array.of(value), [], "uint32");
const asWord = (value: Tensor | number): Tensor => (typeof value === "number" ? uint32(value) : value);

const wordOperations: WordOperations = {
  add: (a, b) => a.add(asWord(b)),
  xor: (a, b) => np.bitwiseXor(a, asWord(b)),
  rotateLeft: (a, by) => np.bitwiseOr(np.leftShift(a, uint32(by)), np.rightShift(a, uint32(32 - by))),
};

/** FNV-1a, 32 bits. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** `count` new keys, [count, 2]. */
function split(from: Key, count = 2): Tensor {
  requireKey("random.split", from);
  return raw.split(from, count) as Tensor;
}

export interface DrawOptions {
  /** Default float32. */
  dtype?: "float32" | "float64";
}

/** Standard normals. */
function normal(from: Key, shape: readonly number[] = [], options: DrawOptions = {}): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  requireKey("random.normal", from);
  if (size === 0) return np.zeros(shape, options);
  const words = raw.split(from, size) as Tensor;
  const draws = boxMuller(words.slice([], 0), words.slice([], 1)) as Tensor;
  return widen(draws.reshape([...shape]), options.dtype);
}

/** Normals by their numbers (uint32) in the stream of a key: `normalAt(key, arange(n))` is `normal(key, [n])`. */
function normalAt(from: Key, numbers: Tensor, options: DrawOptions = {}): Tensor {
  const words = block(requireKey("random.normalAt", from), numbers);
  return widen(boxMuller(words.slice(0), words.slice(1)), options.dtype);
}

/** Two words to one normal, sqrt(-2 log(1 - u)) cos(2 pi v) with u and v from the upper 23 bits. */
const boxMuller = namedElementwise("boxMuller", (first, second) => {
  const [u, v] = [first!, second!].map((word) => {
    const mantissa = np.rightShift(word, uint32(9)) as Tensor;
    return (lax.bitcastConvertType(np.bitwiseOr(mantissa, uint32(0x3f800000)), "float32") as Tensor).sub(1);
  }) as [Tensor, Tensor];
  const radius = np.sqrt((np.log(u.neg().add(1)) as Tensor).mul(-2)) as Tensor;
  return radius.mul(np.cos(v.mul(2 * Math.PI)) as Tensor);
});

/** Uniform numbers in [minval, maxval), default [0, 1). */
function uniform(
  from: Key,
  shape: readonly number[] = [],
  options: DrawOptions & { minval?: number; maxval?: number } = {},
): Tensor {
  const { minval = 0, maxval = 1, dtype = "float32" } = options;
  const unit = widen(raw.uniform(requireKey("random.uniform", from), [...shape]) as Tensor, dtype);
  if (minval === 0 && maxval === 1) return unit;
  const range = requireRange(minval, maxval, dtype);
  const moved = unit.mul(range).add(minval);
  // A draw near 1 may be rounded up to maxval, which is not in the range.
  const below = largestBelow(maxval, dtype);
  return mayReach(minval, maxval, dtype) ? np.minimum(moved, np.array(below, { dtype })) : moved;
}

/** Uniform 32-bit words. */
function bits(from: Key, shape: readonly number[] = []): Tensor {
  return raw.bits(requireKey("random.bits", from), [...shape]) as Tensor;
}

/** -1 or +1 with equal probability, as floats. */
function rademacher(from: Key, shape: readonly number[] = [], options: DrawOptions = {}): Tensor {
  const isUpper = uniform(from, shape).less(0.5);
  const dtype = options.dtype ?? "float32";
  return np.where(isUpper, np.array(1, { dtype }), np.array(-1, { dtype }));
}

/** True with probability `p`. In a trace p is not known: above 1 it is always true, NaN never. */
function bernoulli(from: Key, p: TensorLike = 0.5, shape: readonly number[] = []): Tensor {
  const known = isTensor(p) ? (p.isTraced ? [] : p.data) : [p];
  const wrong = Array.from(known as ArrayLike<number>, Number).find((x) => !(x >= 0 && x <= 1));
  if (wrong !== undefined) throw new OptionError("random.bernoulli", "p", wrong, "a probability from 0 to 1");
  return uniform(from, shape).less(p);
}

/**
 * Uniform whole numbers in [minval, maxval), by remainder of 32-bit words (bias below 2^-32 times the range): int32, or
 * uint32 by `{ dtype: "uint32" }`, over the whole range of either.
 */
function randint(
  from: Key,
  shape: readonly number[],
  minval: number,
  maxval: number,
  options: { dtype?: "int32" | "uint32" } = {},
): Tensor {
  const { dtype = "int32" } = options;
  requireWholeRange(minval, maxval, dtype);
  // jax-js's randint loses all but 24 bits of its words under vmap.
  const words = bits(from, shape);
  const count = maxval - minval;
  const drawn = count === 2 ** 32 ? words : words.mod(uint32(count));
  // Sums of words wrap around, as the numbers of int32 do.
  const moved = dtype === "uint32" || count > 2 ** 31 ? drawn.add(uint32(minval >>> 0)) : drawn;
  if (dtype === "uint32") return moved;
  if (count > 2 ** 31) return asInt32(moved);
  return drawn.astype("int32").add(concrete(Int32Array.of(minval), [], "int32"));
}

const asInt32 = (words: Tensor): Tensor => lax.bitcastConvertType(words, "int32") as Tensor;

/** A random permutation of 0 … n-1, int32. */
function permutation(from: Key, n: number): Tensor {
  return raw.permutation(requireKey("random.permutation", from), n) as Tensor;
}

/** One category per row of logits along an axis, the last by default (Gumbel maximum). */
function categorical(from: Key, logits: Tensor, axis = -1): Tensor {
  return np.argmax(gumbel(from, logits.shape).add(logits), axis);
}

/** Exponential numbers with rate 1. */
function exponential(from: Key, shape: readonly number[] = []): Tensor {
  return raw.exponential(requireKey("random.exponential", from), [...shape]) as Tensor;
}

/**
 * Standard Gumbel numbers. The uniform numbers are moved from k / 2^23 to the middle of their cells, because 0 would
 * become infinite (jax-js: once in 8 million draws).
 */
function gumbel(from: Key, shape: readonly number[] = []): Tensor {
  const middle = uniform(from, shape).add(2 ** -24);
  return (np.log((np.log(middle) as Tensor).neg()) as Tensor).neg();
}

function widen(draws: Tensor, dtype: DrawOptions["dtype"]): Tensor {
  return dtype === "float64" ? draws.astype("float64") : draws;
}

/** Throws `ShapeError` for what is no key. */
export function requireKey(where: string, given: unknown): Key {
  if (isTensor(given) && given.dtype === "uint32" && given.shape.length === 1 && given.shape[0] === 2)
    return given;
  const what = isTensor(given) ? given.toString() : typeof given;
  throw new ShapeError(
    where,
    `a key is uint32[2], got ${what}. Make one with random.key(seed) or random.foldIn.`,
  );
}

const raw = {
  split: lift(jax.random.split),
  bits: lift(jax.random.bits),
  uniform: lift(jax.random.uniform),
  permutation: lift(jax.random.permutation),
  exponential: lift(jax.random.exponential),
};

/** The namespace of random functions. */
export interface Random {
  key: typeof key;
  foldIn: typeof foldIn;
  split: typeof split;
  normal: typeof normal;
  normalAt: typeof normalAt;
  uniform: typeof uniform;
  bits: typeof bits;
  rademacher: typeof rademacher;
  bernoulli: typeof bernoulli;
  randint: typeof randint;
  permutation: typeof permutation;
  categorical: typeof categorical;
  exponential: typeof exponential;
  gumbel: typeof gumbel;
}

const functions: Random = {
  key,
  foldIn,
  split,
  normal,
  normalAt,
  uniform,
  bits,
  rademacher,
  bernoulli,
  randint,
  permutation,
  categorical,
  exponential,
  gumbel,
};

export const random: Random = guardAll("random", functions, randomSignatures);
