/**
 * Lifting jax-js: a function is unwrapped on the way in (taking a reference) and wrapped on the way out, so that
 * no caller ever counts references.
 *
 * Concrete tensors live on the JavaScript heap; they are uploaded for the time of one call. Inside a
 * transformation every concrete tensor becomes one constant of the trace, however often it is used (`session`).
 */
import * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import {
  type Raw,
  currentDevice,
  download,
  onDevice,
  placeholder,
  upload,
  uploadArgument,
  withFloat16,
} from "./backend.ts";
import { type DType, type TensorData, requireRoom } from "./dtype.ts";
import { trimCaches } from "./caches.ts";
import { repairTraceStack, withPlainReferences } from "./repairs.ts";
import type { Tensor } from "./tensor.ts";

type MakeTensor = (
  source: TensorData | Raw,
  shape: readonly number[],
  dtype: DType,
  isWeak: boolean,
) => Tensor;

let make: MakeTensor;

/** Called once by the module of `Tensor`, which stands above this one. */
export function registerTensor(maker: MakeTensor): void {
  make = maker;
}

/** The trace that is being recorded: its constants, and what else it has to release at its end. */
interface Session {
  constants: Map<Tensor, Raw>;
  /** Nobody will run what is recorded: large constants need no elements. */
  hasPlaceholders: boolean;
  owned: Raw[];
  /** Reverse mode ran in it: `repairTraceStack` has to follow. */
  isReversed?: boolean;
}

let session: Session | undefined;

/** Which trace a traced value belongs to. */
const owners = new WeakMap<object, Session>();

/** Runs a transformation in reverse mode, of which the open trace is told. */
export function inReverseMode<T>(body: () => T): T {
  if (session !== undefined) session.isReversed = true;
  return withPlainReferences(body);
}

export function isTracing(): boolean {
  return session !== undefined;
}

/** Elements from which on a constant is not uploaded where its elements do not matter. */
const leastPlaceholder = 4096;

/**
 * Records one trace; a trace inside a trace shares the outer one's session. With `hasPlaceholders` the recorded program
 * is read, never run: its large constants are arrays of zeros without memory.
 */
export function withSession<T>(body: () => T, hasPlaceholders = false): T {
  if (session !== undefined) return body();
  const own: Session = { constants: new Map(), owned: [], hasPlaceholders };
  session = own;
  try {
    return withFloat16(body);
  } finally {
    session = undefined;
    for (const raw of own.constants.values()) raw.dispose();
    for (const raw of own.owned) raw.dispose();
    if (own.isReversed === true) repairTraceStack();
    trimCaches();
  }
}

/** The concrete tensors that became constants of the open trace, by what stands for them in it. */
export function constantsOfTrace(): Map<Raw, Tensor> {
  return new Map([...(session?.constants ?? [])].map(([tensor, raw]) => [raw, tensor]));
}

/** Throws `ShapeError` for what JSON or structuredClone has made of a tensor: a record with its shape, and no elements. */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null || !("isUnspoolTensor" in value)) return false;
  if ("data" in value) return true;
  const { dtype, shape } = value as { isUnspoolTensor: unknown; dtype: string; shape: number[] };
  throw new ShapeError(
    "Tensor",
    `a ${dtype}[${shape.join(",")}] has lost its elements: it went through JSON or structuredClone. Keep a state by encodeState and decodeState, an array by Array.from(x.data).`,
  );
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isRaw(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && "_trace" in value;
}

/**
 * Applies `fn` to the leaves of nested arrays and plain objects, which are made anew. With the identity it gives a
 * user's function records of its own: what the function writes into them stays with it.
 */
export function walk(value: unknown, fn: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, fn));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, fn)]));
  }
  return fn(value);
}

/** The jax-js value of an argument, owned by the callee. Trees are walked; everything else passes. */
export function unwrap(value: unknown): unknown {
  return walk(value, (leaf) => (isTensor(leaf) ? toRaw(leaf) : leaf));
}

/** Tensors from jax-js values, which give up the reference that they came with. */
export function wrap(value: unknown): unknown {
  return walk(value, (leaf) => (isRaw(leaf) ? fromRaw(leaf) : leaf));
}

/** A tensor from typed-array elements. */
export function concrete(data: TensorData, shape: readonly number[], dtype: DType, isWeak = false): Tensor {
  return make(data, shape, dtype, isWeak);
}

export function toRaw(tensor: Tensor): Raw {
  if (tensor.raw !== undefined) {
    if (session === undefined || owners.get(tensor.raw) !== session) throw leaked(tensor);
    return tensor.raw.ref;
  }
  if (session === undefined) return uploadArgument(tensor.data, tensor.shape, tensor.dtype, tensor.isWeak);
  let constant = session.constants.get(tensor);
  if (constant === undefined) {
    constant =
      session.hasPlaceholders && tensor.size >= leastPlaceholder
        ? placeholder(tensor.shape, tensor.dtype)
        : upload(tensor.data, tensor.shape, tensor.dtype, tensor.isWeak);
    session.constants.set(tensor, constant);
  }
  return constant.ref;
}

function fromRaw(raw: Raw): Tensor {
  const { shape, weakType } = raw;
  const dtype = raw.dtype as DType;
  // jax-js has computed nothing yet.
  if (session === undefined) requireRoom(raw.size, dtype);
  if (session === undefined) return make(download(raw), shape, dtype, weakType && shape.length === 0);
  // Arrays that jax-js made without tracing (np.zeros, …) hold memory until the trace ends; tracers hold none.
  if (raw instanceof jax.Array) session.owned.push(raw);
  owners.set(raw, session);
  return make(raw, shape, dtype, weakType);
}

function leaked(tensor: Tensor): ShapeError {
  return new ShapeError(
    "Tensor",
    `a ${tensor.toString()} was kept from an earlier trace and used outside of it. Return it from the function that ` +
      "jit, grad or vmap transforms instead of storing it.",
  );
}

/** What jax-js says of a value that was made in one function and used in another, with its own source in it, in our words. */
export function escaped(where: string, error: unknown): ShapeError | undefined {
  if (
    !(error instanceof Error) ||
    !/^(Different traces at same level|Can't lift Tracer level)/.test(error.message)
  )
    return undefined;
  return new ShapeError(
    where,
    "a value that was made in one function is used in another, where it was kept in a variable of both. Return it from the " +
      "function that makes it: from forward of a customVjp as the residual, [value, x]; from the step of a scan in the carry " +
      "or the outputs.",
    { cause: error },
  );
}

/** A function of jax-js as a function of tensors. */
export function lift(fn: unknown): (...args: unknown[]) => unknown {
  return (...args) => call(fn as (...args: unknown[]) => unknown, args);
}

/**
 * The same of a function that only adds, multiplies, compares or moves: its float64 numbers need no interpreter, which takes up to
 * a thousand times as long as the kernel of a program, and gives the same bits.
 */
export function liftArithmetic(fn: unknown): (...args: unknown[]) => unknown {
  return (...args) => compute(fn as (...args: unknown[]) => unknown, args);
}

/**
 * A function of tensors as one program, dispatched once when called eagerly. In a trace its pieces are recorded: jax-js
 * keeps derivatives of nested programs in tables that are never emptied.
 */
export function nameProgram(name: string, fn: (...xs: Tensor[]) => Tensor): (...args: unknown[]) => Tensor {
  const body = (...raws: Raw[]): Raw => withSession(() => toRaw(fn(...(wrap(raws) as Tensor[]))));
  Object.defineProperty(body, "name", { value: name });
  const program: unknown = jax.jit(body);
  return (...args) => {
    if (session !== undefined && args.every(isTensor)) return fn(...args);
    return call(program as (...args: unknown[]) => unknown, args) as Tensor;
  };
}

/** A function of tensors that is recorded in traces as one nested program under its name. It has no derivative. */
export function namedProgram(name: string, fn: (...xs: Tensor[]) => Tensor): (...args: Tensor[]) => Tensor {
  const body = (...raws: Raw[]): Raw => withSession(() => toRaw(fn(...(wrap(raws) as Tensor[]))));
  Object.defineProperty(body, "name", { value: name });
  return lift(jax.jit(body)) as (...args: Tensor[]) => Tensor;
}

/** A method call on `self` that computes nothing but what `liftArithmetic` may, lifted. */
export function liftMethod(
  self: Tensor,
  method: (x: Raw, ...rest: Raw[]) => Raw,
  ...rest: unknown[]
): Tensor {
  return compute(method as (...args: unknown[]) => unknown, [self, ...rest]) as Tensor;
}

function call(fn: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  if (session !== undefined || currentDevice() === "cpu" || !args.some(hasFloat64)) return compute(fn, args);
  return onDevice("cpu", () => compute(fn, args));
}

function compute(fn: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  if (session === undefined) trimCaches();
  return withFloat16(() => wrap(fn(...args.map(unwrap))));
}

function hasFloat64(value: unknown): boolean {
  if (isTensor(value)) return value.dtype === "float64";
  if (Array.isArray(value)) return value.some(hasFloat64);
  return isPlainObject(value) && Object.values(value).some(hasFloat64);
}
