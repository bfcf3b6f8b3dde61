/** Values that a random program has made so far, and how an operation picks among them. */
import { type DType, type Tensor, np } from "../../../array/index.ts";
import type { Choices } from "./choices.ts";

/** A value of a program; exact if it is the same bit by bit however sums and functions are rounded. */
export interface Value {
  x: Tensor;
  isExact: boolean;
}

/** Makes one or more values of others; undefined where those at hand do not fit. */
export type Operation = (choices: Choices, pool: Pool) => Value | Value[] | undefined;

/** Elements of the largest value that is kept, by default. */
const mostElements = 400;

export class Pool {
  readonly values: Value[] = [];
  /** Float type of the program. */
  readonly dtype: DType;
  readonly #mostElements: number;

  constructor(dtype: DType, most: number = mostElements) {
    this.dtype = dtype;
    this.#mostElements = most;
  }

  add(...values: readonly Value[]): void {
    for (const value of values)
      if (value.x.size > 0 && value.x.size <= this.#mostElements && value.x.ndim <= 4)
        this.values.push(value);
  }

  /** A value that fits, more often a late one. */
  pick(choices: Choices, fits: (value: Value) => boolean): Value | undefined {
    const fitting = this.values.filter(fits);
    if (fitting.length === 0) return undefined;
    const back = Math.min(choices.below(fitting.length), choices.below(fitting.length));
    return fitting[fitting.length - 1 - back];
  }

  float(choices: Choices, fits: (x: Tensor) => boolean = () => true): Value | undefined {
    return this.pick(choices, ({ x }) => x.dtype === this.dtype && fits(x));
  }

  whole(choices: Choices, fits: (x: Tensor) => boolean = () => true): Value | undefined {
    return this.pick(choices, ({ x }) => (x.dtype === "int32" || x.dtype === "uint32") && fits(x));
  }
}

export const fitTogether = (a: Tensor, b: Tensor): boolean => {
  const shape = [a.shape, b.shape].map((one) => one.toReversed());
  return shape[0]!.every((n, i) => n === 1 || (shape[1]![i] ?? 1) === 1 || n === shape[1]![i]);
};

export const value = (x: Tensor, ...from: readonly Value[]): Value => ({
  x,
  isExact: from.every((one) => one.isExact),
});
export const rounded = (x: Tensor): Value => ({ x, isExact: false });
export const exact = (x: Tensor): Value => ({ x, isExact: true });

export const f = np as unknown as Record<string, (...args: unknown[]) => Tensor>;
