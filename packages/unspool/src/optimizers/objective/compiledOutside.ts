/** Work that is done once, before or between steps: as a program of its own, where it is not part of one already. */
import { isTracing } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";

/**
 * `fn` of its arguments, compiled for this one call: operations one by one cost some fifty times as much for the layers of
 * a network. Inside of a trace it is part of that.
 */
export function compiledOutside<Args extends readonly unknown[], Out>(
  name: string,
  fn: (...args: Args) => Out,
  ...args: Args
): Out {
  return isTracing() ? fn(...args) : compiled(name, fn)(...args);
}
