/**
 * Programs of jax-js as data: their classes, which jax-js does not export, tracing a function into one, binding a
 * primitive to values of any trace, and evaluating a program equation by equation inside a trace. Values are
 * counted as in jax-js: who is given one owns one reference of it, and gives up the references that it passes on.
 */
import * as jax from "@jax-js/jax";
import { type Main, type Params, type Raw, type Trace, internalsOf, untypedJax } from "./jaxInternals.ts";

export type { Params, Raw, Trace } from "./jaxInternals.ts";

export type Jaxpr = jax.Jaxpr;
export type Equation = Jaxpr["eqns"][number];
export type Variable = Jaxpr["inBinders"][number];
export type Atom = Jaxpr["outs"][number];
export type Aval = Variable["aval"];

/** The trace that a value belongs to; for an array, the one that computes. */
export function traceOf(raw: Raw): Trace {
  return internalsOf(raw)._trace;
}

interface Classes {
  Jaxpr: new (inputs: readonly Variable[], equations: readonly Equation[], outs: readonly Atom[]) => Jaxpr;
  Equation: new (
    primitive: string,
    inputs: readonly Atom[],
    params: Params,
    outs: readonly Variable[],
  ) => Equation;
  Variable: new (aval: unknown) => Variable;
  Literal: new (aval: unknown, value: number) => Atom;
  Aval: new (shape: readonly number[], dtype: string, isWeak: boolean) => Aval;
}

let found: Classes | undefined;

/** The classes of programs, taken from an example. */
export function classes(): Classes {
  if (found !== undefined) return found;
  const example = jax.makeJaxpr((x: jax.Array) => x.add(1))(jax.numpy.zeros([]));
  const { jaxpr } = example.jaxpr;
  const equation = jaxpr.eqns[0]!;
  const variable = equation.outBinders[0]!;
  const literal = equation.inputs.find((atom) => "value" in atom)!;
  example.jaxpr.dispose();
  found = {
    Jaxpr: jaxpr.constructor,
    Equation: equation.constructor,
    Variable: variable.constructor,
    Literal: literal.constructor,
    Aval: variable.aval.constructor,
  } as Classes;
  return found;
}

export function isVariable(atom: Atom): atom is Variable {
  return !("value" in atom);
}

/** `aval` with strong typing, and with one more axis in front if `length` is given. */
export function strong(aval: Aval, length?: number): Aval {
  return new (classes().Aval)(length === undefined ? aval.shape : [length, ...aval.shape], aval.dtype, false);
}

export function avalsOf(raws: readonly Raw[]): Aval[] {
  return raws.map((raw) => strong(raw.aval as Aval));
}

/** The interpreter that records, while `record` runs: equations between constants belong to it too. */
let recording: Main | undefined;

/** Runs `body`, which traces by other means than `record`, inside of a recording. */
export function outsideOfRecording<T>(body: () => T): T {
  const outer = recording;
  recording = undefined;
  try {
    return body();
  } finally {
    recording = outer;
  }
}

/** A recorded program; its first inputs are `consts`, of which the holder owns one reference each. */
export interface Closed {
  jaxpr: Jaxpr;
  consts: readonly Raw[];
}

/** Records `fn`, which owns its arguments; what it closes over becomes constants. */
export function record(avals: readonly Aval[], fn: (...args: Raw[]) => Raw[]): Closed {
  const outer = recording;
  try {
    const { jaxpr } = untypedJax.makeJaxpr((...args: Raw[]) => {
      recording = args[0] === undefined ? undefined : traceOf(args[0]).main;
      return fn(...args);
    })(...avals);
    return { jaxpr: jaxpr.jaxpr, consts: jaxpr.consts as Raw[] };
  } finally {
    recording = outer;
  }
}

/** What jax-js does with a primitive: the interpreter of the highest level among the arguments gets it. */
export function bind(primitive: string, args: readonly Raw[], params: Params): Raw[] {
  let top = recording;
  for (const arg of args) {
    const { main } = traceOf(arg);
    if (top === undefined || main.level > top.level) top = main;
  }
  // Constants only, outside of `record`: a trace may be open all the same, and shows in what it does to an operation.
  if (top === undefined || top.level === 0) top = traceOf(jax.numpy.zeros([]).neg()).main;
  const trace = new top.traceType(top);
  const raised = args.map((arg) => (traceOf(arg).main === top ? arg : trace.lift(arg)));
  const outs = trace.processPrimitive(primitive, raised, params);
  return outs.map((out) => internalsOf(out).fullLower());
}

/** Values of the variables of one program. Owns one reference of each until `dispose`. */
export class Environment {
  readonly #values = new Map<Atom, Raw>();

  /** A further reference of the value of `atom`. */
  read(atom: Atom): Raw {
    if ("value" in atom) return literal(atom);
    const value = this.#values.get(atom);
    if (value === undefined) throw new Error(`internal: ${atom.toString()} is read before it is computed`);
    return value.ref;
  }

  has(atom: Atom): boolean {
    return "value" in atom || this.#values.has(atom);
  }

  write(variables: readonly Variable[], values: readonly Raw[]): void {
    variables.forEach((variable, i) => this.#values.set(variable, values[i]!));
  }

  /** Gives up the value of one variable. */
  drop(variable: Variable): void {
    this.#values.get(variable)?.dispose();
    this.#values.delete(variable);
  }

  dispose(): void {
    for (const value of this.#values.values()) value.dispose();
    this.#values.clear();
  }
}

/** A literal as an array: of a plain number one that takes the dtype of what it meets, as the number did. */
export function literal(atom: Atom): Raw {
  const { value, aval } = atom as { value: number; aval: Aval };
  const isPlain = aval.weakType && aval.dtype === "float32";
  return isPlain ? jax.numpy.array(value) : jax.numpy.array(value, { dtype: aval.dtype });
}

/** Binds every equation of `jaxpr`. */
export function evaluate(jaxpr: Jaxpr, args: readonly Raw[]): Raw[] {
  const env = new Environment();
  env.write(jaxpr.inBinders, args);
  for (const equation of jaxpr.eqns) {
    const inputs = equation.inputs.map((atom) => env.read(atom));
    env.write(equation.outBinders, bind(equation.primitive, inputs, equation.params as Params));
  }
  const outs = jaxpr.outs.map((atom) => env.read(atom));
  env.dispose();
  return outs;
}
