/** Config fields that several experiments share, so that `--set estimator=…` means the same everywhere. */
import { type EstimatorAlias, type EstimatorName, estimatorAliases, estimatorNames } from "unspool";
import { z } from "zod";

type Name = EstimatorName | EstimatorAlias;

export interface EstimatorFields {
  estimator: z.ZodDefault<z.ZodEnum<{ [N in Name]: N }>>;
  sigma: z.ZodDefault<z.ZodNumber>;
  pairs: z.ZodDefault<z.ZodInt>;
  truncation: z.ZodDefault<z.ZodInt>;
  tasks: z.ZodOptional<z.ZodInt>;
  nanPolicy: z.ZodDefault<z.ZodEnum<{ error: "error"; zero: "zero" }>>;
}

const names = [...estimatorNames, ...Object.keys(estimatorAliases)] as Name[];

/** Which gradient estimator, with its window and perturbations. Estimators take from these what they know. */
export function estimatorFields(
  defaults: { sigma: number; pairs: number; truncation: number },
  estimator: EstimatorName = "pes",
): EstimatorFields {
  return {
    estimator: z.enum(names).default(estimator).describe("gradient estimator"),
    sigma: z
      .number()
      .positive()
      .default(defaults.sigma)
      .describe("standard deviation of the perturbations (ES types)"),
    pairs: z.int().min(1).default(defaults.pairs).describe("antithetic pairs (ES types)"),
    truncation: z.int().min(1).default(defaults.truncation).describe("inner steps per outer step"),
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
