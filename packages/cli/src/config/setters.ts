/** `--set path=value`: checked against the schema, then laid over the schema's defaults. */
import { UsageError, didYouMean } from "../failure.ts";
import { type SchemaNode, type SchemaTree, listPaths } from "./schemaTree.ts";

export interface Setter {
  path: string[];
  /** As typed. */
  text: string;
}

/** Splits `task.lr=0.1`; only the first `=` counts. */
export function parseSetter(given: string): Setter {
  const at = given.indexOf("=");
  const path = given.slice(0, Math.max(at, 0)).trim().split(".");
  if (at < 1 || path.includes("")) {
    throw new UsageError(
      "USAGE",
      `--set needs PATH=VALUE, such as task.lr=0.1, got ${JSON.stringify(given)}.`,
      { given },
    );
  }
  const forbidden = path.find(
    (name) => name === "__proto__" || name === "constructor" || name === "prototype",
  );
  if (forbidden !== undefined)
    throw new UsageError("USAGE", `--set: ${forbidden} is not a config path.`, { given });
  if (path.length > deepestPath) {
    throw new UsageError(
      "USAGE",
      `--set: a path may have at most ${deepestPath} names, got ${path.length}.`,
      {
        given: path.length,
      },
    );
  }
  return { path, text: given.slice(at + 1) };
}

/** Deeper than any config; what parses and prints configs calls itself once a level. */
const deepestPath = 64;

/**
 * The input for the schema's parser: an empty config with the setters laid over it, later ones over earlier ones.
 * Where a setter reaches into a record or list that has a default, the rest of that default stays.
 */
export async function applySetters(
  tree: SchemaTree | undefined,
  setters: readonly Setter[],
): Promise<Record<string, unknown>> {
  const config: Record<string, unknown> = {};
  const lists = new Map<unknown[], string>();
  for (const { path, text } of setters) {
    if (tree !== undefined) await requirePath(tree, path);
    let nodes = tree === undefined ? [] : [tree.root];
    let target: Record<string, unknown> = config;
    for (const [depth, name] of path.entries()) {
      const parents = nodes;
      nodes = parents.flatMap((node) => tree?.children(node, name) ?? []);
      if (Array.isArray(target)) {
        const where = path.slice(0, depth).join(".");
        // Each setter can add one entry, so a place further on leaves a hole, and a far one takes all memory.
        requirePlace(where, target, name, target.length + setters.length);
        lists.set(target, where);
      }
      if (depth === path.length - 1) target[name] = readValue(tree, nodes, text);
      else target = descend(tree, target, name, nodes, path[depth + 1]!);
    }
  }
  for (const [list, where] of lists) {
    const hole = Array.from(list).findIndex((_, i) => !Object.hasOwn(list, i));
    if (hole >= 0) requirePlace(where, list.slice(0, hole), String(list.length - 1), hole + 1);
  }
  return config;
}

/** Throws `UsageError` unless `name` is the place of an entry of `list`, or one after it and below `end`. */
function requirePlace(where: string, list: readonly unknown[], name: string, end: number): void {
  if (/^(?:0|[1-9]\d*)$/.test(name) && Number(name) < end) return;
  const { length } = list;
  const has = length === 0 ? "is empty" : `has ${length} ${length === 1 ? "entry" : "entries"}`;
  throw new UsageError(
    "CONFIG",
    `--set: ${where}.${name} is no place in this list, which ${has}. ` +
      `The next one is ${where}.${length}; or set the whole list: --set '${where}=[…]'.`,
    { path: `${where}.${name}`, length },
  );
}

/** The record or list at `name`, made from its default where it is not there yet. */
function descend(
  tree: SchemaTree | undefined,
  target: Record<string, unknown>,
  name: string,
  nodes: readonly SchemaNode[],
  next: string,
): Record<string, unknown> {
  if (typeof target[name] !== "object" || target[name] === null) {
    // A nullable list is a list or null: what it may be stands one level down.
    const all = [...nodes, ...nodes.flatMap((node) => tree?.alternatives(node) ?? [])];
    const fallback = all.find((node) => typeof node.default === "object" && node.default !== null)?.default;
    const isList = all.some(({ type }) => type === "array") || (all.length === 0 && /^\d+$/.test(next));
    target[name] = structuredClone(fallback) ?? (isList ? [] : {});
  }
  return target[name] as Record<string, unknown>;
}

/**
 * JSON where it is JSON that may stand there, else the text: a place for text or null takes `5` as text and `null` as
 * null. Text in quotes is always text, and numbers may be `Infinity`.
 */
function readValue(tree: SchemaTree | undefined, nodes: readonly SchemaNode[], text: string): unknown {
  const alternatives = tree === undefined ? [] : nodes.flatMap((node) => tree.alternatives(node));
  const takes = (type: string): boolean => alternatives.some((node) => node.type === type);
  const isQuoted = /^".*"$/s.test(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isNumber =
      (takes("number") || takes("integer")) && text.trim() !== "" && !Number.isNaN(Number(text));
    return isNumber ? Number(text) : (entriesOf(tree, alternatives, text) ?? text);
  }
  if (!alternatives.some((node) => mayHold(node, value))) {
    const entries = entriesOf(tree, alternatives, text);
    if (entries !== undefined) return entries;
  }
  return takes("string") && !isQuoted && !alternatives.some((node) => mayHold(node, value)) ? text : value;
}

/**
 * Where nothing but a list may stand, `a,b` is one, and so is `[a,b]`, which is what a shell leaves of `["a","b"]`; a single
 * entry is a list of one. Undefined for lists of lists or records, which are JSON.
 */
function entriesOf(
  tree: SchemaTree | undefined,
  alternatives: readonly SchemaNode[],
  text: string,
): unknown[] | undefined {
  const lists = alternatives.filter(({ type }) => type === "array");
  const isList = lists.length > 0 && alternatives.every(({ type }) => type === "array" || type === "null");
  const inside = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1] ?? text;
  if (tree === undefined || !isList || inside.trim() === "") return undefined;
  const entries = lists.flatMap((node) => tree.children(node, "0"));
  const isPlain = entries
    .flatMap((node) => tree.alternatives(node))
    .every(({ type }) => type !== "array" && type !== "object");
  if (!isPlain) return undefined;
  return inside.split(",").map((entry) => readValue(tree, entries, entry.trim()));
}

/** Whether JSON of this kind may stand in a place; its size and the like are for the schema's parser. */
function mayHold(node: SchemaNode, value: unknown): boolean {
  if (node.enum !== undefined) return node.enum.includes(value);
  if (node.const !== undefined) return node.const === value;
  switch (node.type) {
    case undefined:
      return true;
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return typeof value === "number";
    default:
      return typeof value === node.type;
  }
}

async function requirePath(tree: SchemaTree, path: readonly string[]): Promise<void> {
  let nodes = [tree.root];
  for (const name of path) {
    nodes = nodes.flatMap((node) => tree.children(node, name));
    if (nodes.length === 0) throw await unknownPath(tree, path.join("."));
  }
}

async function unknownPath(tree: SchemaTree, given: string): Promise<UsageError> {
  const allowed = listPaths(tree);
  const hint = (await didYouMean(given, allowed)) || (await sameEnding(given, allowed));
  const list =
    allowed.length === 0 ? "This experiment has nothing to set." : `Paths are ${allowed.join(", ")}.`;
  return new UsageError("CONFIG", `--set: the config has no ${JSON.stringify(given)}.${hint} ${list}`, {
    given,
    allowed,
  });
}

/** For `lr` where only `task.inner.lr` exists: compares last names, for a whole path may be far in letters. */
async function sameEnding(given: string, allowed: readonly string[]): Promise<string> {
  const lastName = (path: string): string => path.split(".").at(-1)!;
  const { nearest } = await import("unspool");
  const near = nearest(lastName(given), allowed.map(lastName));
  const path = allowed.find((candidate) => lastName(candidate) === near);
  return path === undefined ? "" : ` Did you mean ${path}?`;
}
