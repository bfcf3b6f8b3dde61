/** What the bits of a run depend on besides its experiment, config and seed. */
import { executorRecord } from "../unroll/index.ts";
import type { Origin } from "./recipe.ts";

/** Engine and rounding of this process, and what the caller adds. */
export function originOf(given: Origin | undefined): Origin {
  return { ...executorRecord(), ...given };
}

/** The entry `steps` of a config that has one. */
export function configSteps(config: unknown): number | undefined {
  if (typeof config !== "object" || config === null) return undefined;
  const { steps } = config as { steps?: unknown };
  return typeof steps === "number" ? steps : undefined;
}
