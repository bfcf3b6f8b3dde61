/**
 * What each field of a sweep does by itself: the mean at each of its values over all settings that have it, and its share
 * in the spread between runs.
 *
 * The share is epsilon squared of an analysis of variance with one factor (Kelley 1935) on ranks, after Kruskal and Wallis
 * (1952): runs that failed have the last rank, and a run that is off by powers of ten counts as one that is off.
 */
import { type MeanInterval, average, meanInterval } from "./interval.ts";
import type { RankedSetting, SettingRanking } from "./rankSettings.ts";
import type { SweepPlan } from "./sweepPlan.ts";

export interface FieldLevel {
  /** A value, or a range of drawn ones. */
  label: string;
  /** Of the number that is ranked: of each seed the mean over the settings, and of those the mean. */
  interval: MeanInterval;
  runs: number;
  failed: number;
}

export interface FieldEffect {
  field: string;
  levels: readonly FieldLevel[];
  /** 0 to 1; NaN where there are not enough runs to tell it from chance. */
  share: number;
}

/** More values of a number than this are told in ranges, */
const mostLevels = 8;
/** so many of them, with as many settings in each. */
const ranges = 4;

/** In the order of the fields, those of which at least two values have been run. */
export function fieldEffects({ settings }: SettingRanking, plan: SweepPlan): FieldEffect[] {
  return plan.fields.flatMap((field, i) => {
    const groups = groupsOf(settings, i);
    if (groups.length < 2) return [];
    const levels = groups.map(({ label, members }) => levelOf(label, members));
    return [
      { field, levels, share: explainedShare(groups.map(({ members }) => ranksIn(settings, members))) },
    ];
  });
}

interface Group {
  label: string;
  members: readonly RankedSetting[];
}

function groupsOf(settings: readonly RankedSetting[], field: number): Group[] {
  const textOf = ({ setting }: RankedSetting): string => setting.values[field]!;
  const texts = [...new Set(settings.map(textOf))];
  const isNumeric = texts.every((text) => Number.isFinite(numberOf(text)));
  if (isNumeric) texts.sort((a, b) => numberOf(a) - numberOf(b));
  if (!isNumeric || texts.length <= mostLevels)
    return texts.map((label) => ({ label, members: settings.filter((one) => textOf(one) === label) }));
  return Array.from({ length: ranges }, (_, k) => {
    const own = texts.slice(
      Math.round((k * texts.length) / ranges),
      Math.round(((k + 1) * texts.length) / ranges),
    );
    const members = settings.filter((one) => own.includes(textOf(one)));
    return { label: `${own[0]} to ${own.at(-1)}`, members };
  });
}

/** NaN of a text that is no number. */
export const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

function levelOf(label: string, members: readonly RankedSetting[]): FieldLevel {
  const bySeed = new Map<number, number[]>();
  for (const { values } of members)
    for (const [seed, value] of values) bySeed.set(seed, [...(bySeed.get(seed) ?? []), value]);
  return {
    label,
    interval: meanInterval([...bySeed.values()].map(average)),
    runs: members.reduce((sum, { values, failed }) => sum + values.size + failed, 0),
    failed: members.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** Ranks of the runs of some settings among those of all, equal ones sharing theirs; failed runs are last. */
function ranksIn(settings: readonly RankedSetting[], members: readonly RankedSetting[]): number[] {
  const all = settings.flatMap(numbersOf);
  return members.flatMap(numbersOf).map((value) => {
    const [below, equal] = [
      all.filter((one) => one < value).length,
      all.filter((one) => one === value).length,
    ];
    return below + (equal + 1) / 2;
  });
}

const numbersOf = ({ values, failed }: RankedSetting): number[] => [
  ...values.values(),
  ...Array.from({ length: failed }, () => Infinity),
];

/** (SS_between - (k - 1) MS_within) / SS_total for k groups, at least 0. */
export function explainedShare(groups: readonly (readonly number[])[]): number {
  const all = groups.flat();
  const [k, n] = [groups.length, all.length];
  const mean = average(all);
  const total = all.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  if (n <= k || total === 0) return Number.NaN;
  const between = groups.reduce((sum, group) => sum + group.length * (average(group) - mean) ** 2, 0);
  return Math.max(0, (between - ((k - 1) * (total - between)) / (n - k)) / total);
}
