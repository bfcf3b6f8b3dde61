/** The settings of a sweep from the best to the worst, and how far each is from the best over the seeds that both have. */
import type { CellResult, CellResults } from "../study/study.ts";
import { rungOf } from "./halving.ts";
import { type MeanInterval, meanInterval } from "./interval.ts";
import { type Measured, measuredOf, valueOf } from "./measured.ts";
import { settingLabel, sweepCellId } from "./settingNames.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

/** A setting with what its runs came to. */
export interface RankedSetting {
  setting: SweepSetting;
  label: string;
  /** That its runs were taken to, of a sweep by halving; 0 of others. */
  rung: number;
  /** The ranked number by seed; of runs that failed there is none. */
  values: ReadonlyMap<number, number>;
  /** Runs that have ended, with those that failed. */
  results: readonly CellResult[];
  /** Runs that diverged, or whose number is not finite. */
  failed: number;
  /** Over the runs that did not fail. */
  interval: MeanInterval;
  /** Its number minus the best's, run by run over the seeds that both have; of none where they came to other rungs. */
  toBest: MeanInterval;
}

type RunSetting = Omit<RankedSetting, "toBest">;

export interface SettingRanking {
  measured: Measured;
  /**
   * Best first: settings with runs that failed or never ended come after all others, those without any run are not
   * there. Of a sweep by halving, those that came farther come first, whatever their numbers.
   */
  settings: readonly RankedSetting[];
}

/** Ranks the settings. Throws `OptionError` where no run has the number that the plan names. */
export function rankSettings(results: CellResults, plan: SweepPlan): SettingRanking {
  const measured = measuredOf([...results.values()], plan.by);
  const found = plan.settings.flatMap((setting, i) => {
    const runs = plan.seeds.flatMap((seed) => results.get(sweepCellId(plan, setting, seed)) ?? []);
    return runs.length === 0 ? [] : [measuredSetting(plan, setting, rungOf(plan, i), runs, measured)];
  });
  const rungs = [...new Set(found.map(({ rung }) => rung))].toSorted((a, b) => b - a);
  const ordered = rungs.flatMap((rung) =>
    inOrder(
      found.filter((one) => one.rung === rung),
      plan,
    ),
  );
  const [best] = ordered;
  const settings = ordered.map((one) => ({
    ...one,
    toBest: one.rung === best!.rung ? pairedDifference(one.values, best!.values) : meanInterval([]),
  }));
  return { measured, settings };
}

/** Settings whose runs came equally far. */
function inOrder(found: readonly RunSetting[], { isMaximised }: SweepPlan): RunSetting[] {
  const sign = isMaximised ? -1 : 1;
  const worth = ({ interval }: RunSetting): number =>
    Number.isFinite(interval.mean) ? sign * interval.mean : Infinity;
  const byWorth = (a: RunSetting, b: RunSetting): number => {
    const [one, other] = [worth(a), worth(b)];
    return one === other ? 0 : one - other;
  };
  // While a seed goes round the settings some have one run more than others.
  const most = found.reduce((count, { results: runs }) => Math.max(count, runs.length), 0);
  const isWhole = ({ failed, results: runs }: RunSetting): boolean => failed === 0 && runs.length >= most - 1;
  return [
    ...found.filter(isWhole).toSorted(byWorth),
    ...found.filter((one) => !isWhole(one)).toSorted(byWorth),
  ];
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
  rung: number,
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
    ...{ setting, label: settingLabel(plan, setting), rung, values, results },
    failed: results.length - values.size,
    interval: meanInterval([...values.values()]),
  };
}
