/** One function at every level against the reference's `jit` of it for one unit. */
import { type Tensor, jit } from "../../../array/index.ts";
import { compiledExecutor } from "../../../unroll/index.ts";
import { compileFunction } from "../../compileFunction.ts";
import { type Bound, differences } from "./compare.ts";
import type { FunctionCase } from "./functions.ts";
import { argumentsOf, levelsProgram, stacked, unitCount } from "./levels.ts";

export interface CheckOptions {
  portableBits?: boolean;
  /** Leave out the level at which all units share a value. Default false. */
  isLanedOnly?: boolean;
}

/** All differences of a case from the reference. */
export function wrongOf(row: FunctionCase, bound: Bound, options: CheckOptions = {}): string[] {
  const { portableBits = false, isLanedOnly = false } = options;
  const call = (...args: Tensor[]) => [...row.call(...args)];
  const reference = jit(call);
  const rows = Array.from({ length: unitCount + 1 }, (_, unit) => argumentsOf(row, unit));
  const wanted = rows.map((args) => reference(...args));
  const wrong: string[] = [];
  const hold = (where: string, got: readonly Tensor[], want: readonly Tensor[]): void =>
    got.forEach((out, i) => {
      const found = differences(out, want[i]!, bound);
      if (found.length > 0) wrong.push(`${row.name}, ${where} ${i}: ${found.slice(0, 4).join("; ")}`);
    });
  if (!isLanedOnly)
    hold("for all", compileFunction(row.name, call, rows[0]!, { portableBits })(...rows[0]!), wanted[0]!);
  const units = { first: stacked(rows.slice(0, unitCount)), second: stacked(rows.slice(1)) };
  const program = levelsProgram(row.name, row.call, wanted[0]!);
  const { each } = compiledExecutor({ portableBits }).forward(program, {}, units);
  const at = (outs: readonly Tensor[], shift: number, where: string): void =>
    hold(where, outs, stacked(wanted.slice(shift, shift + unitCount)));
  at(each.unit, 0, "per unit");
  at(each.members[0]!, 0, "first member");
  at(each.members[1]!, 1, "second member");
  return wrong;
}

/** Differences of many cases, errors included. */
export function wrongOfAll(
  rows: readonly FunctionCase[],
  bound: Bound,
  options: CheckOptions = {},
): string[] {
  return rows.flatMap((row) => {
    try {
      return wrongOf(row, bound, options);
    } catch (error) {
      return [`${row.name}: ${error instanceof Error ? error.stack : String(error)}`];
    }
  });
}
