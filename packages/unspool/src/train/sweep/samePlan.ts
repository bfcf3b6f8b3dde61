/** Whether a folder's sweep is the one of a command, or a smaller one of it. */
import { ResumeError } from "../../errors.ts";
import { canonicalJson } from "../checkpoint.ts";
import { settingLabel } from "./settingNames.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";
import { type ConfigOf, withTrials } from "./sweepSearch.ts";

/**
 * Throws `ResumeError` that says in what `plan` differs, unless it is the sweep that `where` holds, or that with further
 * seeds and values. What it is ranked by may be another.
 */
export function requireSamePlan(where: string, found: SweepPlan, plan: SweepPlan): void {
  const differences = [
    ...differing("the experiment", found.experiment, plan.experiment),
    ...differing("the outer steps", stepsText(found.steps), stepsText(plan.steps)),
    ...differing("halving", halvingText(found), halvingText(plan)),
    ...differing("the search", searchText(found), searchText(plan)),
    ...differing("what is varied", listed(found.fields), listed(plan.fields)),
    ...differing("what is set in all runs", listed(found.fixed), listed(plan.fixed)),
  ];
  if (differences.length === 0)
    differences.push(...(found.search === null ? missing(found, plan) : []), ...decidedBy(found, plan));
  if (differences.length === 0) return;
  throw new ResumeError(
    where,
    `it holds another sweep. ${differences.join(" ")} ${growing(found)} For another one give another folder.`,
    { differences },
  );
}

/** What may be added to it. */
function growing({ halving, search }: SweepPlan): string {
  if (halving !== null)
    return "A sweep by halving can be gone on with: what it decided is of the seeds and settings that it has.";
  if (search !== null) return "A search can be gone on with, and given further trials.";
  return "A sweep can be gone on with, and given further seeds and values.";
}

/** Of a sweep whose runs follow from what others came to: what that was judged by must stay. */
function decidedBy(found: SweepPlan, plan: SweepPlan): string[] {
  if (found.halving === null && found.search === null) return [];
  const judged = ({ by, isMaximised }: SweepPlan): string =>
    `${by}, the ${isMaximised ? "greatest" : "smallest"} first`;
  const isOpen = found.search === null && found.halving?.decided.length === 0;
  return [
    ...differing("the seeds", found.seeds.join(", "), plan.seeds.join(", ")),
    ...(isOpen ? [] : differing("what it decided by", judged(found), judged(plan))),
    ...(found.search === null
      ? differing("the number of settings", String(found.settings.length), String(plan.settings.length))
      : plan.search!.trials < found.search.trials
        ? [`There, ${found.search.trials} trials; in this command: ${plan.search!.trials}.`]
        : []),
  ];
}

const halvingText = ({ halving }: SweepPlan): string =>
  halving === null ? "none" : `${halving.rungs.join(", ")} outer steps, the best of ${halving.eta}`;

const searchText = ({ search }: SweepPlan): string => {
  if (search === null) return "none";
  const { method, batch, seed, space } = search;
  const ranges = space.map((field) =>
    field.kind === "choice" ? field.values.join(",") : `${field.kind}(${field.low},${field.high})`,
  );
  return `${method} of seed ${seed} in ${ranges.join(" ")}${batch === null ? "" : `, ${batch} at once`}`;
};

/** The sweep of a folder as `plan`, which is the same or more of it, would go on with it. */
export async function continuedPlan(
  found: SweepPlan,
  plan: SweepPlan,
  configOf?: ConfigOf,
): Promise<SweepPlan> {
  if (found.search !== null) return withTrials(found, plan.search!.trials, configOf);
  return { ...plan, halving: found.halving };
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
