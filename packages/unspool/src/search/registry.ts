/**
 * The searches by name: one entry each feeds the command line, the docs and the conformance suite. An entry takes from a
 * common set of options those that mean something to it, so that a search can be a config value.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import { cmaEs, mostFullNumbers } from "./cmaEs.ts";
import { openaiEs } from "./openaiEs.ts";
import type { SigmaOptions } from "./options.ts";
import { randomSearch } from "./randomSearch.ts";
import type { Search } from "./search.ts";
import type { SearchTraits } from "./traits.ts";

/** Options that a search may be given by whoever knows it by name only; each takes its own. */
export interface CommonSearchOptions extends SigmaOptions {
  /** Candidates per step. */
  population?: number;
}

export interface SearchEntry extends SearchTraits {
  readonly name: SearchName;
  /** What else it is called. */
  readonly aliases?: readonly string[];
  /** One line for lists. */
  readonly summary: string;
  readonly options: readonly (keyof CommonSearchOptions)[];
  create<Theta>(options: CommonSearchOptions): Search<Theta>;
}

const common = ["sigma", "population", "box"] as const;

// prettier-ignore
const registered: Registry<SearchEntry> = registry("createSearch", [
  { name: "cmaEs", aliases: ["cma"], summary: "a normal distribution whose full covariance follows the better candidates",
    kind: "distribution", bounds: "transform", incumbent: "mean", isRankBased: true, largestTheta: mostFullNumbers, options: common, create: cmaEs },
  { name: "openaiEs", summary: "mirrored perturbations, centred ranks, Adam",
    kind: "distribution", bounds: "transform", incumbent: "mean", isRankBased: true, isMirrored: true, options: common, create: openaiEs },
  { name: "randomSearch", aliases: ["random"], summary: "candidates that know nothing of each other",
    kind: "none", bounds: "inside", incumbent: "best", isRankBased: true, options: common, create: randomSearch },
], { ignoresCase: true });

export const searches: readonly SearchEntry[] = registered.entries;

export type SearchName = "cmaEs" | "openaiEs" | "randomSearch";

/** Names of all searches. */
export const searchNames: readonly SearchName[] = registered.names;

/** What else they are called. */
export const searchAliases: Readonly<Record<string, SearchName>> = registered.aliases;

/** The entry of a name or alias; case does not matter. */
export function searchEntry(name: string): SearchEntry {
  return registered.entry(name);
}

/** The same; undefined where there is none. */
export function findSearch(name: string): SearchEntry | undefined {
  return registered.find(name);
}

/**
 * A search by name. Options that it does not know are left out, so one set of options can serve a comparison; those that are
 * undefined take its defaults. An odd population is made even where candidates are mirrored.
 */
export function createSearch<Theta>(name: string, options: CommonSearchOptions = {}): Search<Theta> {
  requireKnownOptions("createSearch", options, common);
  const entry = searchEntry(name);
  const { population } = options;
  const even =
    entry.isMirrored === true && Number.isInteger(population)
      ? { population: population! + (population! % 2) }
      : {};
  const given = { ...options, ...even };
  const known = entry.options.flatMap((option) =>
    given[option] === undefined ? [] : [[option, given[option]]],
  );
  return entry.create(Object.fromEntries(known) as CommonSearchOptions);
}
