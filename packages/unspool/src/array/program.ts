/** A traced function as plain data: what a compiler reads, without any type of jax-js. */
import type * as jax from "@jax-js/jax";
import { download } from "./backend.ts";
import type { DType } from "./dtype.ts";
import { concrete } from "./lift.ts";
import type { Tensor } from "./tensor.ts";
import { readJaxpr } from "./trace.ts";

export interface TracedValue {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A value of the program, or a number. */
export type TracedAtom = { readonly id: number } | { readonly value: number; readonly dtype: DType };

export interface TracedEquation {
  readonly primitive: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly TracedAtom[];
  readonly outputs: readonly TracedValue[];
  /** Name and body of a nested program. */
  readonly name?: string;
  readonly body?: TracedBody;
}

export interface TracedBody {
  readonly inputs: readonly number[];
  readonly equations: readonly TracedEquation[];
  readonly outputs: readonly TracedAtom[];
}

export interface TracedProgram {
  readonly name: string;
  /** Arrays that the function closed over, the same tensors if it was given tensors: the first inputs of the body. */
  readonly constants: readonly Tensor[];
  readonly body: TracedBody;
  /** Structure, shapes and dtypes of the result. */
  readonly output: unknown;
}

/** Traces `fn` for arguments with the shapes and dtypes of `args`. */
export function traceProgram(
  name: string,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): TracedProgram {
  const { jaxpr, output, tensors } = readJaxpr(fn, args);
  try {
    const raws = jaxpr.consts as jax.Array[];
    const { inBinders, eqns, outs } = jaxpr.jaxpr;
    // Derivatives leave zeros behind that nothing reads, as large as what they belong to.
    const used = new Set<Atom>([...eqns.flatMap(({ inputs }) => inputs), ...outs]);
    const isUsed = (_: unknown, i: number): boolean => i >= raws.length || used.has(inBinders[i]!);
    const constants = raws
      .filter(isUsed)
      .map((raw) => tensors.get(raw) ?? concrete(download(raw.ref), raw.shape, raw.dtype as DType));
    return { name, constants, body: bodyOf(jaxpr.jaxpr, inBinders.filter(isUsed)), output };
  } finally {
    jaxpr.dispose();
  }
}

type Atom = jax.Jaxpr["outs"][number];

function bodyOf(jaxpr: jax.Jaxpr, inputs: jax.Jaxpr["inBinders"] = jaxpr.inBinders): TracedBody {
  const ids = new Map<Atom, number>();
  const idOf = (atom: Atom): number => {
    const known = ids.get(atom) ?? ids.size;
    ids.set(atom, known);
    return known;
  };
  const atomOf = (atom: Atom): TracedAtom =>
    "value" in atom ? { value: Number(atom.value), dtype: atom.aval.dtype as DType } : { id: idOf(atom) };
  return {
    inputs: inputs.map(idOf),
    equations: jaxpr.eqns.map((equation): TracedEquation => {
      const { jaxpr: inner, name, ...params } = equation.params as { jaxpr?: jax.Jaxpr; name?: string };
      return {
        primitive: equation.primitive,
        params,
        inputs: equation.inputs.map(atomOf),
        outputs: equation.outBinders.map((binder) => ({
          id: idOf(binder),
          shape: binder.aval.shape,
          dtype: binder.aval.dtype as DType,
        })),
        ...(name !== undefined && { name }),
        ...(inner !== undefined && { body: bodyOf(inner) }),
      };
    }),
    outputs: jaxpr.outs.map(atomOf),
  };
}
