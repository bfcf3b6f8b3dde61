/** Runs an experiment's schema over a config and turns its complaints into one line per path. */
import { UsageError } from "../failure.ts";
import { type SchemaNode, type SchemaTree, describeNodes, schemaTree } from "./schemaTree.ts";

/** What is read of a validation issue; zod 4 writes this, and other libraries a part of it. */
interface Issue {
  path?: readonly unknown[];
  message: string;
  code?: string;
  values?: readonly unknown[];
  keys?: readonly string[];
}

/** The parsed config. Throws `UsageError` that names every wrong path, what was given and what is allowed. */
export async function parseConfig(
  schema: { parse(value: unknown): unknown },
  input: unknown,
): Promise<unknown> {
  try {
    return schema.parse(input);
  } catch (error) {
    const issues = (error as { issues?: readonly Issue[] }).issues;
    if (!Array.isArray(issues)) {
      throw new UsageError(
        "CONFIG",
        `config: ${error instanceof Error ? error.message : String(error)}`,
        {},
        { cause: error },
      );
    }
    const tree = schemaTree(schema);
    const told = await Promise.all(issues.map((issue: Issue) => tellIssue(tree, issue, input)));
    const lines = told.map(({ text }) => text);
    throw new UsageError(
      "CONFIG",
      lines.join("\n"),
      { issues: told.map(({ details }) => details) },
      { cause: error },
    );
  }
}

async function tellIssue(
  tree: SchemaTree | undefined,
  issue: Issue,
  input: unknown,
): Promise<{ text: string; details: Record<string, unknown> }> {
  const { show, nearest } = await import("unspool");
  const names = (issue.path ?? []).map(String);
  const path = names.join(".") || "config";
  const given = valueAt(input, names);
  const nodes = tree === undefined ? [] : nodesAt(tree, names);
  const isBound = issue.code === "too_small" || issue.code === "too_big";
  const isPlain =
    ["invalid_type", "invalid_value", "invalid_union"].includes(issue.code ?? "") ||
    (isBound && typeof given === "number");
  const allowed = tree !== undefined && nodes.length > 0 && isPlain ? describeNodes(tree, nodes) : "";
  const near =
    typeof given === "string" && Array.isArray(issue.values)
      ? nearest(given, issue.values.map(String))
      : undefined;
  const problem = allowed === "" ? issue.message : `must be ${allowed}`;
  const got = given === undefined ? "it is missing" : `got ${show(given)}`;
  const text = `${path}: ${problem}, ${got}.${near === undefined ? "" : ` Did you mean ${near}?`}`;
  return {
    text,
    details: { path, given: given ?? null, message: issue.message, ...(allowed && { allowed }) },
  };
}

function nodesAt(tree: SchemaTree, names: readonly string[]): SchemaNode[] {
  return names.reduce<SchemaNode[]>(
    (nodes, name) => nodes.flatMap((node) => tree.children(node, name)),
    [tree.root],
  );
}

function valueAt(input: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined,
    input,
  );
}
