/**
 * The fields of a sweep as numbers of a search, each from 0 to 1, and a candidate of it as values for the fields.
 *
 *     uniform   low + (high - low) u           int      low + floor((high - low + 1) u)
 *     log       low (high / low)^u             choice   the one whose number is the greatest, of one number for each value
 *
 * A choice is one-hot for searches that know numbers only; one that takes categories has a single number for it, the place of
 * the value (`SearchTraits.takesCategories`).
 */
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";

/** What a field of a sweep is searched in. */
export type SearchField =
  | { readonly kind: "log" | "uniform" | "int"; readonly low: number; readonly high: number }
  | { readonly kind: "choice"; readonly values: readonly string[] };

export interface SearchSpace {
  /** For each number of a candidate how many categories it counts; 0 of one from 0 to 1. */
  readonly categories: readonly number[];
  /** The middle of all ranges, and of choices the first value. */
  readonly start: readonly number[];
  /** The values of the fields at a candidate, as `--set` takes them. */
  valuesAt(candidate: ArrayLike<number>): string[];
}

/** Digits of a number that is tried: what the command of the best setting has to say. */
const digits = 4;

/** The text of the value at `u` from 0 to 1 of a range. */
export function valueInRange({ kind, low, high }: Extract<SearchField, { low: number }>, u: number): string {
  if (kind === "int") return String(low + Math.min(high - low, Math.floor((high - low + 1) * u)));
  const value = kind === "log" ? low * (high / low) ** u : low + u * (high - low);
  return String(Math.min(high, Math.max(low, Number(value.toPrecision(digits)))));
}

/** The space of the fields, for a search that takes categories or one that does not. */
export function searchSpace(fields: readonly SearchField[], takesCategories: boolean): SearchSpace {
  const widths = fields.map((field) =>
    field.kind === "choice" && !takesCategories ? field.values.length : 1,
  );
  const offsets = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const isPlace = (field: SearchField): field is Extract<SearchField, { kind: "choice" }> =>
    field.kind === "choice" && takesCategories;
  return {
    categories: fields.flatMap((field, i) =>
      isPlace(field) ? [field.values.length] : Array<number>(widths[i]!).fill(0),
    ),
    start: fields.flatMap((field, i) => Array<number>(widths[i]!).fill(isPlace(field) ? 0 : 0.5)),
    valuesAt: (candidate) =>
      fields.map((field, i) => {
        const own = Array.from({ length: widths[i]! }, (_, j) => candidate[offsets[i]! + j]!);
        if (field.kind !== "choice") return valueInRange(field, own[0]!);
        return field.values[isPlace(field) ? own[0]! : greatest(own)]!;
      }),
  };
}

/** The place of the greatest, the first of equal ones. */
const greatest = (numbers: readonly number[]): number =>
  numbers.reduce((best, value, i) => (value > numbers[best]! ? i : best), 0);

/** The fields of a plan that may come out of a folder. Throws `OptionError` that names what is wrong. */
export function checkedFields(where: string, given: unknown, count: number): readonly SearchField[] {
  if (!Array.isArray(given) || given.length !== count || count === 0)
    throw new OptionError(where, "space", given, `a list of ${Math.max(1, count)}, one for each field`);
  given.forEach((field: SearchField, i) => requireField(`${where}, space[${i}]`, field));
  return given as SearchField[];
}

function requireField(where: string, field: SearchField): void {
  requireKnownOptions<{ kind?: unknown; low?: unknown; high?: unknown; values?: unknown }>(where, field, [
    ...(["kind", "low", "high", "values"] as const),
  ]);
  requireOneOf(where, "kind", field.kind, ["log", "uniform", "int", "choice"]);
  if (field.kind === "choice") {
    const { values } = field;
    const isList = Array.isArray(values) && values.every((value: unknown) => typeof value === "string");
    if (!isList || new Set(values).size !== values.length || values.length < 2)
      throw new OptionError(where, "values", values, "two or more different texts");
    return;
  }
  const { kind, low, high } = field;
  const isRange = Number.isFinite(low) && Number.isFinite(high) && low < high && (kind !== "log" || low > 0);
  const isRight = isRange && (kind !== "int" || (Number.isSafeInteger(low) && Number.isSafeInteger(high)));
  if (!isRight)
    throw new OptionError(where, "low and high", [low, high], "numbers of its kind, the smaller one first");
}
