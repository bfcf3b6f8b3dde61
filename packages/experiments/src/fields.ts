/** Config fields that several experiments share, so that `--set estimator=…` means the same everywhere. */
import { estimatorNames } from "unspool";
import { z } from "zod";

/** Which gradient estimator, with its window and perturbations. Estimators take from these what they know. */
export const estimatorFields = (defaults: { sigma: number; pairs: number; truncation: number }) => ({
  estimator: z
    .enum(estimatorNames as [string, ...string[]])
    .default("pes")
    .describe("gradient estimator"),
  sigma: z
    .number()
    .positive()
    .default(defaults.sigma)
    .describe("standard deviation of the perturbations (ES types)"),
  pairs: z.int().min(1).default(defaults.pairs).describe("antithetic pairs (ES types)"),
  truncation: z.int().min(1).default(defaults.truncation).describe("inner steps per outer step"),
});
