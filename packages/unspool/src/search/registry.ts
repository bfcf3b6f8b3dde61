/**
 * The searches by name: one entry each feeds the command line, the docs and the conformance suite. An entry takes from a
 * common set of options those that mean something to it, so that a search can be a config value.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import { ars } from "./ars.ts";
import { bayesianOptimization, mostModelNumbers } from "./bayesianOptimization.ts";
import { bipopCmaEs } from "./bipopCmaEs.ts";
import { cmaEs, mostFullNumbers } from "./cmaEs.ts";
import { differentialEvolution } from "./differentialEvolution.ts";
import { ipopCmaEs } from "./ipopCmaEs.ts";
import { nelderMead } from "./nelderMead.ts";
import { openaiEs } from "./openaiEs.ts";
import { type SigmaOptions, requireCandidates } from "./options.ts";
import { particleSwarm } from "./particleSwarm.ts";
import { pgpe } from "./pgpe.ts";
import { quasiRandomSearch } from "./quasiRandomSearch.ts";
import { randomSearch } from "./randomSearch.ts";
import type { Search } from "./search.ts";
import { sepCmaEs } from "./sepCmaEs.ts";
import { simulatedAnnealing } from "./simulatedAnnealing.ts";
import { snes } from "./snes.ts";
import { tpe } from "./tpe.ts";
import type { SearchTraits } from "./traits.ts";
import { xnes } from "./xnes.ts";

/** Options that a search may be given by whoever knows it by name only; each takes its own. */
export interface CommonSearchOptions extends SigmaOptions {
  /** Candidates per step. */
  population?: number;
  /** Of each number of theta how many categories it counts, from 0 on; 0 of one that is no category. */
  categories?: readonly number[];
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

const gaussian = { kind: "distribution", bounds: "transform", incumbent: "mean", isRankBased: true } as const;
const members = { kind: "population", incumbent: "best", isRankBased: true } as const;

// prettier-ignore
const registered: Registry<SearchEntry> = registry("createSearch", [
  { name: "cmaEs", aliases: ["cma"], summary: "a normal distribution whose full covariance follows the better candidates",
    ...gaussian, largestTheta: mostFullNumbers, preference: 210, options: common, create: cmaEs },
  { name: "sepCmaEs", aliases: ["sepCma"], summary: "the same with a variance for each number",
    ...gaussian, preference: 220, options: common, create: sepCmaEs },
  { name: "ipopCmaEs", aliases: ["ipop"], summary: "CMA-ES that begins again with ever larger populations",
    ...gaussian, incumbent: "best", isRankBased: false, largestTheta: mostFullNumbers, options: common, create: ipopCmaEs },
  { name: "bipopCmaEs", aliases: ["bipop"], summary: "CMA-ES that begins again with large and with small populations",
    ...gaussian, incumbent: "best", isRankBased: false, largestTheta: mostFullNumbers, options: common, create: bipopCmaEs },
  { name: "xnes", summary: "natural gradient of a normal distribution, full covariance",
    ...gaussian, largestTheta: mostFullNumbers, options: common, create: xnes },
  { name: "snes", summary: "natural gradient of a normal distribution, a variance for each number",
    ...gaussian, options: common, create: snes },
  { name: "pgpe", summary: "mirrored perturbations whose sizes are learned, centred ranks, Adam",
    ...gaussian, isMirrored: true, preference: 230, options: common, create: pgpe },
  { name: "openaiEs", summary: "mirrored perturbations, centred ranks, Adam",
    ...gaussian, isMirrored: true, options: common, create: openaiEs },
  { name: "ars", summary: "mirrored perturbations, steps by the spread of the losses",
    ...gaussian, isRankBased: false, isMirrored: true, options: common, create: ars },
  { name: "differentialEvolution", aliases: ["de"], summary: "members challenged by differences of others",
    ...members, bounds: "clip", preference: 240, options: common, create: differentialEvolution },
  { name: "particleSwarm", aliases: ["pso"], summary: "particles drawn to the best points seen",
    ...members, bounds: "inside", options: common, create: particleSwarm },
  { name: "simulatedAnnealing", summary: "chains that also go uphill, ever less",
    kind: "points", bounds: "clip", incumbent: "best", options: common, create: simulatedAnnealing },
  { name: "nelderMead", aliases: ["simplex"], summary: "a simplex that reflects its worst point",
    kind: "points", bounds: "clip", incumbent: "best", isRankBased: true, isDeterministic: true, options: ["sigma", "box"], create: nelderMead },
  { name: "bayesianOptimization", aliases: ["bo", "gp"], summary: "a Gaussian process, and where it expects to improve most",
    kind: "model", bounds: "inside", incumbent: "best", largestTheta: mostModelNumbers, options: common, create: bayesianOptimization },
  { name: "tpe", aliases: ["parzen"], summary: "densities of the better candidates and of the others, and where their ratio is largest",
    kind: "model", bounds: "inside", incumbent: "best", isRankBased: true, takesCategories: true, options: [...common, "categories"], create: tpe },
  { name: "randomSearch", aliases: ["random"], summary: "candidates that know nothing of each other",
    kind: "none", bounds: "inside", incumbent: "best", isRankBased: true, options: common, create: randomSearch },
  { name: "quasiRandomSearch", aliases: ["halton"], summary: "candidates that fill the space evenly",
    kind: "none", bounds: "inside", incumbent: "best", isRankBased: true, isDeterministic: true, options: common, create: quasiRandomSearch },
], { ignoresCase: true });

export const searches: readonly SearchEntry[] = registered.entries;

export type SearchName =
  | "cmaEs"
  | "sepCmaEs"
  | "ipopCmaEs"
  | "bipopCmaEs"
  | "xnes"
  | "snes"
  | "pgpe"
  | "openaiEs"
  | "ars"
  | "differentialEvolution"
  | "particleSwarm"
  | "simulatedAnnealing"
  | "nelderMead"
  | "bayesianOptimization"
  | "tpe"
  | "randomSearch"
  | "quasiRandomSearch";

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
  requireKnownOptions("createSearch", options, [...common, "categories"]);
  const entry = searchEntry(name);
  const { population } = options;
  requireCandidates(`createSearch("${entry.name}")`, population, 1);
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
