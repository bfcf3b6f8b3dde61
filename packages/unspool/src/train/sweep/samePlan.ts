/** Whether a folder's sweep is the one of a command, or a smaller one of it. */
import { ResumeError } from "../../errors.ts";
import { canonicalJson } from "../checkpoint.ts";
import { settingLabel } from "./settingNames.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

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
