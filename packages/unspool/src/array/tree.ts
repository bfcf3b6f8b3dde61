/**
 * Trees: nested records and arrays whose leaves are tensors. Plain data, so that state can be saved, compared and
 * sent to a worker. Leaves are ordered by path, records by name (as in JAX: the order in which a record was written
 * does not matter), depth first; paths read like `layers.0.weights`.
 */
import { ShapeError, isThenable } from "../errors.ts";
import { type DType, type TensorData, allocate, dtypeOf, isFloat } from "./dtype.ts";
import { concrete, isPlainObject, isTensor, walk } from "./lift.ts";
import type { Tensor } from "./tensor.ts";

/** Anything that can stand where tensors are needed: `tree.tensors` turns leaves into tensors. */
export type TreeLike =
  Tensor | number | boolean | TensorData | readonly TreeLike[] | { readonly [name: string]: TreeLike };

/** A tree whose leaves are tensors. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** The same structure with tensors as leaves. */
export type Tensors<T> = T extends Tensor
  ? Tensor
  : T extends number | boolean | TensorData
    ? Tensor
    : T extends readonly unknown[]
      ? { [K in keyof T]: Tensors<T[K]> }
      : T extends object
        ? { [K in keyof T]: Tensors<T[K]> }
        : unknown extends T
          ? unknown
          : never;

/** Applies `fn` to each leaf (and to the leaves of `rest` at the same place); keeps the structure of `tree`. */
export function map<T>(fn: (leaf: Tensor, ...rest: Tensor[]) => Tensor, tree: T, ...rest: unknown[]): T {
  return mapWithPath((_path, leaf, ...others) => fn(leaf, ...others), tree, ...rest);
}

/** `map` that also gets the path of each leaf. */
export function mapWithPath<T>(
  fn: (path: string, leaf: Tensor, ...rest: Tensor[]) => Tensor,
  tree: T,
  ...rest: unknown[]
): T {
  const visit = (path: string, node: unknown, others: unknown[]): unknown => {
    if (isTensor(node)) {
      for (const other of others) if (!isTensor(other)) throw mismatch(path, node, other);
      return fn(path, node, ...(others as Tensor[]));
    }
    const children = childrenOf(path, node);
    const pick = (name: string) =>
      others.map((other) => {
        const child = hasChild(other, name) ? (other as Record<string, unknown>)[name] : undefined;
        if (child === undefined) throw mismatch(join(path, name), node, other);
        return child;
      });
    for (const other of others) {
      if (childrenOf(path, other).length !== children.length) throw mismatch(path, node, other);
    }
    const mapped = children.map(
      ([name, child]) => [name, visit(join(path, name), child, pick(name))] as const,
    );
    return Array.isArray(node) ? mapped.map(([, child]) => child) : Object.fromEntries(mapped);
  };
  return visit("", tree, rest) as T;
}

/**
 * The same leaves in records and arrays of their own, for a function of the user: what it writes into them does not
 * reach anyone else. What is no tree passes as it is.
 */
export function copy<T>(tree: T): T {
  return walk(tree, (leaf) => leaf) as T;
}

/** All leaves, in order. */
export function leaves(tree: unknown): Tensor[] {
  return entries(tree).map(([, leaf]) => leaf);
}

/** All leaves with their paths, in order. The path of a bare tensor is "". */
export function entries(tree: unknown): [string, Tensor][] {
  const found: [string, Tensor][] = [];
  const visit = (path: string, node: unknown): void => {
    if (isTensor(node)) found.push([path, node]);
    else for (const [name, child] of childrenOf(path, node)) visit(join(path, name), child);
  };
  visit("", tree);
  return found;
}

/** The structure of `like` with new leaves, given in order. */
export function unflatten<T>(like: T, newLeaves: readonly Tensor[]): T {
  let next = 0;
  const result = map(() => {
    const leaf = newLeaves[next++];
    if (leaf === undefined)
      throw new ShapeError("tree.unflatten", `too few leaves: got ${newLeaves.length}.`);
    return leaf;
  }, like);
  if (next !== newLeaves.length) {
    throw new ShapeError("tree.unflatten", `the tree has ${next} leaves, got ${newLeaves.length}.`);
  }
  return result;
}

/** Turns every leaf into a tensor: numbers become float32 scalars, typed arrays 1-D tensors (both of `dtype` if given). */
export function tensors<T>(tree: T, dtype?: DType): Tensors<T> {
  const visit = (path: string, node: unknown): unknown => {
    if (isTensor(node)) return node;
    if (typeof node === "number") return scalar(node, dtype ?? "float32");
    if (typeof node === "boolean") return scalar(Number(node), "bool");
    if (ArrayBuffer.isView(node)) {
      const own = dtypeOf(node);
      if (own === undefined) {
        throw new ShapeError(
          "tree.tensors",
          `${at(path)} is a ${node.constructor.name}, which no dtype holds. Convert it: Int32Array.from(values).`,
        );
      }
      const data = node as TensorData;
      if (dtype === undefined || dtype === own) return concrete(data, [data.length], own);
      const cast = allocate(dtype, data.length);
      cast.set(data);
      return concrete(cast, [data.length], dtype);
    }
    const mapped = childrenOf(path, node).map(
      ([name, child]) => [name, visit(join(path, name), child)] as const,
    );
    return Array.isArray(node) ? mapped.map(([, child]) => child) : Object.fromEntries(mapped);
  };
  return visit("", tree) as Tensors<T>;
}

/** A concrete scalar tensor. */
export function scalar(value: number, dtype: DType = "float32"): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return concrete(data, [], dtype);
}

/** Number of elements in all leaves. */
export function size(tree: unknown): number {
  return leaves(tree).reduce((sum, leaf) => sum + leaf.size, 0);
}

/** The dtype of the floating-point leaves: float64 if any leaf is, else float32. */
export function floatType(tree: unknown): "float32" | "float64" {
  return leaves(tree).some((leaf) => leaf.dtype === "float64") ? "float64" : "float32";
}

/** All elements of all leaves in one Float64Array: for metrics, tests and files. Concrete trees only. */
export function flatten(tree: unknown): Float64Array {
  const flat = new Float64Array(size(tree));
  let offset = 0;
  for (const leaf of leaves(tree)) {
    flat.set(leaf.data, offset);
    offset += leaf.size;
  }
  return flat;
}

/** Throws `ShapeError` unless `given` has the structure, shapes and dtypes of `expected`. Works on traced trees. */
export function requireSame(where: string, what: string, expected: unknown, given: unknown): void {
  const wanted = entries(expected);
  const got = new Map(entries(given));
  for (const [path, leaf] of wanted) {
    const other = got.get(path);
    const label = `${what}${path === "" ? "" : ` at "${path}"`}`;
    if (other === undefined) {
      throw new ShapeError(where, `${label} is missing; expected ${describe(leaf)}.`, { path });
    }
    if (describe(leaf) !== describe(other)) {
      throw new ShapeError(where, `${label} is ${describe(other)}, expected ${describe(leaf)}.`, { path });
    }
    got.delete(path);
  }
  const [extra] = got.keys();
  if (extra !== undefined)
    throw new ShapeError(where, `${what} has an unexpected leaf "${extra}".`, { path: extra });
}

/** True if every element of every floating-point leaf is finite. Concrete trees only. */
export function isFinite(tree: unknown): boolean {
  return leaves(tree).every((leaf) => !isFloat(leaf.dtype) || leaf.data.every((x) => Number.isFinite(x)));
}

function describe(leaf: Tensor): string {
  return `${leaf.dtype}[${leaf.shape.join(",")}]`;
}

function at(path: string): string {
  return path === "" ? "the tree" : `"${path}"`;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function hasChild(node: unknown, name: string): boolean {
  return typeof node === "object" && node !== null && Object.hasOwn(node, name);
}

/** Longer paths than any parameters have: a record that contains itself would go on without end. */
const longestPath = 2000;

function childrenOf(path: string, node: unknown): [string, unknown][] {
  if (path.length > longestPath) {
    throw new ShapeError(
      "tree",
      `it is nested without end, or too deeply, at "${path.slice(0, 40)}…". Does a record contain itself?`,
    );
  }
  if (Array.isArray(node)) return Object.entries(node);
  if (isPlainObject(node)) return Object.entries(node).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  if (isThenable(node)) {
    // Nobody waits for it any more; that it fails later is no second error.
    void Promise.resolve(node).catch(() => {});
    const advice = "Programs are recorded at once: remove async and await, and load data before";
    throw new ShapeError("tree", `${at(path)} is a promise. ${advice}.`, { path });
  }
  throw new ShapeError(
    "tree",
    `${at(path)} is ${node === null ? "null" : typeof node}; a tree is a tensor, or a record or array of trees.`,
    { path },
  );
}

function mismatch(path: string, node: unknown, other: unknown): ShapeError {
  const kind = (value: unknown) =>
    isTensor(value) ? describe(value) : Array.isArray(value) ? "array" : typeof value;
  return new ShapeError("tree.map", `trees differ at ${at(path)}: ${kind(node)} against ${kind(other)}.`, {
    path,
  });
}
