/** Options that several searches share, and their checks. */
import { OptionError, requireInteger, requirePositive } from "../errors.ts";
import type { Box } from "./box.ts";

export interface SearchOptions {
  /** Bounds of theta, by one number for all or by a tree like it. Default: none. */
  box?: Box;
}

export interface SigmaOptions extends SearchOptions {
  /** Standard deviation of the first candidates around the start. Default 0.3. */
  sigma?: number;
}

/** Throws `OptionError` unless sigma is a finite number above 0. */
export function requireSigma(where: string, sigma: unknown): void {
  requirePositive(where, "sigma", sigma, "A third of the distance to where the optimum may be is usual.");
}

/** Throws `OptionError` unless the population is absent or a whole number of at least `least`. */
export function requireCandidates(where: string, population: unknown, least = 2): void {
  if (population !== undefined) requireInteger(where, "population", population, least);
}

/** The same, and even: candidates in pairs. */
export function requireEvenCandidates(where: string, population: unknown): void {
  requireCandidates(where, population);
  if (population !== undefined && (population as number) % 2 === 1)
    throw new OptionError(where, "population", population, "even: candidates are mirrored in pairs");
}
