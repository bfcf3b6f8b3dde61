/** What functions with rules of their own share: recording without recursion, and what they may not close over. */
import { UnspoolError } from "../errors.ts";
import { installCustomRules } from "./customRules.ts";
import { type Closed, type Raw, avalsOf, record } from "./jaxprs.ts";
import { toRaw, wrap } from "./lift.ts";
import { installLinearCall } from "./linearCall.ts";
import { named } from "./namedTrees.ts";
import type { Tensor } from "./tensor.ts";
import * as tree from "./tree.ts";

/** A tensor in the words of an error, traced or not. */
export const plain = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join(",")}]`;

/** `fn` on tensors, recorded for arguments like `args`, of which it gives up the references. */
export function recordTensors(args: readonly Raw[], fn: (...tensors: Tensor[]) => Tensor[]): Closed {
  return record(avalsOf(args), (...raws) => fn(...(wrap(raws) as Tensor[])).map(toRaw));
}

/** The tensors of what a user's function returned; an error about them names it. */
export function returned(where: string, what: string, value: unknown): unknown {
  return named(where, `what ${what} returned`, () => tree.tensors(value as object));
}

/** `fn`, which throws a typed error where it is called from inside of itself. */
export function notWithinItself<Args extends unknown[], Out>(
  where: string,
  advice: string,
  fn: (...args: Args) => Out,
): (...args: Args) => Out {
  let isInside = false;
  return (...args) => {
    if (isInside) throw new UnspoolError("RECURSION", `${where}: a rule calls the function that it is for. ${advice}`, { where }); // prettier-ignore
    isInside = true;
    try {
      return fn(...args);
    } finally {
      isInside = false;
    }
  };
}

/** Options of functions with a rule of their own. */
export interface CustomOptions {
  /** What errors call the function. Default: that of the function to which the rule is given, in brackets. */
  name?: string;
}

/** What errors call the function that `made` makes of `fn`. */
export function nameOf(made: string, fn: { readonly name: string }, { name }: CustomOptions): string {
  return name ?? (fn.name === "" ? made : `${made}(${fn.name})`);
}

installCustomRules();
installLinearCall();
