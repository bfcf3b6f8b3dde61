/**
 * What a `--set` of a sweep offers: values with commas between them, or a range that values are drawn from. Commas in
 * brackets, braces and quotes belong to a value, so that a list is one: `layers=[32,16],[64]`.
 */
import { random, randomStream } from "unspool/array";
import { valueInRange } from "unspool/train";
import type { SchemaTree } from "../config/schemaTree.ts";
import { type Setter, applySetters, parseSetter } from "../config/setters.ts";
import { UsageError } from "../failure.ts";

/** A range of numbers. */
export interface Range {
  kind: "log" | "uniform" | "int";
  low: number;
  high: number;
}

export interface Choices {
  path: string[];
  /** As it stands in `--set`. */
  name: string;
  /** As `--set` takes them; a single one is no choice. Empty where they are drawn. */
  values: readonly string[];
  range?: Range;
}

/** Reads what was given to `--set`. Throws `UsageError` for what is none, and for a path that is given twice. */
export async function parseChoices(
  tree: SchemaTree | undefined,
  given: readonly string[],
): Promise<Choices[]> {
  const setters = given.map(parseSetter);
  const twice = setters.find(
    ({ path }, i) => setters.findIndex((one) => nameOf(one) === path.join(".")) !== i,
  );
  if (twice !== undefined) {
    const name = nameOf(twice);
    throw wrong(twice, "is given twice", `Write all its values in one: --set ${name}=A,B,C.`);
  }
  const parts = setters.map((setter) => ({ setter, values: splitValues(setter) }));
  const alone = parts.filter(({ values }) => values.length === 1 && rangeOf(values[0]!) === undefined);
  return Promise.all(
    parts.map(async ({ setter, values }) => {
      const { path } = setter;
      const name = nameOf(setter);
      const range = values.map(rangeOf).find((one) => one !== undefined);
      if (range !== undefined) {
        requireRange(setter, range, values.length);
        // The path is one of the config.
        await applySetters(tree, [{ path, text: String(range.high) }]);
        return { path, name, values: [], range };
      }
      requireBrackets(tree, setter, values);
      const others = alone.filter((one) => one.setter !== setter).map((one) => one.setter);
      const read = await Promise.all(
        values.map(async (text) => valueAt(await applySetters(tree, [...others, { path, text }]), path)),
      );
      const told = read.map((value) => `${typeof value} ${JSON.stringify(value)} ${String(value)}`);
      const again = told.findIndex((text, i) => told.indexOf(text) !== i);
      if (again >= 0) throw wrong(setter, `has ${values[again]} twice`, "Give each value once.");
      // 1e-2 and 0.010 are one value, and have one name.
      return {
        path,
        name,
        values: read.map((value, i) => (typeof value === "number" ? String(value) : values[i]!)),
      };
    }),
  );
}

/** A value of the choices in one trial. The same for any number of trials, and whatever else is drawn. */
export function drawValue({ name, values, range }: Choices, seed: number, trial: number): string {
  const key = random.foldIn(random.foldIn(random.key(seed), name), trial);
  const stream = randomStream(key.data);
  if (range === undefined) return values[stream.integer(values.length)]!;
  const { kind, low, high } = range;
  if (kind === "int") return String(low + stream.integer(high - low + 1));
  return valueInRange(range, stream.uniform());
}

const nameOf = ({ path }: Setter): string => path.join(".");

const wrong = (setter: Setter, problem: string, next: string): UsageError =>
  new UsageError(
    "USAGE",
    `unspool sweep: --set ${nameOf(setter)} ${problem}, got ${JSON.stringify(setter.text)}. ${next}`,
    {
      path: nameOf(setter),
      given: setter.text,
    },
  );

/** The parts between commas that stand in no bracket and no quotes. */
function splitValues(setter: Setter): string[] {
  const parts: string[] = [];
  let [start, depth, isQuoted] = [0, 0, false];
  const { text } = setter;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (isQuoted && letter === "\\") i++;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if ("[{(".includes(letter)) depth++;
    else if ("]})".includes(letter)) depth--;
    else if (letter === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  if (isQuoted || depth !== 0)
    throw wrong(setter, "has a bracket or quotes that are not closed", "Close them.");
  const trimmed = parts.map((part) => part.trim());
  if (trimmed.includes("")) {
    const problem = trimmed.length === 1 ? "has no value" : "has an empty value";
    throw wrong(setter, problem, 'Write values with commas between them: A,B,C; an empty text is "".');
  }
  return trimmed;
}

function rangeOf(text: string): Range | undefined {
  const [, kind, low, high] = /^(log|uniform|int)\(([^,()]*),([^,()]*)\)$/.exec(text) ?? [];
  const numberOf = (word: string): number => (word.trim() === "" ? Number.NaN : Number(word));
  return kind === undefined
    ? undefined
    : { kind: kind as Range["kind"], low: numberOf(low!), high: numberOf(high!) };
}

function requireRange(setter: Setter, { kind, low, high }: Range, parts: number): void {
  if (parts > 1) throw wrong(setter, "has values beside a range", "Give a range alone, or values alone.");
  const isRight =
    Number.isFinite(low) &&
    Number.isFinite(high) &&
    low < high &&
    (kind !== "log" || low > 0) &&
    (kind !== "int" || (Number.isSafeInteger(low) && Number.isSafeInteger(high)));
  if (isRight) return;
  const needs = { log: "two numbers above 0", uniform: "two numbers", int: "two integers" }[kind];
  throw wrong(
    setter,
    `needs ${needs} in ${kind}(LEAST,GREATEST), the smaller one first`,
    "Such as log(1e-4,1), uniform(0,1) or int(1,8).",
  );
}

/** Where a list stands, `32,16` is one for `run`: here it has to be said whether it is one value or two. */
function requireBrackets(tree: SchemaTree | undefined, setter: Setter, values: readonly string[]): void {
  if (tree === undefined || values.length === 1) return;
  const nodes = setter.path.reduce(
    (all, name) => all.flatMap((node) => tree.children(node, name)),
    [tree.root],
  );
  const types = nodes.flatMap((node) => tree.alternatives(node)).map(({ type }) => type);
  const isList = types.includes("array") && types.every((type) => type === "array" || type === "null");
  if (!isList || values.every((value) => value.startsWith("[") || value === "null")) return;
  const name = nameOf(setter);
  throw wrong(
    setter,
    "is a list, and a comma parts values here",
    `Write lists in brackets: ${name}=[${values.join(",")}] is one value, ${name}=${values.map((value) => `[${value}]`).join(",")} are ${values.length}.`,
  );
}

const valueAt = (config: object, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], config);
