/**
 * Things that are chosen by name. An entry has a name, perhaps aliases, a constructor, and all that others must know of
 * what it makes: whoever decides something about it asks the entry, so that a new one is known everywhere by its line.
 */
import { OptionError, nearest } from "./errors.ts";

export interface RegistryEntry {
  readonly name: string;
  /** What else it is called. Default: nothing. */
  readonly aliases?: readonly string[];
  /** One line for lists. */
  readonly summary: string;
  create(...given: never[]): unknown;
}

/** What its entries are made with, and what they make. */
type Given<Entry extends RegistryEntry> = Parameters<Entry["create"]>;
type Made<Entry extends RegistryEntry> = ReturnType<Entry["create"]>;

export interface Registry<Entry extends RegistryEntry> {
  /** In the order in which lists show them. */
  readonly entries: readonly Entry[];
  readonly names: readonly Entry["name"][];
  /** Names by alias. */
  readonly aliases: Readonly<Record<string, Entry["name"]>>;
  /** The entry of a name or alias, if there is one. */
  find(name: string): Entry | undefined;
  /** The same; throws `OptionError`, which suggests the nearest name, where there is none. */
  entry(name: string): Entry;
  /** What the entry of a name makes. Throws as `entry` does. */
  create(name: string, ...given: Given<Entry>): Made<Entry>;
}

export interface RegistryOptions {
  /** Upper and lower case are the same in names. Default false. */
  ignoresCase?: boolean;
  /** What to do with a name that is near to none: one sentence of an error. Default: nothing is said. */
  elsewhere?: string;
}

/** A registry; `where` is the function that errors about names speak of. No two entries share a name or alias. */
export function registry<Entry extends RegistryEntry>(
  where: string,
  entries: readonly Entry[],
  { ignoresCase = false, elsewhere }: RegistryOptions = {},
): Registry<Entry> {
  const spelt = (name: unknown): unknown =>
    ignoresCase && typeof name === "string" ? name.toLowerCase() : name;
  const byName = new Map<unknown, Entry>();
  for (const entry of entries) {
    for (const name of [entry.name, ...(entry.aliases ?? [])]) {
      if (byName.has(spelt(name)))
        throw new OptionError(where, "the name of an entry", name, "one that no other entry has");
      byName.set(spelt(name), entry);
    }
  }
  const names = entries.map(({ name }) => name);
  const aliases = Object.fromEntries(
    entries.flatMap((entry) => (entry.aliases ?? []).map((alias) => [alias, entry.name] as const)),
  );
  const find = (name: string): Entry | undefined => byName.get(spelt(name));
  const entry = (name: string): Entry => {
    const found = find(name);
    if (found !== undefined) return found;
    const near = typeof name === "string" ? nearest(name, [...names, ...Object.keys(aliases)]) : undefined;
    throw new OptionError(
      where,
      "name",
      name,
      `one of ${names.map((one) => JSON.stringify(one)).join(", ")}`,
      near === undefined ? elsewhere : `Did you mean ${JSON.stringify(near)}?`,
    );
  };
  return {
    entries,
    names,
    aliases,
    find,
    entry,
    // Every constructor of the registry takes what `Given` says.
    create: (name, ...given) => entry(name).create(...(given as never[])) as Made<Entry>,
  };
}
