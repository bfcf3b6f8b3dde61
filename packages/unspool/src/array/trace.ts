/**
 * Recording functions of tensors as programs of jax-js: to be shown (`makeJaxpr`), or only read (`readJaxpr`), where
 * no constant is copied.
 */
import * as jax from "@jax-js/jax";
import type { Raw } from "./backend.ts";
import { constantsOfTrace, toRaw, withSession, wrap } from "./lift.ts";
import { named } from "./namedTrees.ts";
import type { Tensor } from "./tensor.ts";
import * as tree from "./tree.ts";

// A function over trees; the concrete argument and result types are those of the caller.
export type Fn = (...args: never[]) => unknown;

/** The value of `fn` at `args`. The cast: they are tensors in the structure of arguments that its caller gave it. */
export function applied(fn: Fn, args: readonly unknown[]): unknown {
  return fn(...(args as never[]));
}

type RawFn = (...args: Raw[]) => Raw[];

/** What a function of tensors is as a function of jax-js arrays in flat lists. */
export function flatRaw(fn: Fn, args: readonly unknown[], onOutput: (output: unknown) => void): RawFn {
  return (...rawLeaves) => {
    const result = applied(fn, tree.unflatten(args, wrap(rawLeaves) as Tensor[]));
    const where = fn.name === "" ? "a traced function" : fn.name;
    const output = named(where, "what it returned", () => tree.tensors(result as object)) as unknown;
    onOutput(output);
    return tree.leaves(output).map(toRaw);
  };
}

/** A traced program: its equations, its constants, and the shapes that go in and out. */
export interface Traced {
  jaxpr: jax.ClosedJaxpr;
  /** Example of the result: a tree of traced tensors, for structure, shapes and dtypes only. */
  output: unknown;
}

/** Traces `fn` for arguments with the shapes and dtypes of `args`. The caller disposes `jaxpr`. */
export function makeJaxpr(fn: Fn, args: readonly unknown[]): Traced {
  const { jaxpr, output } = trace(fn, args, false);
  return { jaxpr, output };
}

/** A trace that is read and never run: a large constant has no elements there, only the tensor that it stands for. */
export interface ReadOnlyTrace extends Traced {
  tensors: ReadonlyMap<Raw, Tensor>;
}

/** The same for programs that are only looked at: nothing is uploaded. */
export function readJaxpr(fn: Fn, args: readonly unknown[]): ReadOnlyTrace {
  return trace(fn, args, true);
}

function trace(fn: Fn, args: readonly unknown[], isReadOnly: boolean): ReadOnlyTrace {
  return withSession(() => {
    let output: unknown;
    const examples = named(fn.name || "a traced function", "what it was given", () => tree.leaves(args)).map(exampleOf); // prettier-ignore
    try {
      const made = jax.makeJaxpr(flatRaw(fn, args, (result) => (output = result)))(...examples);
      return { jaxpr: made.jaxpr, output, tensors: constantsOfTrace() };
    } finally {
      for (const example of examples) example.dispose();
    }
  }, isReadOnly);
}

function exampleOf(leaf: Tensor): Raw {
  const options = { dtype: leaf.dtype as jax.DType };
  // A weak scalar must stay weak, or dtype promotion would differ between the trace and a call.
  return leaf.isWeak && leaf.ndim === 0 ? jax.numpy.array(0) : jax.numpy.zeros([...leaf.shape], options);
}
