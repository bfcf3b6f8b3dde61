/**
 * State as JSON and named tensors, and back, exactly.
 *
 * The JSON has the structure of the state. A tensor stands there as `{"$tensor": name}` (with `"weak": true` for a
 * weak scalar), and a number that JSON does not have as `{"$number": "NaN"}`. A key of the state that begins with
 * `$` gets another `$` in front, so no state can be taken for a marker. Names of tensors are their paths.
 */
import { Tensor } from "../array/index.ts";
import { ResumeError, ShapeError } from "../errors.ts";
import type { Json } from "../methods/index.ts";
import { ownError } from "./userCode.ts";

export interface EncodedState {
  structure: Json;
  tensors: Map<string, Tensor>;
}

/** Numbers that JSON does not have, by the name under which they are kept. */
const specialNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/**
 * Takes apart any tree of tensors, numbers, strings, booleans and null. Entries of a record that are undefined are
 * left out; everything else that is not data is a `ShapeError` that names its path.
 */
export function encodeState(state: unknown, name = "state"): EncodedState {
  const tensors = new Map<string, Tensor>();
  const visit = (path: string, node: unknown): Json => {
    if (path.length > longestPath) {
      throw new ShapeError(
        "encodeState",
        `"${path.slice(0, 40)}…" is nested without end, or too deeply. Does a record contain itself?`,
      );
    }
    if (node === null || typeof node === "string" || typeof node === "boolean") return node;
    if (typeof node === "number") return encodeNumber(node);
    if (Tensor.is(node)) return encodeTensor(tensors, path, node);
    if (Array.isArray(node)) return Array.from(node, (item, i) => visit(`${path}.${i}`, item));
    if (isRecord(node)) {
      const kept = Object.entries(node).filter(([, value]) => value !== undefined);
      return Object.fromEntries(
        kept.map(([key, value]) => [key.startsWith("$") ? `$${key}` : key, visit(`${path}.${key}`, value)]),
      );
    }
    throw new ShapeError(
      "encodeState",
      `"${path}" is ${describe(node)}, which cannot be saved. State is made of tensors, numbers, strings, ` +
        "booleans and null, in records and arrays; a typed array belongs into a tensor.",
      { path },
    );
  };
  try {
    return { structure: visit(name, state), tensors };
  } catch (error) {
    // A getter or a proxy may throw wherever something is read.
    throw ownError("encodeState", `what is in "${name}"`, "run", error);
  }
}

/**
 * Throws `ShapeError` that says whose state it is unless `encodeState` takes `state`. Made for every step: data is looked
 * through and nothing of it is copied.
 */
export function requireSavable(where: string, what: string, state: unknown, name = "state"): void {
  if (isData(state, 0)) return;
  try {
    encodeState(state, name);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const problem = error.message.replace(/^encodeState: /, "");
    throw new ShapeError(where, `${what} cannot be kept in a checkpoint: ${problem}`, error.details);
  }
}

function isData(node: unknown, depth: number): boolean {
  if (node === null || typeof node === "number" || typeof node === "string" || typeof node === "boolean")
    return true;
  // What is nested deeper is looked at with its path.
  if (Tensor.is(node) || depth > 100) return depth <= 100;
  if (Array.isArray(node)) return node.every((item) => isData(item, depth + 1));
  if (!isRecord(node)) return false;
  return Object.values(node).every((item) => item === undefined || isData(item, depth + 1));
}

/** Longer paths than any state has: a record that contains itself would go on without end. */
const longestPath = 4000;
/** As many levels as a path of that length can have. */
const deepest = 2000;

/** Puts a state together again. A structure that does not fit is a `ResumeError`. */
export function decodeState(structure: Json, tensors: ReadonlyMap<string, Tensor> = new Map()): unknown {
  const visit = (node: Json, depth: number): unknown => {
    if (node === null || typeof node !== "object") return node;
    if (depth > deepest) throw new ResumeError("decodeState", "it is nested too deeply to be data of a run.");
    if (Array.isArray(node)) return node.map((item) => visit(item, depth + 1));
    if (Object.hasOwn(node, "$number")) return decodeNumber(node["$number"]!);
    if (Object.hasOwn(node, "$tensor")) return decodeTensor(tensors, node);
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key.startsWith("$$") ? key.slice(1) : key,
        visit(value, depth + 1),
      ]),
    );
  };
  return visit(structure, 0);
}

function encodeNumber(value: number): Json {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { $number: Object.is(value, -0) ? "-0" : String(value) };
}

function decodeNumber(name: Json): number {
  if (typeof name === "string" && Object.hasOwn(specialNumbers, name)) return specialNumbers[name]!;
  throw new ResumeError("decodeState", `there is no number ${JSON.stringify(name)}.`);
}

function encodeTensor(tensors: Map<string, Tensor>, path: string, tensor: Tensor): Json {
  // Keys with dots can give two tensors the same path.
  let name = path;
  for (let i = 2; tensors.has(name); i++) name = `${path}#${i}`;
  tensors.set(name, tensor);
  return tensor.isWeak ? { $tensor: name, weak: true } : { $tensor: name };
}

function decodeTensor(tensors: ReadonlyMap<string, Tensor>, node: { [name: string]: Json }): Tensor {
  const found = tensors.get(node["$tensor"] as string);
  if (found === undefined) {
    throw new ResumeError("decodeState", `the tensor ${JSON.stringify(node["$tensor"])} is missing.`);
  }
  return node["weak"] === true ? new Tensor(found.data, found.shape, found.dtype, true) : found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
}
