/** A random program as plain numbers, so that it can be replayed in any trace and shrunk by fast-check. */
import fc from "fast-check";
import { type DType, type Tensor, np } from "../../../array/index.ts";

/** Numbers that are used up one by one; the same ones each time a program is traced. */
export class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    const number = this.#numbers[this.#next++ % this.#numbers.length]!;
    return Math.floor(number / (1 + Math.floor(this.#next / this.#numbers.length))) % count;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  flag(): boolean {
    return this.below(2) === 1;
  }
}

/** An argument: what it holds follows from its shape and dtype, a seed and the unit. */
export interface Input {
  shape: readonly number[];
  dtype: DType;
}

const length = fc.oneof(
  { weight: 1, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.integer({ min: 2, max: 9 }) },
);
export const shapes: fc.Arbitrary<number[]> = fc
  .array(length, { maxLength: 3 })
  .filter((shape) => shape.reduce((size, one) => size * one, 1) <= 256);

/** One operation's numbers. */
export const operationNumbers: fc.Arbitrary<number[]> = fc.array(fc.nat(65535), {
  minLength: 8,
  maxLength: 8,
});

/** Scrambles 32 bits (the finaliser of MurmurHash3). */
function scramble(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Elements of `input`: floats from -2 to 2 in 64ths, so that there are ties; small integers; words. Of every eight
 * floats one is 0.
 */
export function elements({ shape, dtype }: Input, seed: number): Tensor {
  const size = shape.reduce((product, one) => product * one, 1);
  const data = Array.from({ length: size }, (_, i) => {
    const word = scramble(scramble(seed) + i);
    if (dtype === "bool") return word & 1;
    if (dtype === "uint32") return word;
    if (dtype === "int32") return (word % 41) - 20;
    return word % 8 === 0 ? 0 : ((word >>> 8) % 257) / 64 - 2;
  });
  return np.array(data, { shape: [...shape], dtype });
}
