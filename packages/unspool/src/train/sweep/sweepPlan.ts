/** What a sweep is, as it is kept with its cells: the settings that are tried, the seeds of each, and what they are ranked by. */
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type SweepHalving, checkedHalving } from "./halving.ts";
import { type SweepSearch, checkedSearch } from "./sweepSearch.ts";

/** One choice of values. */
export interface SweepSetting {
  /** Of the sweep's `fields`, in their order, as `--set` takes them. */
  readonly values: readonly string[];
  /** With the values in it, not parsed yet: the experiment does that. */
  readonly config: unknown;
}

export interface SweepPlan {
  /** The name of the experiment whose runs the cells are. */
  readonly experiment: string;
  /** Paths in its config that the settings differ in. Default none: the seeds of one setting. */
  readonly fields: readonly string[];
  /** What all settings have in common, as `--set` takes it: `task.noise=0.1`. For the reader: it is in their configs. Default none. */
  readonly fixed: readonly string[];
  readonly settings: readonly SweepSetting[];
  /** Every setting is run with each of them. */
  readonly seeds: readonly number[];
  /** Outer steps of every run. Default null: the experiment's own. */
  readonly steps: number | null;
  /** What the settings are ranked by: a metric of the evaluation, or a number of the outer steps. Default "loss". */
  readonly by: string;
  /** Whether the greatest is the best. Default false. */
  readonly isMaximised: boolean;
  /** Settings that are stopped on the way, by `halving`. Default null: all runs have all steps. */
  readonly halving: SweepHalving | null;
  /** Settings that a method asks for, by `beginSearch`. Default null: all of them are known before the first run. */
  readonly search: SweepSearch | null;
}

const names = [
  ...(["experiment", "fields", "fixed", "settings", "seeds", "steps", "by", "isMaximised"] as const),
  ...(["halving", "search"] as const),
];

/** What need not be given. */
const defaults = {
  ...{ fields: [], fixed: [], steps: null, by: "loss", isMaximised: false },
  ...{ halving: null, search: null },
};

/** With what it lacks. Throws `OptionError` that names what is wrong: a plan may come out of a folder, and that from anyone. */
export function checkedPlan(given: unknown): SweepPlan {
  const where = "sweep";
  requireKnownOptions<SweepPlan>(where, given as SweepPlan, names);
  const plan: Partial<Record<keyof SweepPlan, unknown>> = { ...defaults, ...(given as object) };
  const { experiment, fields, fixed, settings, seeds, steps, by, isMaximised } = plan;
  const wrong = (option: string, value: unknown, allowed: string): OptionError =>
    new OptionError(where, option, value, allowed);
  if (typeof experiment !== "string") throw wrong("experiment", experiment, "a name");
  if (!isTexts(fields)) throw wrong("fields", fields, "a list of paths");
  if (!isTexts(fixed)) throw wrong("fixed", fixed, "a list of texts like path=value");
  if (!Array.isArray(settings) || settings.length === 0)
    throw wrong("settings", settings, "a list of at least one setting");
  for (const [i, setting] of settings.entries()) {
    const values = (setting as { values?: unknown } | null)?.values;
    if (!isTexts(values) || values.length !== fields.length)
      throw wrong(`settings[${i}].values`, values, `a list of ${fields.length} texts, one for each field`);
  }
  if (!Array.isArray(seeds) || seeds.length === 0) throw wrong("seeds", seeds, "a list of at least one seed");
  for (const [i, seed] of seeds.entries()) requireInteger(where, `seeds[${i}]`, seed as number, 0);
  if (steps !== null) requireInteger(where, "steps", steps as number, 1);
  if (typeof by !== "string" || by === "") throw wrong("by", by, "the name of a metric");
  if (typeof isMaximised !== "boolean") throw wrong("isMaximised", isMaximised, "true or false");
  const { halving, search } = plan;
  if (halving !== null && search !== null)
    throw wrong("halving", halving, "null where settings are searched for: it is of settings that are known");
  return {
    ...(plan as SweepPlan),
    halving: halving === null ? null : checkedHalving(halving, { steps, settings: settings.length }),
    search: search === null ? null : checkedSearch(search, fields.length),
  };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === "string");
