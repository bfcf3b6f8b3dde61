/** Options that all of the library's environments have. */
import { requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";

export interface EnvironmentSettings {
  /** Default: the one of the environment's usual definition. */
  timeLimit?: number;
  /** Of states and observations. Default "float32". */
  dtype?: "float32" | "float64";
}

/** Checked options that all have. */
export function environmentSettings(
  where: string,
  options: EnvironmentSettings,
  usualLimit: number,
  more: readonly string[] = [],
): Required<EnvironmentSettings> {
  requireKnownOptions<Record<string, unknown>>(where, { ...options }, ["timeLimit", "dtype", ...more]);
  const { timeLimit = usualLimit, dtype = "float32" } = options;
  requireInteger(where, "timeLimit", timeLimit, 1);
  requireOneOf(where, "dtype", dtype, ["float32", "float64"]);
  return { timeLimit, dtype };
}
