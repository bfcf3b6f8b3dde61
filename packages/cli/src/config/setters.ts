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
  return { path, text: given.slice(at + 1) };
}

/**
 * The input for the schema's parser: an empty config with the setters laid over it, later ones over earlier ones.
 * Where a setter reaches into a record or list that has a default, the rest of that default stays.
 */
export async function applySetters(
  tree: SchemaTree | undefined,
  setters: readonly Setter[],
): Promise<unknown> {
  const config: Record<string, unknown> = {};
  for (const { path, text } of setters) {
    if (tree !== undefined) await requirePath(tree, path);
    let nodes = tree === undefined ? [] : [tree.root];
    let target: Record<string, unknown> = config;
    for (const [depth, name] of path.entries()) {
      const parents = nodes;
      nodes = parents.flatMap((node) => tree?.children(node, name) ?? []);
      if (depth === path.length - 1) target[name] = readValue(tree, nodes, text);
      else target = descend(target, name, nodes, path[depth + 1]!);
    }
  }
  return config;
}

/** The record or list at `name`, made from its default where it is not there yet. */
function descend(
  target: Record<string, unknown>,
  name: string,
  nodes: readonly SchemaNode[],
  next: string,
): Record<string, unknown> {
  if (typeof target[name] !== "object" || target[name] === null) {
    const fallback = nodes.find((node) => typeof node.default === "object" && node.default !== null)?.default;
    const isList = nodes.some(({ type }) => type === "array") || (nodes.length === 0 && /^\d+$/.test(next));
    target[name] = structuredClone(fallback) ?? (isList ? [] : {});
  }
  return target[name] as Record<string, unknown>;
}

/** JSON where it is JSON, else the text; text is kept where only text is allowed, and numbers may be `Infinity`. */
function readValue(tree: SchemaTree | undefined, nodes: readonly SchemaNode[], text: string): unknown {
  const alternatives = tree === undefined ? [] : nodes.flatMap((node) => tree.alternatives(node));
  const takes = (type: string): boolean => alternatives.some((node) => node.type === type);
  const isTextOnly = alternatives.length > 0 && alternatives.every(({ type }) => type === "string");
  if (isTextOnly && !/^".*"$/s.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const isNumber =
      (takes("number") || takes("integer")) && text.trim() !== "" && !Number.isNaN(Number(text));
    return isNumber ? Number(text) : text;
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
