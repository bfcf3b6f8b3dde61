/**
 * Halton's sequence through the normal quantile: rows that fill the space more evenly than independent ones. Each draw
 * moves the whole sequence by one random vector, around the ends of [0, 1) (Cranley and Patterson 1976), so that every row
 * alone is standard normal and gradients stay unbiased. Worth it up to some tens of numbers: the later coordinates of
 * Halton's sequence have large bases and are nearly lines in short stretches.
 *
 * The authors' code draws no more rows than theta has numbers.
 */
import type { RandomStream } from "../../../array/index.ts";
import { normalQuantile } from "./normalQuantile.ts";

export function halton(random: RandomStream, count: number, size: number): Float64Array {
  const rows = new Float64Array(count * size);
  const bases = primes(size);
  for (let j = 0; j < size; j++) {
    const shift = random.uniform();
    for (let i = 0; i < count; i++) {
      const moved = (radicalInverse(i + 1, bases[j]!) + shift) % 1;
      // 0 has no finite quantile: the least number above it that a draw has.
      rows[i * size + j] = normalQuantile(Math.max(moved, 2 ** -54));
    }
  }
  return rows;
}

/** Digits of a number in a base, mirrored behind the point. */
export function radicalInverse(index: number, base: number): number {
  let [value, digit] = [0, 1 / base];
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    value += digit * (rest % base);
    digit /= base;
  }
  return value;
}

/** The first primes. */
export function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    let isPrime = true;
    for (const prime of found) {
      if (prime * prime > candidate) break;
      if (candidate % prime === 0) isPrime = false;
    }
    if (isPrime) found.push(candidate);
  }
  return found;
}
