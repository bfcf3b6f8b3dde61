/** The settings of a sweep from the best to the worst, and how far each is from the best over the seeds that both have. */
import { OptionError } from "../../errors.ts";
import type { CellResult, CellResults } from "../study/study.ts";
import { type MeanInterval, meanInterval } from "./interval.ts";
import { type SweepPlan, type SweepSetting, settingLabel, sweepCellId } from "./sweepPlan.ts";

/** What the settings are ranked by, and where it was found. */
export interface Measured {
  name: string;
  of: "evaluation" | "steps";
}

/** A setting with what its runs came to. */
export interface RankedSetting {
  setting: SweepSetting;
  label: string;
  /** The ranked number by seed; of runs that failed there is none. */
  values: ReadonlyMap<number, number>;
  /** Runs that have ended, with those that failed. */
  results: readonly CellResult[];
  /** Runs that diverged, or whose number is not finite. */
  failed: number;
  /** Over the runs that did not fail. */
  interval: MeanInterval;
  /** Its number minus the best's, run by run over the seeds that both have. */
  toBest: MeanInterval;
}

type RunSetting = Omit<RankedSetting, "toBest">;

export interface SettingRanking {
  measured: Measured;
  /**
   * Best first: settings with runs that failed or never ended come after all others, those without any run are not
   * there.
   */
  settings: readonly RankedSetting[];
}

/** The last part of a run whose outer steps are averaged: one step is noisy. */
const tail = 0.1;

/** Ranks the settings. Throws `OptionError` where no run has the number that the plan names. */
export function rankSettings(results: CellResults, plan: SweepPlan): SettingRanking {
  const measured = measuredOf([...results.values()], plan.by);
  const found = plan.settings.flatMap((setting) => {
    const runs = plan.seeds.flatMap((seed) => results.get(sweepCellId(plan, setting, seed)) ?? []);
    return runs.length === 0 ? [] : [measuredSetting(plan, setting, runs, measured)];
  });
  const sign = plan.isMaximised ? -1 : 1;
  const worth = ({ interval }: RunSetting): number =>
    Number.isFinite(interval.mean) ? sign * interval.mean : Infinity;
  const byWorth = (a: RunSetting, b: RunSetting): number => {
    const [one, other] = [worth(a), worth(b)];
    return one === other ? 0 : one - other;
  };
  // While a seed goes round the settings some have one run more than others.
  const most = found.reduce((count, { results: runs }) => Math.max(count, runs.length), 0);
  const isWhole = ({ failed, results: runs }: RunSetting): boolean => failed === 0 && runs.length >= most - 1;
  const ordered = [
    ...found.filter(isWhole).toSorted(byWorth),
    ...found.filter((one) => !isWhole(one)).toSorted(byWorth),
  ];
  const [best] = ordered;
  const settings = ordered.map((one) => ({ ...one, toBest: pairedDifference(one.values, best!.values) }));
  return { measured, settings };
}

/** One minus the other over the seeds that both have: common random numbers make it sharper than the two means. */
export function pairedDifference(
  one: ReadonlyMap<number, number>,
  other: ReadonlyMap<number, number>,
): MeanInterval {
  return meanInterval(
    [...one].flatMap(([seed, value]) => (other.has(seed) ? [value - other.get(seed)!] : [])),
  );
}

function measuredSetting(
  plan: SweepPlan,
  setting: SweepSetting,
  results: readonly CellResult[],
  measured: Measured,
): RunSetting {
  const values = new Map(
    results.flatMap((result) => {
      const value = valueOf(result, measured);
      return Number.isFinite(value) ? [[result.seed, value] as const] : [];
    }),
  );
  return {
    ...{ setting, label: settingLabel(plan, setting), values, results },
    failed: results.length - values.size,
    interval: meanInterval([...values.values()]),
  };
}

/** The number of a run; NaN of one that failed. */
export function valueOf(result: CellResult, { name, of }: Measured): number {
  if (result.failure !== undefined) return Number.NaN;
  if (of === "evaluation") return evaluated(result, name) ?? Number.NaN;
  return lastValue(result, name);
}

const evaluated = ({ evaluation }: CellResult, name: string): number | undefined =>
  evaluation !== undefined && Object.hasOwn(evaluation.metrics, name) ? evaluation.metrics[name] : undefined;

/** The mean over the last tenth of the outer steps, of those that have such a number. */
function lastValue({ metrics }: CellResult, name: string): number {
  const last = metrics.slice(-Math.max(1, Math.round(tail * metrics.length)));
  const values = last.flatMap((record) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return typeof value === "number" ? [value] : [];
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where a number of this name is: in the evaluations, or else in the outer steps. */
function measuredOf(results: readonly CellResult[], name: string): Measured {
  const done = results.filter(({ failure }) => failure === undefined);
  if (done.some((result) => evaluated(result, name) !== undefined)) return { name, of: "evaluation" };
  const inSteps = stepMetrics(results);
  if (results.length === 0 || name === "loss" || inSteps.includes(name)) return { name, of: "steps" };
  const known = [...new Set([...evaluationMetrics(results), ...inSteps])];
  // Without a run that came to its end nothing is known of evaluations.
  if (done.length === 0) return { name, of: "evaluation" };
  throw new OptionError(
    "sweep",
    "by",
    name,
    `one of ${known.map((one) => JSON.stringify(one)).join(", ")}`,
    "Give the same command with another --by.",
  );
}

/** Names of what evaluations measured. */
export const evaluationMetrics = (results: readonly CellResult[]): string[] => [
  ...new Set(results.flatMap(({ evaluation }) => Object.keys(evaluation?.metrics ?? {}))),
];

/** Entries of a record that are no measurement. */
const counters: ReadonlySet<string> = new Set(["step", "innerSteps", "durationMs"]);

/** Names of numbers that outer steps have. */
export const stepMetrics = (results: readonly CellResult[]): string[] => [
  ...new Set(
    results.flatMap(({ metrics }) =>
      metrics.flatMap((record) =>
        Object.keys(record).filter((name) => typeof record[name] === "number" && !counters.has(name)),
      ),
    ),
  ),
];
