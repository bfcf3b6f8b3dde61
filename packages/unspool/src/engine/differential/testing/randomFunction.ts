/** Random functions: operations on a growing pool of values, of which the last ones are the results. */
import fc from "fast-check";
import { Choices, type Input, elements, operationNumbers, shapes } from "./choices.ts";
import type { FunctionCase } from "./functions.ts";
import { operations } from "./operations.ts";
import { type Operation, Pool, type Value, exact } from "./pool.ts";

export interface RandomFunction {
  dtype: "float32" | "float64";
  floats: number[][];
  steps: number[][];
  seed: number;
}

export const randomFunctions = (most: number): fc.Arbitrary<RandomFunction> =>
  fc.record({
    dtype: fc.constantFrom("float32" as const, "float64" as const),
    floats: fc.array(shapes, { minLength: 1, maxLength: 3 }),
    steps: fc.array(operationNumbers, { minLength: 5, maxLength: most }),
    seed: fc.nat(65535),
  });

/** Functions of long arrays: a value per row, a matrix that rows are multiplied by, and a value per column. */
export const rowFunctions: fc.Arbitrary<RandomFunction> = fc.record({
  dtype: fc.constantFrom("float32" as const, "float64" as const),
  floats: fc
    .tuple(fc.constantFrom(32, 67, 128), fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .map(([rows, columns, next]) => [
      [rows, columns],
      [columns, next],
      [next, columns],
      [columns],
      [rows, 1],
    ]),
  steps: fc.array(operationNumbers, { minLength: 8, maxLength: 24 }),
  seed: fc.nat(65535),
});

export const inputsOf = ({ dtype, floats }: Pick<RandomFunction, "dtype" | "floats">): Input[] => [
  ...floats.map((shape) => ({ shape, dtype })),
  { shape: [5], dtype: "int32" },
  { shape: [2], dtype: "uint32" },
];

export interface GrowOptions {
  /** Operations to choose from. Default: all. */
  from?: readonly Operation[];
  /** Elements of the largest value that is used again. */
  mostElements?: number | undefined;
}

/** Values that the steps make of `args`. */
export function grow(
  dtype: RandomFunction["dtype"],
  steps: readonly number[][],
  args: readonly Value[],
  { from = operations, mostElements }: GrowOptions = {},
): Value[] {
  const pool = new Pool(dtype, mostElements);
  pool.add(...args);
  for (const numbers of steps) {
    const choices = new Choices(numbers);
    const made = choices.of(from)(choices, pool);
    if (made !== undefined) pool.add(...[made].flat());
  }
  return pool.values;
}

const results = 5;

/** The function as a case for all levels. */
export function caseOf(random: RandomFunction, options: GrowOptions = {}): FunctionCase {
  const { dtype, steps, seed } = random;
  return {
    name: "random",
    call: (...args) => {
      const values = grow(dtype, steps, args.map(exact), options);
      return values.slice(Math.max(args.length - 1, values.length - results)).map(({ x }) => x);
    },
    args: inputsOf(random).map((input, i) => elements(input, seed + i)),
    vary: "roll",
    isDifferentiable: false,
  };
}
