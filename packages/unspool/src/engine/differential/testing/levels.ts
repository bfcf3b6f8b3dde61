/** One function computed at every level of the engine: for all units, per unit, and per member of a unit. */
import { type Tensor, np } from "../../../array/index.ts";
import type { ForwardProgram } from "../../../unroll/index.ts";
import type { FunctionCase } from "./functions.ts";

/** More than a tile's four lanes, and no multiple of them. */
export const unitCount = 5;

type Arguments = readonly Tensor[];

/** The arguments of unit `unit`: its elements moved along, or scaled by numbers that float types hold exactly. */
export function argumentsOf({ args, vary }: FunctionCase, unit: number): Tensor[] {
  return args.map((arg) => {
    const { size, dtype, shape } = arg;
    const isScaled = vary === "scale" && (dtype === "float32" || dtype === "float64");
    if (vary === "scale" && !isScaled) return arg;
    const factor = isScaled ? [1, 1.25, 0.75, 1.5, 0.875][unit % unitCount]! : 1;
    const start = isScaled ? 0 : unit;
    const data = Array.from({ length: size }, (_, i) => arg.data[(i + start) % size]! * factor);
    return np.array(data, { shape, dtype });
  });
}

export const stacked = (rows: readonly Arguments[]): Tensor[] =>
  rows[0]!.map((first, i) =>
    np.array(
      rows.flatMap((row) => Array.from(row[i]!.data)),
      { shape: [rows.length, ...first.shape], dtype: first.dtype },
    ),
  );

interface Unit {
  first: Tensor[];
  second: Tensor[];
}

interface Carry {
  args: readonly Tensor[];
  out: readonly Tensor[];
}

type Levels = ForwardProgram<
  object,
  Unit,
  object,
  object,
  Carry,
  object,
  { unit: Tensor[]; members: Tensor[][] }
>;

/** A program of one step whose members have arguments of their own, and whose end is computed per unit. */
export function levelsProgram(
  name: string,
  call: (...args: Tensor[]) => readonly Tensor[],
  outputs: readonly Tensor[],
): Levels {
  return {
    name,
    length: 1,
    begin: (_shared, { first, second }) => ({
      members: [first, second].map((args) => ({
        constant: {},
        carry: { args, out: outputs.map((out) => np.zeros(out.shape, { dtype: out.dtype })) },
      })),
      kept: {},
    }),
    step: (_shared, _constant, { args }) => ({ args, out: call(...args) }),
    finish: (_shared, unit, members) => ({
      unit,
      mean: {},
      each: { unit: [...call(...unit.first)], members: members.map(({ carry }) => [...carry.out]) },
    }),
  };
}
