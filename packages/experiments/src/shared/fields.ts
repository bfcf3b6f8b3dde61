/** Config fields that several experiments share, so that `--set estimator=…` means the same everywhere. */
import {
  type EstimatorAlias,
  type EstimatorName,
  type SearchName,
  estimatorAliases,
  estimatorNames,
  findSearch,
  searchAliases,
  searchNames,
} from "unspool";
import { z } from "zod";

type Name = EstimatorName | EstimatorAlias | SearchName;

export interface EstimatorFields {
  estimator: z.ZodDefault<z.ZodEnum<{ [N in Name]: N }>>;
  sigma: z.ZodDefault<z.ZodNumber>;
  pairs: z.ZodDefault<z.ZodInt>;
  truncation: z.ZodDefault<z.ZodInt>;
  tasks: z.ZodOptional<z.ZodInt>;
  nanPolicy: z.ZodDefault<z.ZodEnum<{ error: "error"; zero: "zero" }>>;
}

const ofEstimators = [...estimatorNames, ...Object.keys(estimatorAliases)] as Name[];
const ofSearches = [...searchNames, ...Object.keys(searchAliases)] as Name[];

/**
 * Which gradient estimator, with its window and perturbations. Estimators take from these what they know. `noSearch` says why a
 * search cannot stand in its place, where it cannot; elsewhere the config is one `withSearches`.
 */
export function estimatorFields(
  defaults: { sigma: number; pairs: number; truncation: number },
  estimator: EstimatorName = "pes",
  { noSearch }: { noSearch?: string } = {},
): EstimatorFields {
  return {
    estimator: z
      .enum(noSearch === undefined ? [...ofEstimators, ...ofSearches] : ofEstimators, {
        error: ({ input }) =>
          noSearch !== undefined && typeof input === "string" && findSearch(input) !== undefined
            ? `must be a gradient estimator (${estimatorNames.join(", ")}) and not a search, because ${noSearch}`
            : undefined,
      })
      .default(estimator)
      .describe(
        noSearch === undefined
          ? "gradient estimator with an optimizer, or a search of whole trajectories without one"
          : "gradient estimator",
      ),
    sigma: z
      .number()
      .positive()
      .default(defaults.sigma)
      .describe("standard deviation of the perturbations (ES types), or of the first candidates (searches)"),
    pairs: z
      .int()
      .min(1)
      .default(defaults.pairs)
      .describe("antithetic pairs (ES types); half of the candidates per step (searches)"),
    truncation: z
      .int()
      .min(1)
      .default(defaults.truncation)
      .describe("inner steps per outer step; not for searches, which take whole trajectories"),
    tasks: z
      .int()
      .min(1)
      .optional()
      .describe(
        "trajectories that are averaged (estimators with derivatives); else the estimator's own default",
      ),
    nanPolicy: z
      .enum(["error", "zero"])
      .default("error")
      .describe("what to do with a pair whose loss is not finite (ES types)"),
  };
}

/** What `createEstimator` takes of a config. */
export interface EstimatorSettings {
  sigma: number;
  pairs: number;
  truncation: number;
  tasks?: number | undefined;
  nanPolicy: "error" | "zero";
}

/** Those that are set. */
export interface SetEstimatorOptions extends Omit<EstimatorSettings, "tasks"> {
  tasks?: number;
}

export function estimatorOptions({
  sigma,
  pairs,
  truncation,
  tasks,
  nanPolicy,
}: EstimatorSettings): SetEstimatorOptions {
  return { sigma, pairs, truncation, nanPolicy, ...(tasks !== undefined && { tasks }) };
}
