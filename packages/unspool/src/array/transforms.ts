/**
 * Transformations of functions over trees of tensors: `jit`, `grad`, `valueAndGrad`, `vjp`, `jvp`, `vmap`,
 * `jacobian`, `hessian`.
 *
 * Every transformation runs inside a trace, so nothing that it makes along the way occupies memory. Called from
 * plain code, one trace is made, run once and dropped; `jit` keeps it.
 */
import * as jax from "@jax-js/jax";
import { OptionError, ShapeError, show } from "../errors.ts";
import { plainAxis } from "./axes.ts";
import { type Device, type Raw, download, onDevice } from "./backend.ts";
import { type DType, allocate, isFloat } from "./dtype.ts";
import { tensorFrom } from "./guard.ts";
import { concrete, inReverseMode, isTensor, isTracing, toRaw, unwrap, withSession, wrap } from "./lift.ts";
import type { Tensor } from "./tensor.ts";
import { internalsOf, untypedJax } from "./jaxInternals.ts";
import { traceOf } from "./jaxprs.ts";
import { type InAxes, type OutAxes, axesOfArguments, mappedBehind, mappedInFront } from "./mappedAxes.ts";
import { named } from "./namedTrees.ts";
import { requireRepeatable } from "./repeatable.ts";
import { type Fn, applied, flatRaw, readJaxpr } from "./trace.ts";
import { tracedArgument, withArguments } from "./tracedArguments.ts";
import * as tree from "./tree.ts";

type Untyped = (...args: unknown[]) => unknown;

const inexactOnWasm = new Set(["sin", "cos", "asin", "atan", "exp", "log", "erf", "erfc", "power", "tanh"]);

/** The device that computes `jaxpr` to the precision of its dtypes; see `backend.ts`. */
export function deviceFor(jaxpr: jax.Jaxpr): Device {
  const needsCpu = jaxpr.eqns.some((equation) => {
    const inner = (equation.params as { jaxpr?: jax.Jaxpr }).jaxpr;
    if (inner !== undefined) return deviceFor(inner) === "cpu";
    const isWide = equation.outBinders.some((v) => v.aval.dtype === jax.DType.Float64);
    return isWide && inexactOnWasm.has(equation.primitive);
  });
  return needsCpu ? "cpu" : "wasm";
}

/** A compiled function on jax-js arrays in flat lists: for executors, which keep arrays on the device. */
export interface RawProgram {
  device: Device;
  output: unknown;
  /** Consumes one reference of each argument. */
  run(rawLeaves: Raw[]): Raw[];
  dispose(): void;
}

/** The device that `fn` needs for arguments like `args`, and the structure of its result. */
export function deviceOf(fn: Fn, args: readonly unknown[]): { device: Device; output: unknown } {
  const { jaxpr, output } = readJaxpr(fn, args);
  const device = deviceFor(jaxpr.jaxpr);
  jaxpr.dispose();
  return { device, output };
}

/** Compiles `fn` for arguments like `args`; on `device`, or on the one that its dtypes need. */
export function compileRaw(fn: Fn, args: readonly unknown[], device?: Device): RawProgram {
  let output: unknown;
  let chosen = device;
  if (chosen === undefined) ({ device: chosen, output } = deviceOf(fn, args));
  const jitted = untypedJax.jit(flatRaw(fn, args, () => {}));
  return {
    device: chosen,
    output,
    run: (rawLeaves) => onDevice(chosen, () => withSession(() => jitted(...rawLeaves) as Raw[])),
    dispose: () => jitted.dispose(),
  };
}

/** Compiles `fn` on first use and keeps the program for arguments of the same structure, shapes and dtypes. */
export function jit<Args extends readonly unknown[], Out>(
  fn: (...args: Args) => Out,
): (...args: Args) => Out {
  const programs = new Map<string, RawProgram>();
  return (...args) => {
    if (isTracing()) return fn(...tree.copy(args));
    const where = fn.name === "" ? "jit" : `jit(${fn.name})`;
    const labels = labelsOf(args);
    const inputs = tensorsOf(where, args, labels);
    const signature = tree.entries(inputs).map(([path, leaf]) => `${path}:${leaf.toString()}${leaf.isWeak}`);
    const name = signature.join("|");
    let program = programs.get(name);
    if (program === undefined) {
      program = withArguments(where, args, labels, () => {
        requireRepeatable(fn.name || "jit", fn as Fn, inputs);
        return compileRaw(fn as Fn, inputs);
      });
      programs.set(name, program);
    }
    return runProgram(program, inputs) as Out;
  };
}

const labelsOf = (args: readonly unknown[]): string[] => args.map((_, i) => `argument ${i + 1}`);

/** Arguments as trees of tensors; an error about one names the function `where`. */
function tensorsOf(
  where: string | undefined,
  args: readonly unknown[],
  labels: readonly string[],
): unknown[] {
  if (where === undefined) return args.map((arg) => tree.tensors(arg as object));
  return args.map((arg, i) => tracedArgument(where, labels[i]!, arg));
}

/** Runs a compiled program on concrete tensors. */
function runProgram(program: RawProgram, inputs: unknown[]): unknown {
  const outputs = onDevice(program.device, () => program.run(tree.leaves(inputs).map(toRaw)));
  const leaves = outputs.map((raw) => {
    const { shape, weakType } = raw;
    const dtype = raw.dtype as DType;
    return concrete(download(raw), shape, dtype, weakType && shape.length === 0);
  });
  return tree.unflatten(program.output, leaves);
}

/**
 * Runs a function that calls transformations of jax-js: inside the current trace, or in one made for this call. With `where`
 * the arguments are the user's, and errors call them by `labels`.
 */
export function inTrace(
  fn: Fn,
  args: unknown[],
  where?: string,
  labels: readonly string[] = labelsOf(args),
): unknown {
  const inputs = tensorsOf(where, args, labels);
  const run = (): unknown => {
    if (isTracing()) return applied(fn, inputs);
    const program = compileRaw(fn, inputs);
    try {
      return runProgram(program, inputs);
    } finally {
      program.dispose();
    }
  };
  return where === undefined ? run() : withArguments(where, args, labels, run);
}

/** `fn` as a function that jax-js can transform: trees of its arrays in, trees of its arrays out. */
function transformable(fn: Fn, where?: string): (...args: unknown[]) => unknown {
  const run = (rawArgs: unknown[]): unknown => applied(fn, rawArgs.map(wrap));
  if (where === undefined) return (...rawArgs) => unwrap(run(rawArgs));
  return (...rawArgs) => {
    const result = run(rawArgs);
    return unwrap(named(where, "what the function returned", () => tree.tensors(result as object)));
  };
}

/** `fn` with a scalar tensor as its result, or a typed error. */
function scalarValued(where: string, fn: Fn): Fn {
  return (...args) => {
    const result = fn(...args);
    const leaves = named(where, "what the function returned", () => tree.leaves(result));
    if (leaves.length !== 1 || leaves[0]!.size !== 1 || leaves[0]!.ndim !== 0) {
      const got = leaves.map(String).join(", ");
      throw new ShapeError(
        where,
        `the function must return one scalar tensor, got ${got}. Sum or average it.`,
      );
    }
    return result;
  };
}

/** The places of arguments to differentiate by; negative ones count from the end. */
export type Argnums = number | readonly number[];

type GradientOf<Args extends unknown[], Places> = Places extends readonly unknown[]
  ? tree.Tensors<Args[number]>[]
  : tree.Tensors<Args[number]>;

/**
 * The gradient of scalar `fn` with respect to its first argument (a tree), or to the one at place `argnums`; a list of
 * places gives a list of gradients.
 */
export function grad<First, Rest extends unknown[]>(
  fn: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => tree.Tensors<First>;
export function grad<Args extends unknown[], const Places extends Argnums>(
  fn: (...args: Args) => Tensor,
  argnums: Places,
): (...args: Args) => GradientOf<Args, Places>;
export function grad(fn: Fn, argnums?: Argnums): (...args: unknown[]) => unknown {
  const both = gradientAt("grad", fn, argnums);
  return (...args) => both(args)[1];
}

/** The value of scalar `fn` and its gradient with respect to its first argument (a tree), or to those of `argnums`. */
export function valueAndGrad<First, Rest extends unknown[]>(
  fn: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => [Tensor, tree.Tensors<First>];
export function valueAndGrad<Args extends unknown[], const Places extends Argnums>(
  fn: (...args: Args) => Tensor,
  argnums: Places,
): (...args: Args) => [Tensor, GradientOf<Args, Places>];
export function valueAndGrad(fn: Fn, argnums?: Argnums): (...args: unknown[]) => unknown {
  const both = gradientAt("valueAndGrad", fn, argnums);
  return (...args) => both(args);
}

function gradientAt(where: string, fn: Fn, argnums: Argnums = 0): (args: unknown[]) => [Tensor, unknown] {
  const checked = scalarValued(where, fn) as Untyped;
  return (args) => {
    const places = [argnums].flat().map((place) => plainAxis(where, place, args.length, "argnums"));
    // What is differentiated comes first, as jax-js wants it; the list of arguments follows, and is filled from it.
    const isList = Array.isArray(argnums);
    const chosen = isList ? places.map((place) => args[place]) : args[places[0]!];
    const filled = (first: unknown, ...rest: unknown[]): unknown => {
      const own = isList ? (first as unknown[]) : [first];
      return checked(...places.reduce((all, place, i) => all.with(place, own[i]), rest));
    };
    const transformed = (first: unknown, ...rest: unknown[]) => {
      requireFloats(where, first);
      // jax-js 0.1.25 stops the derivatives of all other arguments, of any order; what is closed over keeps them.
      const ofFirst = (own: unknown): unknown => filled(own, ...(tree.copy(rest) as unknown[]));
      return inReverseMode(() => wrap(untypedJax.valueAndGrad(transformable(ofFirst as Fn))(unwrap(first))));
    };
    const labels = [places.map((place) => `argument ${place + 1}`).join(", "), ...labelsOf(args)];
    return inTrace(transformed as Fn, [chosen, ...args], where, labels) as [Tensor, unknown];
  };
}

/**
 * Whole numbers have no derivative, and a gradient has the dtype of what it is of. Beside floats their part of it is 0:
 * a network may hold indices.
 */
function requireFloats(where: string, argument: unknown): void {
  const entries = tree.entries(argument);
  if (entries.length === 0 || entries.some(([, leaf]) => isFloat(leaf.dtype))) return;
  const [path, leaf] = entries[0]!;
  throw new ShapeError(
    where,
    `differentiates by floats, got ${leaf.dtype}[${leaf.shape.join(",")}]${path === "" ? "" : ` at "${path}"`}. ` +
      'Write x.astype("float32"), or name other arguments in argnums.',
  );
}

/** The value of `fn` at `primals` and its derivative along `tangents` (forward mode). */
export function jvp<Args extends unknown[], Out>(
  fn: (...args: Args) => Out,
  primals: readonly [...Args],
  tangents: readonly [...Args],
): [Out, Out] {
  const labels = ["primals", "tangents"];
  requireList("jvp", "primals", primals);
  requireList("jvp", "tangents", tangents);
  const [at, along] = tensorsOf("jvp", [primals, tangents], labels);
  tree.requireSame("jvp", "tangents", at, along);
  const transformed = (p: unknown[], t: unknown[]) =>
    wrap(untypedJax.jvp(transformable(fn as Fn, "jvp"), unwrap(p), unwrap(t)));
  return inTrace(transformed as Fn, [primals, tangents], "jvp", labels) as [Out, Out];
}

/** Throws `OptionError` for a tensor in place of the list of arguments: its rows would be taken for them. */
function requireList(where: string, name: string, given: unknown): void {
  if (Array.isArray(given)) return;
  const hint = isTensor(given)
    ? `Write [x] for ${name} of one argument x.`
    : "Write [x] also for one argument x.";
  throw new OptionError(where, name, given, "a list with an entry for each argument", hint);
}

/** The value of `fn` at `primals`, and the pull-back of the cotangent `seed` to each argument (reverse mode). */
export function vjp<Args extends unknown[], Out>(
  fn: (...args: Args) => Out,
  primals: readonly [...Args],
  seed: Out,
): [Out, tree.Tensors<Args>] {
  requireList("vjp", "primals", primals);
  const transformed = (p: unknown[], cotangent: unknown) =>
    inReverseMode(() => {
      const ends = orderedEnds(fn as Fn);
      const [values, pull] = untypedJax.vjp(ends.fn, unwrap(p)) as [
        Raw[],
        (cotangents: unknown) => unknown[],
      ];
      const seeds = tree.leaves(cotangent);
      return [ends.rebuild(values), wrap(pull(ends.order().map((i) => unwrap(seeds[i]))))];
    });
  return inTrace(transformed as Fn, [primals, seed], "vjp", ["primals", "seed"]) as [Out, tree.Tensors<Args>];
}

/**
 * jax-js 0.1.25 pulls back by position among the results that depend on an argument, as if all did: `fn` returns its
 * results as a list here, those that depend on nothing last. It also cannot transpose a function of which one result
 * is computed from another, or is returned twice; a multiplication by 1 makes every result an end of its own.
 */
function orderedEnds(fn: Fn) {
  const distinct = (leaf: Tensor): Tensor =>
    leaf.dtype === "bool" ? leaf : leaf.mul(tree.scalar(1, leaf.dtype));
  let output: unknown;
  let order: number[] = [];
  return {
    fn(...rawArgs: unknown[]): Raw[] {
      const result = applied(fn, rawArgs.map(wrap));
      const values = named("vjp", "what the function returned", () => tree.tensors(result as object));
      output = tree.map(distinct, values);
      const raws = tree.leaves(output).map((leaf) => unwrap(leaf) as Raw);
      const [first] = tree.leaves(rawArgs.map(wrap)).map((leaf) => unwrap(leaf) as Raw);
      const places = raws.map((_, i) => i);
      const depends = raws.map((raw) => first !== undefined && hasTangent(raw, traceOf(first).main));
      order = [...places.filter((i) => depends[i]), ...places.filter((i) => !depends[i])];
      return order.map((i) => raws[i]!);
    },
    order: () => order,
    rebuild(values: readonly Raw[]): unknown {
      const byPlace = new Map(order.map((place, i) => [place, wrap(values[i]) as Tensor]));
      return tree.unflatten(
        output,
        order.map((_, place) => byPlace.get(place)!),
      );
    },
  };
}

/** Whether `raw` has a tangent at the level `main` that depends on the tangents of arguments. */
function hasTangent(raw: Raw, main: unknown): boolean {
  if (traceOf(raw).main !== main) return false;
  return internalsOf(raw).tangent.pval?.isKnown === false;
}

/**
 * Maps `fn` over an axis of each argument's leaves, axis 0 unless `inAxes` says otherwise: one axis for all arguments, or a
 * list with one for each, null for an argument that is shared. The results are stacked along `outAxes` (default 0).
 */
export function vmap<Args extends unknown[], Out>(
  fn: (...args: Args) => Out,
  inAxes?: InAxes,
  outAxes?: OutAxes,
): (...args: Args) => Out {
  const transformed = (...args: unknown[]) => {
    const axes = axesOfArguments(inAxes, args);
    const front = axes.map((axis) => (axis === null ? null : 0));
    const mapped = untypedJax.vmap(
      transformable(fn as Fn, "vmap"),
      front,
    )(...mappedInFront(args, axes).map(unwrap));
    return mappedBehind(wrap(mapped), outAxes);
  };
  return (...args) => inTrace(transformed as Fn, args, "vmap") as Out;
}

/** The Jacobian of a tensor-valued function of one tensor, [...out, ...in], by forward mode: one column per input. */
export function jacobian(fn: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return jacobianAs("jacobian", fn);
}

function jacobianAs(where: string, fn: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const transformed = (x: Tensor): Tensor => {
    const { size, shape, dtype } = x;
    const identity = allocate(dtype, size * size);
    for (let i = 0; i < size; i++) identity[i * (size + 1)] = 1;
    const directions = concrete(identity, [size, ...shape], dtype);
    const columns = vmap((direction: Tensor) => jvp(fn, [x], [direction])[1])(directions);
    const last = Array.from({ length: columns.ndim }, (_, axis) => (axis + 1) % columns.ndim);
    return columns.transpose(last).reshape([...columns.shape.slice(1), ...shape]);
  };
  return (x) => inTrace(transformed as Fn, [oneTensor(where, x)], where) as Tensor;
}

/** An argument that is one tensor, which may be written as nested arrays. */
function oneTensor(where: string, x: unknown): unknown {
  if (isTensor(x) || typeof x === "number" || ArrayBuffer.isView(x)) return x;
  if (Array.isArray(x) && !x.flat(Infinity).some(isTensor)) return tensorFrom(x);
  throw new ShapeError(
    where,
    `argument 1 must be one tensor, got ${show(x)}. Join the leaves of a tree by np.concatenate.`,
  );
}

/** The Hessian of a scalar function of one tensor, [...in, ...in]. */
export function hessian(fn: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return jacobianAs("hessian", (x) => grad(fn)(x));
}
