/** One window of an estimator that is built on antithetic pairs: what they all do around their own programs. */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { type Clock, emptyState, initialState, sameClocks, settleChange } from "../../unroll/index.ts";
import { esEstimate, esSummary } from "./esEstimate.ts";
import type { EsSettings } from "./esOptions.ts";
import type { LossStatistics, PairMean, PairProgram } from "./pairLosses.ts";
import { type EsShared, type PairMember, startMember } from "./pairMembers.ts";
import type { PairEstimate, Recurrence } from "../estimator.ts";
import { repeat } from "./noise.ts";

/** What an estimator of pairs keeps between windows. */
export interface WindowState<Unit> {
  units: Unit;
  /** Shapes and dtypes of theta, [1, …]. */
  theta: unknown;
  /** Estimates made. */
  window: number;
}

export interface WindowPrograms<Shared extends EsShared, Unit extends { clock: Clock }, Kept> {
  window: PairProgram<Shared, Unit, Kept>;
  /** Runs first where a unit stands at the start of a trajectory. */
  restart: PairProgram<Shared, Unit, object>;
}

/** The state of pairs that have made no estimate. */
export function firstWindow<Unit>(units: Unit, theta: unknown): WindowState<Unit> {
  return { units, theta: repeat(theta, 1), window: 0 };
}

/** What all pairs share in the next estimate. Throws `ShapeError` if theta is not the one that the state is for. */
export function sharedBy<Unit>(name: string, theta: unknown, key: Key, state: WindowState<Unit>): EsShared {
  tree.requireSame(name, "theta", firstOf(state.theta), theta);
  return { theta, key, window: tree.scalar(state.window, "int32") };
}

/** Runs one window of all pairs. */
export function runWindow<Theta, Shared extends EsShared, Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  programs: WindowPrograms<Shared, Unit, Kept>,
  shared: Shared,
  state: WindowState<Unit>,
): PairEstimate<Theta, WindowState<Unit>> {
  const started = isAnyFresh(state.units.clock)
    ? settings.executor.forward(programs.restart, shared, state.units).units
    : state.units;
  const { units, gradient, ...rest } = esEstimate(settings, programs.window, shared, started);
  const next = { ...state, units, window: state.window + 1 };
  return { ...rest, gradient: gradient as Theta, state: next } as PairEstimate<Theta, WindowState<Unit>>;
}

/** True if a unit is at the start of a trajectory. Concrete. */
export function isAnyFresh(clock: Clock): boolean {
  return clock.t.data.some((t) => t === 0);
}

/** The two members of a pair, at theta + eps and theta - eps. */
export function twoMembers(
  shared: EsShared,
  eps: unknown,
  { plus, minus, clock }: { plus: unknown; minus: unknown; clock: Clock },
): PairMember[] {
  return [
    startMember({ theta: tree.add(shared.theta, eps) }, plus, clock),
    startMember({ theta: tree.subtract(shared.theta, eps) }, minus, clock),
  ];
}

/**
 * A program without a loop that starts the trajectories of the units standing at t = 0, at the thetas that
 * `thetas` gives for their states by name; all states of a unit start from the same key.
 */
export function restart<Shared extends EsShared, Unit extends { clock: Clock }>(
  settings: EsSettings,
  thetas: (shared: Shared, unit: Unit) => Partial<Record<keyof Unit, unknown>>,
): PairProgram<Shared, Unit, object> {
  const { name, problem } = settings;
  return {
    name: `${name} restart`,
    length: 0,
    sameForAll: sameLeaves(settings),
    begin: () => ({ members: [], kept: {} }),
    step: (_shared, _constant, carry) => carry,
    finish(shared, unit) {
      const isFresh = unit.clock.t.equal(0);
      const started = Object.entries(thetas(shared, unit)).map(([which, theta]) => {
        const state = initialState(problem, theta, unit.clock.key);
        return [which, tree.select(isFresh, state, unit[which as keyof Unit])] as const;
      });
      return {
        unit: { ...unit, ...Object.fromEntries(started) },
        mean: { gradient: [], statistics: noStatistics() },
        each: { losses: np.zeros([2]) },
      };
    },
  };
}

function noStatistics(): LossStatistics {
  const zero = np.zeros([], { dtype: "float64" });
  return { finite: zero, loss: zero, losses: zero, difference: zero, square: zero };
}

/** Leaves of a unit that are equal for all pairs. */
export function sameLeaves({ plan, isCommon }: EsSettings): string[] {
  return sameClocks(plan, isCommon).map((name) => `clock.${name}`);
}

/** An estimate of an estimator of pairs, for programs of several; undefined where each has to be made alone. */
export function windowRecurrence<Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  programs: WindowPrograms<EsShared, Unit, Kept>,
): Recurrence | undefined {
  // The standard deviation of all losses is taken between programs.
  if (settings.isDividedByStd) return undefined;
  const change = settleChange(settings.plan);
  const recurrence: Recurrence<EsShared, Unit, PairMean> = {
    executor: settings.executor,
    window: programs.window,
    restart: {
      when: ({ clock }) => clock.t.equal(0),
      apply: (shared, unit) => programs.restart.finish(shared, unit, [], {}).unit,
    },
    ...(change !== undefined && {
      settle: {
        when: ({ clock }: Unit) => change.when(clock),
        apply: (_shared: EsShared, unit: Unit) => ({ ...unit, clock: change.apply(unit.clock) }),
      },
    }),
    innerSteps: 2 * settings.pairs * settings.plan.truncation,
    units: (state) => (state as WindowState<Unit>).units,
    estimates: (state) => (state as WindowState<Unit>).window,
    next: (state, units, estimates) => {
      const old = state as WindowState<Unit>;
      return { ...old, units, window: old.window + estimates };
    },
    share: (theta, key, window) => ({ theta, key, window }),
    summary: (mean, theta) => esSummary(settings, mean, theta),
  };
  return recurrence;
}

/** The thetas of both members, for `restart`. */
export function pairThetas({ theta }: EsShared, eps: unknown): { plus: unknown; minus: unknown } {
  return { plus: tree.add(theta, eps), minus: tree.subtract(theta, eps) };
}

/** Placeholder states of units that have not started, [units, …]. */
export function unstarted(settings: EsSettings, theta: unknown, key: Key): unknown {
  return repeat(emptyState(settings.problem, theta, key), settings.pairs);
}

/** Zeros with the shapes of one unit's slice of a batched tree. */
export function firstOf(batched: unknown): unknown {
  return tree.map((leaf: Tensor) => np.zeros(leaf.shape.slice(1), { dtype: leaf.dtype }), batched);
}
