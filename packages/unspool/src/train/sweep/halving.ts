/**
 * Successive halving: all settings are run to the first rung, a number of outer steps; the best 1/eta of them go on to the
 * next one, eta times as far, and so on to all steps (Jamieson and Talwalkar 2016; with rungs as in Hyperband, Li et al. 2018).
 * A setting's seeds live or die together. What was decided stands in the plan, so that it is decided once.
 */
import { OptionError, requireInteger, requireKnownOptions, show } from "../../errors.ts";
import type { CellResults } from "../study/study.ts";
import { average } from "./interval.ts";
import { measuredOf, valueOf } from "./measured.ts";
import { sweepCellId } from "./settingNames.ts";
import type { SweepPlan } from "./sweepPlan.ts";

export interface SweepHalving {
  /** One of so many settings goes on from a rung. */
  readonly eta: number;
  /** Outer steps of the rungs, rising; the last are all of a run. */
  readonly rungs: readonly number[];
  /** What has been decided so far, from the first rung on. Default: nothing. */
  readonly decided: readonly RungDecision[];
}

/** Who went on from a rung. Settings are told by their place in the plan. */
export interface RungDecision {
  /** Settings that were run to it. */
  readonly members: readonly number[];
  /** The ranked number of each of them by seed, in the plan's order; null of a run that failed. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Those that go on, best first. */
  readonly kept: readonly number[];
}

export interface HalvingOptions {
  /** Settings at first. */
  settings: number;
  /** Outer steps of a whole run. */
  steps: number;
  /** One of so many settings goes on from a rung. Default 3. */
  eta?: number | undefined;
  /** Outer steps of the first rung. Default: so few that the last rung leaves one setting, steps / eta^k after k rungs. */
  minSteps?: number | undefined;
}

/** The rungs for so many settings: there are as many as it takes to leave one of them. */
export function halving(options: HalvingOptions): SweepHalving {
  const where = "halving";
  requireKnownOptions(where, options, ["settings", "steps", "eta", "minSteps"]);
  const { settings, steps, eta = 3, minSteps } = options;
  requireInteger(where, "settings", settings, 2);
  requireInteger(where, "steps", steps, 2);
  requireInteger(where, "eta", eta, 2);
  const most = decisions(settings, eta);
  if (minSteps === undefined) {
    const early = Array.from({ length: most }, (_, j) => Math.max(1, Math.round(steps / eta ** (most - j))));
    return { eta, rungs: [...new Set([...early.filter((rung) => rung < steps), steps])], decided: [] };
  }
  requireInteger(where, "minSteps", minSteps, 1);
  if (minSteps >= steps)
    throw new OptionError(where, "minSteps", minSteps, `below ${steps}, the outer steps of a whole run`);
  const early = Array.from({ length: most }, (_, j) => minSteps * eta ** j);
  return { eta, rungs: [...early.filter((rung) => rung < steps), steps], decided: [] };
}

/** The halving of a plan that may come out of a folder. Throws `OptionError` that names what is wrong. */
export function checkedHalving(
  given: unknown,
  { steps, settings }: { steps: unknown; settings: number },
): SweepHalving {
  const where = "sweep, halving";
  requireKnownOptions<SweepHalving>(where, given as SweepHalving, ["eta", "rungs", "decided"]);
  const { eta, rungs, decided = [] } = given as SweepHalving;
  requireInteger(where, "eta", eta, 2);
  const isRising =
    Array.isArray(rungs) &&
    rungs.length > 0 &&
    rungs.every((rung: unknown, i) => Number.isSafeInteger(rung) && (rung as number) > (rungs[i - 1] ?? 0));
  if (!isRising || rungs.at(-1) !== steps)
    throw new OptionError(
      where,
      "rungs",
      rungs,
      `rising counts of outer steps up to the plan's, ${show(steps)}`,
    );
  const isPlace = (at: unknown): boolean =>
    Number.isSafeInteger(at) && (at as number) >= 0 && (at as number) < settings;
  const isDecision = (one: Partial<RungDecision> | null): boolean =>
    Array.isArray(one?.members) &&
    Array.isArray(one.values) &&
    Array.isArray(one.kept) &&
    one.members.every(isPlace) &&
    one.values.length === one.members.length &&
    one.kept.every(isPlace);
  if (!Array.isArray(decided) || decided.length >= rungs.length || !decided.every(isDecision))
    throw new OptionError(where, "decided", decided, "what nextRung decided, at most once for each rung");
  return { eta, rungs, decided };
}

/** How many of so many settings go on. */
const places = (settings: number, eta: number): number => Math.max(1, Math.floor(settings / eta));

/** Rungs after which one setting is left. */
function decisions(settings: number, eta: number): number {
  let count = 0;
  for (let left = settings; left > 1; left = places(left, eta)) count++;
  return count;
}

/** The rung that a setting is run to: 0 is the first one, and that of a sweep without halving. */
export function rungOf({ halving: of }: SweepPlan, setting: number): number {
  const decided = of?.decided ?? [];
  const left = decided.findIndex(({ kept }) => !kept.includes(setting));
  return left < 0 ? decided.length : left;
}

/** Outer steps that a setting's runs stop after; undefined where they have all of them. */
export function stopOf(plan: SweepPlan, setting: number): number | undefined {
  if (plan.halving === null) return undefined;
  const { rungs } = plan.halving;
  const rung = rungOf(plan, setting);
  return rung === rungs.length - 1 ? undefined : rungs[rung];
}

/** The plan with the next decision, once all runs have come to its rung; undefined after the last, or where all have failed. */
export function nextRung(
  results: CellResults,
  plan: SweepPlan,
): { config: SweepPlan; note: string } | undefined {
  const { eta, rungs, decided } = plan.halving!;
  const steps = rungs[decided.length + 1];
  if (steps === undefined) return undefined;
  const members = decided.at(-1)?.kept.toSorted((a, b) => a - b) ?? [...plan.settings.keys()];
  const measured = measuredOf([...results.values()], plan.by);
  const values = members.map((setting) =>
    plan.seeds.map((seed) => {
      const result = results.get(sweepCellId(plan, plan.settings[setting]!, seed));
      const value = result === undefined ? Number.NaN : valueOf(result, measured);
      return Number.isFinite(value) ? value : null;
    }),
  );
  const kept = ranked(values, plan.isMaximised)
    .slice(0, places(members.length, eta))
    .map((at) => members[at]!);
  if (kept.length === 0) return undefined;
  const decision: RungDecision = { members, values, kept };
  return {
    config: { ...plan, halving: { ...plan.halving!, decided: [...decided, decision] } },
    note: `${kept.length} of ${members.length} settings go on from ${rungs[decided.length]} to ${steps} outer steps.`,
  };
}

/** Places of the rows from the best on: those with failed runs come after all others, those without any number nowhere. */
function ranked(rows: readonly (readonly (number | null)[])[], isMaximised: boolean): number[] {
  const worths = rows.map((row) => {
    const finite = row.filter((value) => value !== null);
    return { failed: row.length - finite.length, mean: (isMaximised ? -1 : 1) * average(finite) };
  });
  return [...rows.keys()]
    .filter((at) => Number.isFinite(worths[at]!.mean))
    .toSorted((a, b) => {
      const [one, other] = [worths[a]!, worths[b]!];
      return Number(one.failed > 0) - Number(other.failed > 0) || one.mean - other.mean || a - b;
    });
}
