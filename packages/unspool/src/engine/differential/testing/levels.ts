/** One function computed at every level of the engine: for all units, per unit, and per member of a unit. */
import { type Tensor, jit, np } from "../../../array/index.ts";
import { type ForwardProgram, compiledExecutor } from "../../../unroll/index.ts";
import { compileFunction } from "../../compileFunction.ts";
import { type Bound, differences } from "./compare.ts";
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

type Levels = ForwardProgram<object, Unit, object, object, Carry, object, { unit: Tensor[]; members: Tensor[][] }>;

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

const executor = compiledExecutor();

/** All differences of a case from the reference, at every level. */
export function wrongOf(row: FunctionCase, bound: Bound): string[] {
  const call = (...args: Tensor[]) => [...row.call(...args)];
  const reference = jit(call);
  const wanted = Array.from({ length: unitCount + 1 }, (_, unit) => reference(...argumentsOf(row, unit)));
  const wrong: string[] = [];
  const hold = (where: string, got: readonly Tensor[], want: readonly Tensor[]): void =>
    got.forEach((out, i) => {
      const found = differences(out, want[i]!, bound);
      if (found.length > 0) wrong.push(`${row.name}, ${where} ${i}: ${found.slice(0, 4).join("; ")}`);
    });
  const compiled = compileFunction(row.name, call, argumentsOf(row, 0));
  hold("for all", compiled(...argumentsOf(row, 0)), wanted[0]!);
  const rows = Array.from({ length: unitCount + 1 }, (_, unit) => argumentsOf(row, unit));
  const units = { first: stacked(rows.slice(0, unitCount)), second: stacked(rows.slice(1)) };
  const { each } = executor.forward(levelsProgram(row.name, row.call, wanted[0]!), {}, units);
  const at = (outs: readonly Tensor[], shift: number, where: string): void =>
    hold(where, outs, stacked(wanted.slice(shift, shift + unitCount)));
  at(each.unit, 0, "per unit");
  at(each.members[0]!, 0, "first member");
  at(each.members[1]!, 1, "second member");
  return wrong;
}
