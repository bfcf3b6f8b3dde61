/** Config fields that several experiments share, so that `--set estimator=…` means the same everywhere. */
import { type EstimatorName, estimatorNames } from "unspool";
import { z } from "zod";

interface EstimatorFields {
  estimator: z.ZodDefault<z.ZodEnum<{ [Name in EstimatorName]: Name }>>;
  sigma: z.ZodDefault<z.ZodNumber>;
  pairs: z.ZodDefault<z.ZodInt>;
  truncation: z.ZodDefault<z.ZodInt>;
}

/** Which gradient estimator, with its window and perturbations. Estimators take from these what they know. */
export function estimatorFields(defaults: {
  sigma: number;
  pairs: number;
  truncation: number;
}): EstimatorFields {
  return {
    estimator: z.enum(estimatorNames).default("pes").describe("gradient estimator"),
    sigma: z
      .number()
      .positive()
      .default(defaults.sigma)
      .describe("standard deviation of the perturbations (ES types)"),
    pairs: z.int().min(1).default(defaults.pairs).describe("antithetic pairs (ES types)"),
    truncation: z.int().min(1).default(defaults.truncation).describe("inner steps per outer step"),
  };
}
