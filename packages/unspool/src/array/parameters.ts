/**
 * What a function of this room may be given: as text, `"x, axis, {keepdims}"`, read once. A call is brought into that
 * form: a record names parameters from its place on, so that `np.median(x, { axis: 0 })` and `np.tri(2, 2, { k: 1 })` mean
 * what they say, and what no parameter reads is refused, because ignoring it would give another result than was written.
 */
import { OptionError, ShapeError, nearest, requireOneOf, show } from "../errors.ts";
import { dtypes } from "./dtype.ts";
import { isPlainObject } from "./lift.ts";

export interface Parameters {
  /** By place. */
  names: readonly string[];
  /** Places of trees: a record there is a value (`carry*` in the text). */
  trees: ReadonlySet<number>;
  /** Any number of values may follow (`...operands`). */
  isOpenEnded: boolean;
  /** Names in the record at the end. */
  options: readonly string[];
  /** Options that may also be given in their order behind the parameters (`+ord`), where NumPy or JAX has them there. */
  inPlace: readonly string[];
}

/** Reads the text of a function's parameters. */
export function readParameters(text: string): Parameters {
  const [places = "", record = ""] = text.split("{");
  const parts = places.split(",").flatMap((part) => part.trim() || []);
  const options = record.replace("}", "").split(/\s+/).filter(Boolean);
  const named = parts.filter((part) => !part.startsWith("..."));
  return {
    names: named.map((part) => part.replace("*", "")),
    trees: new Set(named.flatMap((part, i) => (part.endsWith("*") ? [i] : []))),
    isOpenEnded: named.length < parts.length,
    options: options.map((name) => name.replace("+", "")),
    inPlace: options.filter((name) => name.startsWith("+")).map((name) => name.slice(1)),
  };
}

/** `args` in their places, with one record of options behind them; `first` is the first place where a record names. */
export function placed(
  where: string,
  args: readonly unknown[],
  parameters: Parameters,
  first: number,
  hint?: string,
): readonly unknown[] {
  const { names, trees, isOpenEnded, options } = parameters;
  if (names.length === 1 && isVisit(args)) return args.slice(0, 1);
  const isNaming = (arg: unknown, i: number) =>
    i >= first && !trees.has(i) && !(isOpenEnded && i >= names.length) && isPlainObject(arg);
  const at = args.findIndex(isNaming);
  if (at === -1 && (isOpenEnded || args.length <= names.length)) return withDType(where, args, names);
  const given = at === -1 ? args : args.slice(0, at);
  const record = at === -1 ? {} : (args[at] as Record<string, unknown>);
  if (at !== -1 && args.slice(at + 1).some((arg) => arg !== undefined))
    throw surplus(where, args, parameters, hint);
  const chosen: Record<string, unknown> = {};
  for (const [i, value] of given.slice(names.length).entries()) {
    const name = parameters.inPlace[i];
    if (value === undefined || (value === null && name !== undefined)) continue;
    const fits = name !== undefined && (name !== "dtype" || typeof value === "string");
    if (!fits && (value !== null || options.length === 0)) throw surplus(where, args, parameters, hint);
    if (fits) chosen[name] = value;
  }
  const allowed = [...names.slice(at === -1 ? names.length : at), ...options].filter(
    (name) => !(name in chosen),
  );
  if (at !== -1 && allowed.length === 0) throw surplus(where, args, parameters, hint);
  const result = given.slice(0, names.length);
  for (const [name, value] of Object.entries(record)) {
    if (!allowed.includes(name)) throw unknownName(where, name, allowed, hint);
    const place = names.indexOf(name);
    if (place === -1) chosen[name] = value;
    else result[place] = value;
  }
  const plain = withDType(where, Array.from(result), names);
  if (Object.keys(chosen).length === 0) return plain;
  const { dtype } = chosen;
  if (dtype !== undefined && dtype !== null) requireOneOf(where, "dtype", dtype, dtypes);
  return [...plain, ...Array.from({ length: names.length - plain.length }, () => undefined), chosen];
}

/** `xs.map(nn.relu)`: JavaScript hands on an element, its place and the array. */
const isVisit = ([element, place, all]: readonly unknown[]): boolean =>
  typeof place === "number" && Array.isArray(all) && all[place] === element;

/** A dtype in its own place is one that there is. */
function withDType(where: string, args: readonly unknown[], names: readonly string[]): readonly unknown[] {
  const dtype = args[names.indexOf("dtype")];
  if (dtype !== undefined) requireOneOf(where, "dtype", dtype, dtypes);
  return args;
}

function surplus(where: string, args: readonly unknown[], parameters: Parameters, hint?: string): ShapeError {
  const { names, options, inPlace } = parameters;
  const most = names.length + Math.max(inPlace.length, Math.min(options.length, 1));
  const behind = args.slice(names.length).map(show).join(", ");
  const record = options.length === 0 ? [] : [`{ ${options.join(", ")} }`];
  const form = `${where}(${[...names, ...record].join(", ")})`;
  const problem =
    args.length > most
      ? `takes at most ${most} arguments, got ${args.length}: ${args.map(show).join(", ")}`
      : `takes ${options.length === 0 ? "nothing" : "a record of options"} behind ${names.join(", ")}, got ${behind}`;
  return new ShapeError(where, `${problem}. Write ${form}.${hint === undefined ? "" : ` ${hint}`}`);
}

function unknownName(where: string, name: string, allowed: readonly string[], hint?: string): OptionError {
  const isPart = (one: string): boolean =>
    name.length > 2 && one.toLowerCase().startsWith(name.toLowerCase());
  const near = nearest(name, allowed) ?? allowed.find(isPart);
  return new OptionError(
    where,
    "the name of an option",
    name,
    `one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`,
    near === undefined ? hint : `Did you mean ${JSON.stringify(near)}?`,
  );
}
