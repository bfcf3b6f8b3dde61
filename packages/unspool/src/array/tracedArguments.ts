/** Arguments of functions that are traced, as trees of tensors; and what to write in place of those that cannot be traced. */
import { ShapeError } from "../errors.ts";
import { escaped, isPlainObject, isTensor } from "./lift.ts";
import { named } from "./namedTrees.ts";
import * as tree from "./tree.ts";

/** `value`, which errors of `where` call `label`, as a tree of tensors. */
export function tracedArgument(where: string, label: string, value: unknown): unknown {
  const found = find(value, (leaf) => typeof leaf === "boolean");
  if (found !== undefined) {
    throw new ShapeError(
      where,
      `${label}${at(found)} is the boolean ${String(found.leaf)}. As a tensor it would be true to JavaScript whatever it holds, ` +
        "so that p ? a : b would take a. Close over it, (x) => f(x, p), or write np.array(p) and choose by np.where.",
      { path: found.path },
    );
  }
  return named(where, label, () => tree.tensors(value as object));
}

/**
 * What `body` gives, which calls a function of `args`. A list of numbers is a tree of scalars, as in JAX: to a function that
 * takes it for a tensor, an error says what to write.
 */
export function withArguments<T>(
  where: string,
  args: readonly unknown[],
  labels: readonly string[],
  body: () => T,
): T {
  try {
    return body();
  } catch (error) {
    const kept = escaped(where, error);
    if (kept !== undefined) throw kept;
    if (!(error instanceof TypeError)) throw error;
    for (const [i, arg] of args.entries()) {
      const found = find(arg, isListOfNumbers);
      if (found === undefined) continue;
      const { length } = found.leaf as unknown[];
      throw new ShapeError(
        where,
        `${labels[i] ?? "an argument"}${at(found)} is a list of ${length} numbers, a tree of scalars, and the function threw: ` +
          `${error.message}. Write np.array([...]) for one tensor of them.`,
        { path: found.path, cause: error },
      );
    }
    throw error;
  }
}

const isListOfNumbers = (node: unknown): boolean =>
  Array.isArray(node) && node.length > 0 && node.every((value) => typeof value === "number");

interface Found {
  path: string;
  leaf: unknown;
}

const at = ({ path }: Found): string => (path === "" ? "" : ` at "${path}"`);

/** The first node of a tree that `isWanted`. */
function find(node: unknown, isWanted: (node: unknown) => boolean, path = ""): Found | undefined {
  // Deeper than any tree: one that contains itself is refused elsewhere.
  if (path.length > 2000) return undefined;
  if (isWanted(node)) return { path, leaf: node };
  if (isTensor(node) || (!Array.isArray(node) && !isPlainObject(node))) return undefined;
  for (const [name, child] of Object.entries(node)) {
    const found = find(child, isWanted, path === "" ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
