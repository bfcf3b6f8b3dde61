/**
 * The outside of every public function of this room. What a user hands in is made plain: numbers, typed arrays and
 * nested arrays become tensors where operands stand, a record may name arguments, axes are checked, what nobody reads is
 * refused (`parameters.ts`). Whatever jax-js throws becomes a typed error that names the function, what it was given and
 * what to do. Calls from inside of the room pass at once.
 */
import { ShapeError, UnspoolError, show } from "../errors.ts";
import { plainAxes, plainAxis, plainShape } from "./axes.ts";
import { escaped, isPlainObject, isTensor } from "./lift.ts";
import { parametersOf } from "./parameterTables.ts";
import { placed } from "./parameters.ts";
import type { Tensor } from "./tensor.ts";

type Fn = (this: unknown, ...args: unknown[]) => unknown;

export interface Signature {
  /** Which arguments are operands: the first few, all from one on, or a list of them. Default: none is touched. */
  operands?: number | { from: number } | "list";
  /** Elementwise functions read plain numbers themselves. */
  isElementwise?: boolean;
  /** Operands that may be left out, by `null` or `undefined`. */
  optional?: readonly number[];
  /** Place of the axis; whether it may be several, and what the axes are of (x, or x with one more axis). */
  axis?: number;
  axes?: "one" | "many" | "new";
  /** Place of a shape; one number is the length of a vector. */
  shape?: number;
  /** Further checks on what the function would be given. */
  check?: (where: string, args: unknown[]) => void;
  /** It may take functions, and is then left to call them as they are. */
  isOpen?: boolean;
  /** What to do about an error. */
  hint?: string;
  /** What to write in place of an option that there is not. */
  optionHint?: string;
}

let toTensor: (values: unknown) => Tensor;

/** Called once by the module of `np.array`, which stands above this one. */
export function registerArray(array: (values: never) => Tensor): void {
  toTensor = array as typeof toTensor;
}

/** The tensor that a user wrote as nested arrays. */
export const tensorFrom = (values: unknown): Tensor => toTensor(values);

let depth = 0;

/** `fn` with this outside. */
export function guard<F>(where: string, fn: F, signature: Signature = {}): F {
  const inner = fn as Fn;
  const parameters = parametersOf(where);
  const firstRecord = where.startsWith("Tensor.") ? 0 : 1;
  const guarded: Fn = function (...given) {
    if (depth > 0) return inner.apply(this, given);
    const args =
      parameters === undefined
        ? given
        : [...placed(where, given, parameters, firstRecord, signature.optionHint)];
    const isLeftAlone = signature.isOpen === true && args.some((arg) => typeof arg === "function");
    if (isLeftAlone) return inner.apply(this, args);
    depth++;
    try {
      return inner.apply(this, plainArguments(where, this, args, signature));
    } catch (error) {
      throw typed(where, error, isTensor(this) ? [this, ...args] : args, signature.hint);
    } finally {
      depth--;
    }
  };
  Object.defineProperty(guarded, "name", { value: inner.name });
  return guarded as F;
}

/** Every function of a namespace, guarded by its signature. */
export function guardAll<T extends object>(
  namespace: string,
  members: T,
  signatures: Readonly<Record<string, Signature>>,
  otherwise: Signature = {},
): T {
  const entries = Object.entries(members).map(([name, member]: [string, unknown]) => {
    if (typeof member !== "function") return [name, member];
    return [name, guard(`${namespace}.${name}`, member, signatures[name] ?? otherwise)];
  });
  return Object.fromEntries(entries) as T;
}

function plainArguments(where: string, self: unknown, given: unknown[], signature: Signature): unknown[] {
  const { operands = 0, axis, check } = signature;
  const args = [...given];
  const first = isTensor(self) ? self : undefined;
  if (operands === "list") args[0] = listOf(where, args[0], signature);
  else {
    const [from, to] = typeof operands === "number" ? [0, operands] : [operands.from, args.length];
    const needed = typeof operands === "number" ? to : Math.max(from + 1, to);
    for (let i = from; i < needed; i++) {
      if (args[i] == null && signature.optional?.includes(i) === true) continue;
      if (i > from && isPlainObject(args[i])) break;
      args[i] = operand(where, args[i], i, signature.isElementwise === true);
    }
  }
  if (axis !== undefined) plainAxisOf(where, first ?? operandOf(args[0]), args, signature);
  const { shape } = signature;
  if (shape !== undefined && args[shape] !== undefined) args[shape] = plainShape(where, args[shape]);
  check?.(where, first === undefined ? args : [first, ...args]);
  return args;
}

const operandOf = (value: unknown): Tensor | undefined => {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isTensor(one) ? one : undefined;
};

const isNested = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);
const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean";

function operand(where: string, value: unknown, at: number, isElementwise: boolean): unknown {
  if (isTensor(value) || (isElementwise && isNumber(value))) return value;
  if (isNested(value) || isNumber(value)) return toTensor(value);
  throw new ShapeError(
    where,
    `argument ${at + 1} must be a tensor, a number or nested arrays of numbers, got ${show(value)}. ` +
      "Make a tensor with np.array.",
  );
}

function listOf(where: string, value: unknown, signature: Signature): unknown[] {
  if (Array.isArray(value)) return value.map((one, i) => operand(where, one, i, false));
  throw new ShapeError(
    where,
    `needs a list of tensors, got ${show(value)}. Write ${where}([a, b]).${hintOf(signature)}`,
  );
}

/** The axis, checked. */
function plainAxisOf(where: string, x: Tensor | undefined, args: unknown[], signature: Signature): void {
  const { axis: at = 1, axes = "many" } = signature;
  const axis = args[at];
  if (axis === undefined || axis === null) {
    // What has a default takes it; null means all axes, or the flattened array.
    if (axis === null && axes !== "many") args[at] = undefined;
    return;
  }
  if (x === undefined) return;
  if (axes === "many") plainAxes(where, axis, x.ndim);
  else if (axes === "one") plainAxis(where, axis, x.ndim);
  else plainAxes(where, axis, x.ndim + (Array.isArray(axis) ? axis.length : 1));
}

const hintOf = ({ hint }: Signature): string => (hint === undefined ? "" : ` ${hint}`);

/** The error itself if it is ours, or one that names the function. */
function typed(where: string, error: unknown, args: unknown[], hint?: string): unknown {
  if (error instanceof UnspoolError || !(error instanceof Error)) return error;
  if (error.message.startsWith("internal:") || error.message.startsWith("Maximum call stack")) return error;
  const kept = escaped(where, error);
  if (kept !== undefined) return kept;
  // What JavaScript says of its own operations helps nobody who did not write them.
  const isForeign =
    /^(Cannot |Attempting to free|Invalid (array|typed array) length)|is not (a function|iterable|defined)/;
  const what = isForeign.test(error.message)
    ? "cannot work with these arguments"
    : error.message.replace(/[.\s]+$/, "");
  const got = args.slice(0, 6).map(show).join(", ");
  const advice =
    hint ?? "Compare the shapes, dtypes and axes of what was given with what the function takes.";
  return new ShapeError(where, `${what}, got ${got}. ${advice}`, { cause: error });
}
