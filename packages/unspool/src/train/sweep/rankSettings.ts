/** The settings of a sweep from the best to the worst, and how far each is from the best over the seeds that both have. */
import type { CellResult, CellResults } from "../study/study.ts";
import { type MeanInterval, meanInterval } from "./interval.ts";
import { type Measured, measuredOf, valueOf } from "./measured.ts";
import { settingLabel, sweepCellId } from "./settingNames.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

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
