/** What trial runs must know of a way to train, by its name: an estimator with the setup's optimizer, or a search. */
import { OptionError, nearest } from "../errors.ts";
import {
  type ComparedEstimator,
  type EstimatorEntry,
  type EstimatorOptions,
  estimatorAliases,
  estimatorEntry,
  estimatorNames,
} from "../estimators/index.ts";
import { type SearchEntry, findSearch, searchAliases, searchNames } from "../search/index.ts";

export interface Contender {
  /** Not an alias. */
  readonly name: string;
  /** As of an estimator's traits, or "search": losses of whole trajectories, and no optimizer. */
  readonly kind: EstimatorEntry["kind"] | "search";
  /** A step takes whole trajectories. */
  readonly isWhole: boolean;
  /** Where several do equally well the one with the least is recommended; Infinity for those that are tried only if named. */
  readonly preference: number;
  /** Those of the problem's options that mean something to it. */
  readonly options: readonly (keyof EstimatorOptions)[];
  /** Absent for a search. */
  readonly estimator?: ComparedEstimator;
  readonly search?: SearchEntry;
}

/** A search has two candidates for each pair, and averages their losses over `tasks`. */
const optionsOfSearch = ["sigma", "pairs", "tasks", "objective"] as const;

const ofEstimators: readonly string[] = [...estimatorNames, ...Object.keys(estimatorAliases)];
const ofSearches: readonly string[] = [...searchNames, ...Object.keys(searchAliases)];

/** The search or the estimator of a name or alias. Throws `OptionError`, which suggests the nearest, where there is neither. */
export function contenderOf(name: string, where = "contenderOf"): Contender {
  const search = findSearch(name);
  if (search !== undefined) return ofSearch(search);
  if (!ofEstimators.some((one) => one.toLowerCase() === name.toLowerCase())) {
    const near = nearest(name, [...ofEstimators, ...ofSearches]);
    const allowed = `an estimator (${estimatorNames.join(", ")}) or a search (${searchNames.join(", ")})`;
    const hint = near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
    throw new OptionError(where, "name", name, allowed, hint);
  }
  const estimator = estimatorEntry(name);
  const { kind, isWhole, preference = Infinity, options } = estimator;
  return { name: estimator.name, kind, isWhole, preference, options, estimator };
}

/** An estimator of one problem alone: it is tried only if named. */
export function ofOther(estimator: ComparedEstimator): Contender {
  const { name, kind, isWhole, options } = estimator;
  return { name, kind, isWhole, preference: Infinity, options, estimator };
}

function ofSearch(search: SearchEntry): Contender {
  const { name, preference = Infinity } = search;
  return { name, kind: "search", isWhole: true, preference, options: optionsOfSearch, search };
}
