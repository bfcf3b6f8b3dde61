/** Random functions: operations on a growing pool of values, of which the last ones are the results. */
import fc from "fast-check";
import type { Tensor } from "../../../array/index.ts";
import { Choices, type Input, elements, operationNumbers, shapes } from "./choices.ts";
import type { FunctionCase } from "./functions.ts";
import { type Operation, Pool, type Value, operations } from "./operations.ts";

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

export const inputsOf = ({ dtype, floats }: Pick<RandomFunction, "dtype" | "floats">): Input[] => [
  ...floats.map((shape) => ({ shape, dtype })),
  { shape: [5], dtype: "int32" },
  { shape: [2], dtype: "uint32" },
];

/** Values that the steps make of `args`, which are exact. */
export function grow(
  dtype: RandomFunction["dtype"],
  steps: readonly number[][],
  args: readonly Tensor[],
  from: readonly Operation[] = operations,
): Value[] {
  const pool = new Pool(dtype);
  pool.add(...args.map((x) => ({ x, isExact: true })));
  for (const numbers of steps) {
    const choices = new Choices(numbers);
    const made = choices.of(from)(choices, pool);
    if (made !== undefined) pool.add(...[made].flat());
  }
  return pool.values;
}

const results = 5;

/** The function as a case for all levels. */
export function caseOf(random: RandomFunction, from: readonly Operation[] = operations): FunctionCase {
  const { dtype, steps, seed } = random;
  return {
    name: "random",
    call: (...args) => {
      const values = grow(dtype, steps, args, from);
      return values.slice(Math.max(args.length - 1, values.length - results)).map(({ x }) => x);
    },
    args: inputsOf(random).map((input, i) => elements(input, seed + i)),
    vary: "roll",
    isDifferentiable: false,
  };
}
