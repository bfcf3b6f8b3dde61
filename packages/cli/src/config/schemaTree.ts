/**
 * A config schema seen as a tree of paths. Zod schemas become JSON Schema (input side) once; what is asked of it is
 * which paths exist, what a path may hold, and which defaults stand on the way to it.
 */
import { z } from "zod";

/** The part of JSON Schema that `z.toJSONSchema` writes and that is read here. */
export interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode | boolean;
  prefixItems?: SchemaNode[];
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  allOf?: SchemaNode[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  $ref?: string;
  $defs?: Record<string, SchemaNode>;
}

export interface SchemaTree {
  root: SchemaNode;
  /** Alternatives of a node: itself, or the members of its unions, with references followed. */
  alternatives(node: SchemaNode): SchemaNode[];
  /** The nodes that may stand under `name` in `node`; empty where there is no such place. */
  children(node: SchemaNode, name: string): SchemaNode[];
}

/** The tree of a zod schema, or undefined for a schema of another kind, whose paths cannot be known beforehand. */
export function schemaTree(schema: unknown): SchemaTree | undefined {
  const root = rootOf(schema);
  if (root === undefined) return undefined;
  const resolve = (node: SchemaNode): SchemaNode => {
    // What is a string or null is written with a list of types.
    if (Array.isArray(node.type)) {
      const { type: types, ...rest } = node;
      return { ...rest, anyOf: (types as string[]).map((type) => ({ type })) };
    }
    if (node.$ref === undefined) return node;
    const name = node.$ref.split("/").at(-1)!;
    const target = node.$ref === "#" ? root : (root.$defs?.[name] ?? {});
    return { ...target, ...(node.default === undefined ? {} : { default: node.default }) };
  };
  const alternatives = (node: SchemaNode): SchemaNode[] => {
    const resolved = resolve(node);
    const members = [...(resolved.anyOf ?? []), ...(resolved.oneOf ?? []), ...(resolved.allOf ?? [])];
    const own = members.length === 0 || resolved.properties !== undefined ? [resolved] : [];
    return [...own, ...members.flatMap(alternatives)];
  };
  const children = (node: SchemaNode, name: string): SchemaNode[] =>
    alternatives(node).flatMap((alternative) => childOf(alternative, name) ?? []);
  return { root, alternatives, children };
}

function childOf(node: SchemaNode, name: string): SchemaNode | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, name)) return node.properties[name];
  if (node.type === "array" && /^\d+$/.test(name)) {
    const fixed = node.prefixItems?.[Number(name)];
    return fixed ?? (typeof node.items === "object" ? node.items : undefined);
  }
  if (typeof node.additionalProperties === "object") return node.additionalProperties;
  return isOpen(node) ? {} : undefined;
}

/** True where nothing is known about what a node may hold, such as `z.any()`. */
function isOpen(node: SchemaNode): boolean {
  const says: (keyof SchemaNode)[] = ["type", "enum", "const", "anyOf", "oneOf", "allOf"];
  return node.additionalProperties === true || says.every((key) => node[key] === undefined);
}

/** All paths that can be set, in the order of the schema: `task.lr`, `layers.N`, `weights.NAME`. */
export function listPaths(tree: SchemaTree): string[] {
  const found = new Set<string>();
  const visit = (node: SchemaNode, path: string[]): void => {
    if (path.length > 0) found.add(path.join("."));
    if (path.length > 6) return;
    for (const alternative of tree.alternatives(node)) {
      for (const [name, child] of Object.entries(alternative.properties ?? {})) visit(child, [...path, name]);
      const { items, prefixItems, additionalProperties } = alternative;
      if (typeof items === "object" || prefixItems !== undefined) found.add([...path, "N"].join("."));
      if (typeof additionalProperties === "object") found.add([...path, "NAME"].join("."));
    }
  };
  visit(tree.root, []);
  return [...found];
}

/** What a place may hold, in words: `one of "pes", "tbptt"`, `an integer of at least 1`. */
export function describeNodes(tree: SchemaTree, nodes: readonly SchemaNode[]): string {
  const all = nodes.flatMap((node) => tree.alternatives(node));
  const fixed = all.flatMap(
    ({ enum: values, const: value }) => values ?? (value === undefined ? [] : [value]),
  );
  const others = all.filter((node) => node.enum === undefined && node.const === undefined).map(describeNode);
  const listed =
    fixed.length === 0
      ? []
      : [`${fixed.length > 1 ? "one of " : ""}${fixed.map((value) => JSON.stringify(value)).join(", ")}`];
  return [...new Set([...listed, ...others])].join(" or ") || "anything";
}

function describeNode(node: SchemaNode): string {
  const bounds = [
    node.exclusiveMinimum !== undefined && `above ${node.exclusiveMinimum}`,
    node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER && `of at least ${node.minimum}`,
    node.exclusiveMaximum !== undefined && `below ${node.exclusiveMaximum}`,
    node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER && `of at most ${node.maximum}`,
  ].filter((bound) => bound !== false);
  const noun = nouns[node.type ?? ""] ?? "anything";
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(" and ")}`;
}

const nouns: Record<string, string> = {
  integer: "an integer",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  array: "a list",
  object: "a record",
  null: "null",
};

/** Undefined where the schema is not zod's, or is made so that zod itself cannot describe it. */
function rootOf(schema: unknown): SchemaNode | undefined {
  try {
    if (!isZod(schema)) return undefined;
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as SchemaNode;
  } catch {
    return undefined;
  }
}

function isZod(schema: unknown): schema is z.ZodType {
  return typeof schema === "object" && schema !== null && "_zod" in schema;
}
