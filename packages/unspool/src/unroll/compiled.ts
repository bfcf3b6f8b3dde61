/** Functions outside of programs as programs of their own: updates of optimizers, evaluations. */
import { jit, namedTree, tree } from "../array/index.ts";
import { defaultExecutor } from "./defaultExecutor.ts";

/**
 * `fn` compiled by the default executor on first use, and kept for arguments of the same structure, shapes and dtypes;
 * by `jit` where the executor does not compile. Values have the bits that `fn` gives eagerly: nothing is fused.
 *
 * @example
 * const accuracy = compiled("accuracy", (layers: Layer[]) => errorRate(layers, test));
 */
export function compiled<Args extends readonly unknown[], Out>(
  name: string,
  fn: (...args: Args) => Out,
): (...args: Args) => Out {
  const programs = new Map<string, (...args: Args) => Out>();
  return (...args) => {
    const executor = defaultExecutor();
    const leaves = namedTree(name, "what it was given", () => tree.entries(args));
    const shapes = leaves.map(([path, leaf]) => `${path}:${leaf.toString()}`);
    const signature = `${executor.name}|${shapes.join()}`;
    let program = programs.get(signature);
    if (program === undefined) {
      program = executor.compile?.(name, fn, args) ?? jit(fn);
      programs.set(signature, program);
    }
    return program(...args);
  };
}
