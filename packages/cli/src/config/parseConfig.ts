/** Runs an experiment's schema over a config and turns its complaints into one line per path. */
import { nearest, show } from "unspool";
import { type Schema, called, describeThrown } from "unspool/train";
import { isThenable } from "unspool/unroll";
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

/**
 * A schema that parses as another one does, and whose complaints are those of `parseConfig`. What parses with it (a run, or
 * one that goes on) has them told well, and nothing has to be parsed beforehand.
 */
export function tellingSchema(schema: Schema<unknown>): Schema<unknown> {
  return { parse: (input) => parseConfig(schema, input) };
}

/** The parsed config. Throws `UsageError` that names every wrong path, what was given and what is allowed. */
export function parseConfig(schema: Schema<unknown>, input: unknown): unknown {
  let parsed: unknown;
  try {
    parsed = schema.parse(input);
  } catch (error) {
    const told = toldIssues(schema, error, input);
    throw new UsageError(
      "CONFIG",
      told === undefined || told.length === 0
        ? `config: ${describeThrown(error).message}`
        : told.map(({ text }) => text).join("\n"),
      told === undefined ? {} : { issues: told.map(({ details }) => details) },
      { cause: error },
    );
  }
  const isPromise = called("config", "what parse returned", "setup", () => isThenable(parsed));
  if (!isPromise) return parsed;
  void Promise.resolve(parsed).catch(() => {});
  throw new UsageError(
    "CONFIG",
    "config: its parse is async: it returned a promise. Parse at once, and load data in setup, which may be async.",
  );
}

interface ToldIssue {
  text: string;
  details: Record<string, unknown>;
}

/** Undefined for an error that is no list of issues, or one of which something cannot be read. */
function toldIssues(schema: unknown, error: unknown, input: unknown): ToldIssue[] | undefined {
  try {
    const { issues } = error as { issues?: readonly Issue[] };
    if (!Array.isArray(issues)) return undefined;
    const tree = schemaTree(schema);
    return issues.map((issue: Issue) => toldIssue(tree, issue, input));
  } catch {
    return undefined;
  }
}

function toldIssue(tree: SchemaTree | undefined, issue: Issue, input: unknown): ToldIssue {
  const names = (issue.path ?? []).map(String);
  const path = names.join(".") || "config";
  const given = valueAt(input, names);
  const nodes = tree === undefined ? [] : nodesAt(tree, names);
  const isBound = issue.code === "too_small" || issue.code === "too_big";
  // Words of the schema's author say more than what it may hold.
  const isOwn = !/^(?:Invalid|Too) /.test(issue.message);
  const isPlain =
    !isOwn &&
    (["invalid_type", "invalid_value", "invalid_union"].includes(issue.code ?? "") ||
      (isBound && typeof given === "number"));
  const allowed = tree !== undefined && nodes.length > 0 && isPlain ? describeNodes(tree, nodes) : "";
  const near =
    typeof given === "string" && Array.isArray(issue.values) && !isOwn
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
