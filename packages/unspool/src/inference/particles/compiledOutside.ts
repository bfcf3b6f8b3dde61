/** Functions of tensors that are one program by themselves, and part of the trace where there is one. */
import { isTracing, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";

/** `fn`, compiled once for each set of shapes outside of traces. Arguments may have plain numbers for tensors. */
export function compiledOutside<Args extends readonly unknown[], Out>(
  name: string,
  fn: (...args: Args) => Out,
): (...args: Args) => Out {
  const program = compiled(name, fn);
  return (...args) => (isTracing() ? fn(...args) : program(...(tree.tensors(args) as Args)));
}
