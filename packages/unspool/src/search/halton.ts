/**
 * Halton's sequence: the digits of the index in a prime base of each dimension, mirrored at the point (Halton 1960), and its random
 * scrambling: a random permutation of the digits at each place (Owen 2017, "A randomized Halton algorithm in R").
 *
 *     phi_b(i) = sum over k of pi_k(digit k of i) b^{-k-1}
 */
import { randomStream } from "../array/index.ts";

/** The first primes. */
export function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/** Of one dimension: a base and, where it is scrambled, a permutation of the digits of each place. */
export interface HaltonDimension {
  base: number;
  permutations?: readonly (readonly number[])[];
}

/** Dimensions 0 to count - 1; scrambled by the two words of a key where they are given. */
export function haltonDimensions(count: number, words?: ArrayLike<number>): HaltonDimension[] {
  return primes(count).map((base, dimension) => {
    if (words === undefined) return { base };
    const stream = randomStream([words[0]!, (words[1]! ^ Math.imul(dimension + 1, 0x9e3779b1)) >>> 0]);
    // As many places as float64 has digits.
    const places = Math.ceil(53 / Math.log2(base));
    const permutations = Array.from({ length: places }, () => {
      const order = Array.from({ length: base }, (_, i) => i);
      for (let i = base - 1; i > 0; i--) {
        const j = stream.integer(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    });
    return { base, permutations };
  });
}

/** The coordinate of point `index`, in [0, 1). */
export function haltonNumber(index: number, { base, permutations }: HaltonDimension): number {
  let [left, share, sum] = [index, 1 / base, 0];
  const places = permutations?.length ?? Infinity;
  // Scrambled, the zeros in front of the index are digits too.
  for (let place = 0; permutations ? place < places : left > 0; place++) {
    const digit = left % base;
    sum += share * (permutations?.[place]![digit] ?? digit);
    left = Math.floor(left / base);
    share /= base;
  }
  return Math.min(sum, 1 - Number.EPSILON / 2);
}
