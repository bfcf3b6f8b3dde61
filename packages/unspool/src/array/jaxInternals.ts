/**
 * What this room uses of jax-js beyond its types: transformations, whose types describe arrays where trees of tensors
 * stand here, and what a value knows of the trace that it belongs to, which jax-js keeps to itself. Declared here and
 * nowhere else, for the version of jax-js that the package depends on.
 */
import * as jax from "@jax-js/jax";

export type Raw = jax.Array;
export type Params = Readonly<Record<string, unknown>>;

type Untyped = (...args: unknown[]) => unknown;

/** Transformations of functions of anything. */
export const untypedJax = jax as {
  jit(fn: unknown): jax.OwnedFunction<Untyped>;
  grad(fn: unknown): Untyped;
  valueAndGrad(fn: unknown): Untyped;
  jvp(fn: unknown, primals: unknown, tangents: unknown): unknown;
  vjp(fn: unknown, primals: unknown): [unknown, Untyped];
  vmap(fn: unknown, axes?: unknown): Untyped;
  makeJaxpr(fn: unknown): (...avals: readonly unknown[]) => { jaxpr: jax.ClosedJaxpr };
};

/** An interpreter on the stack of jax-js: computing, recording, differentiating, mapping. */
export interface Main {
  level: number;
  traceType: new (main: Main) => Trace;
  /** Takes it off the stack. */
  [Symbol.dispose](): void;
}

export interface Trace {
  main: Main;
  lift(value: Raw): Raw;
  processPrimitive(primitive: string, tracers: readonly Raw[], params: Params): Raw[];
}

interface Internals {
  /** The trace that the value belongs to; of an array, the one that computes. */
  readonly _trace: Trace;
  /** Only of values that carry a derivative; what is known of it in reverse mode. */
  readonly tangent: Raw & { readonly pval?: { readonly isKnown: boolean } };
  /** Only of the tangents of reverse mode. */
  readonly pval?: { readonly isKnown: boolean };
  /** The value without traces that have ended. */
  fullLower(): Raw;
}

/** jax-js's declarations say less of a value than this, and in part something else. */
export function internalsOf(raw: Raw): Internals {
  return raw as unknown as Internals;
}
