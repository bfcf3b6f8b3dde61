/** What a nested program with rules of its own carries in its parameters. */
import type { Aval, Params, Raw } from "./jaxprs.ts";
import type { BatchAxis } from "./ruleTables.ts";

/** A function of flat lists. It owns its arguments. */
export type Flat = (args: Raw[]) => Raw[];

export interface CustomRule {
  /** Values and tangents of the outputs; owns its arguments. */
  push(primals: Raw[], tangents: Raw[]): [Raw[], Raw[]];
  /** The outputs, mapped along axis 0, for inputs mapped along `axes`. */
  mapped(size: number, args: Raw[], axes: BatchAxis[]): Raw[];
  /** What stands for the program where only its last inputs are unknown, if it is linear in them. */
  readonly linear?: LinearCall;
}

/** A linear function that knows its transpose. */
export interface LinearCall {
  /** What errors call it. */
  name: string;
  /** How many inputs come before those that it is linear in. */
  numKnown: number;
  outs: readonly Aval[];
  /** From [...known, ...linear inputs] to the outputs. */
  forward: Flat;
  /** From [...known, ...cotangents of the outputs] to those of the linear inputs. */
  transposed: Flat;
}

export function customRuleOf(params: Params): CustomRule | undefined {
  return params["custom"] as CustomRule | undefined;
}
