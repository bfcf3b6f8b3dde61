/** What a sweep is, as it is kept with its cells: the settings that are tried, the seeds of each, and what they are ranked by. */
import { OptionError, ResumeError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { canonicalJson } from "../checkpoint.ts";

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
}

const names = [
  ...(["experiment", "fields", "fixed", "settings", "seeds", "steps", "by", "isMaximised"] as const),
];

/** What need not be given. */
const defaults = { fields: [], fixed: [], steps: null, by: "loss", isMaximised: false };

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
  return plan as SweepPlan;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === "string");

/** How a setting is called: `learningRate=0.01 estimator=pes`. */
export function settingLabel({ fields, fixed }: SweepPlan, { values }: SweepSetting): string {
  if (fields.length === 0) return fixed.length === 0 ? "defaults" : fixed.join(" ");
  return fields.map((field, i) => `${field}=${values[i]}`).join(" ");
}

/** Longer ones are cut, and told apart by a fingerprint. */
const longestName = 70;

/** The id of a cell, which is the same in a sweep of more seeds and settings: `learningRate-0.01_estimator-pes_seed-0`. */
export function sweepCellId(plan: SweepPlan, setting: SweepSetting, seed: number): string {
  const named = plan.fields.map((field, i) => `${field}-${setting.values[i]}`).join("_");
  const plain = named.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const isWhole = plain === named && plain.length <= longestName;
  const own = isWhole ? plain : `${plain.slice(0, longestName)}-${fingerprint(named)}`;
  return own === "" ? `seed-${seed}` : `${own}_seed-${seed}`;
}

/** FNV-1a, 32 bits. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * Throws `ResumeError` that says in what `plan` differs, unless it is the sweep that `where` holds, or that with further
 * seeds and values. What it is ranked by may be another.
 */
export function requireSamePlan(where: string, found: SweepPlan, plan: SweepPlan): void {
  const differences = [
    ...differing("the experiment", found.experiment, plan.experiment),
    ...differing("the outer steps", stepsText(found.steps), stepsText(plan.steps)),
    ...differing("what is varied", listed(found.fields), listed(plan.fields)),
    ...differing("what is set in all runs", listed(found.fixed), listed(plan.fixed)),
  ];
  if (differences.length === 0) differences.push(...missing(found, plan));
  if (differences.length === 0) return;
  throw new ResumeError(
    where,
    `it holds another sweep. ${differences.join(" ")} A sweep can be gone on with, and given further seeds and values; for another one give another folder.`,
    { differences },
  );
}

function missing(found: SweepPlan, plan: SweepPlan): string[] {
  const configs = new Map(plan.settings.map(({ values, config }) => [values.join("\0"), config]));
  const lacking = found.settings.filter(({ values }) => !configs.has(values.join("\0")));
  const changed = found.settings.filter(({ values, config }) => {
    const now = configs.get(values.join("\0"));
    return now !== undefined && canonicalJson(now) !== canonicalJson(config);
  });
  const seeds = found.seeds.filter((seed) => !plan.seeds.includes(seed));
  const some = (settings: readonly SweepSetting[]): string =>
    listed(settings.slice(0, 3).map((setting) => settingLabel(found, setting))) +
    (settings.length > 3 ? ` and ${settings.length - 3} more` : "");
  return [
    ...(seeds.length === 0 ? [] : [`Its seeds ${seeds.join(", ")} are not among those of this command.`]),
    ...(lacking.length === 0 ? [] : [`Its settings lack in this command: ${some(lacking)}.`]),
    ...(changed.length === 0 ? [] : [`The config is another in: ${some(changed)}.`]),
  ];
}

const differing = (what: string, then: string, now: string): string[] =>
  then === now ? [] : [`There, ${what}: ${then}; in this command: ${now}.`];

const listed = (texts: readonly string[]): string => (texts.length === 0 ? "nothing" : texts.join(", "));

const stepsText = (steps: number | null): string => (steps === null ? "the experiment's own" : String(steps));
