/** The table of functions, and what its expressions are as functions of tensors. */
import { type Tensor, lax, linalg, nn, np } from "../library.ts";
import type { Options } from "../case.ts";
import { derived } from "./derived.ts";
import { elementwise } from "./elementwise.ts";
import { networks } from "./networks.ts";
import { productsAndAlgebra } from "./products.ts";
import { reductions } from "./reductions.ts";
import type { Row } from "./row.ts";
import { structural } from "./structural.ts";

export type { Row } from "./row.ts";

export const rows: readonly Row[] = [
  ...elementwise,
  ...reductions,
  ...networks,
  ...structural,
  ...productsAndAlgebra,
  ...derived,
];

const byName = new Map(rows.map((row) => [row.name, row]));
if (byName.size !== rows.length) throw new Error("two rows of the table have one name");

export function rowNamed(name: string): Row {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`the table has no function ${JSON.stringify(name)}`);
  return found;
}

type Call = (operands: readonly (Tensor | number)[], options: Options) => Tensor;

const calls = new Map<string, Call>();

/** The function that a row's expression describes. */
export function callOf(row: Row): Call {
  let call = calls.get(row.name);
  if (call === undefined) {
    // The expressions are those of this table, never read from elsewhere.
    const make = new Function("np", "nn", "lax", "linalg", `return ([x, y, z, w], o) => ${row.ours};`) as (
      ...spaces: unknown[]
    ) => Call;
    call = make(np, nn, lax, linalg);
    calls.set(row.name, call);
  }
  return call;
}
