/**
 * What the forward-mode estimators (RTRL, UORO, DODGE) share: a particle that carries tangents of its state beside
 * the state, one window of it, and its step as a function of (theta, floating-point state).
 */
import { overTheta } from "../around/outerTheta.ts";
import { bytesOf } from "../unitMemory.ts";
import { requireMemory } from "../../sizes.ts";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import {
  type Clock,
  type ForwardProgram,
  advance,
  endsTrajectory,
  finalLossOf,
  initialState,
  settle,
  settleChange,
  splitFloats,
  tick,
} from "../../unroll/index.ts";
import { firstOf } from "../es/pairWindow.ts";
import type { GradientEstimator, Recurrence } from "../estimator.ts";
import { repeat } from "../es/noise.ts";
import {
  type DerivativeSettings,
  type TaskStart,
  enter,
  firstTasks,
  madeForTasks,
  requireEdges,
  requireFinite,
} from "./trajectory.ts";

/** A particle between two windows; tensors [tasks, …]. */
export interface TangentUnit extends TaskStart {
  /** Whatever the method carries of derivatives. */
  tangents: unknown;
  /** Of the final loss at the end of the window before, float64; only where that is the objective. */
  previous?: unknown;
}

export interface TangentState {
  units: TangentUnit;
  theta: unknown;
  window: number;
}

export interface TangentShared {
  theta: unknown;
  key: Key;
}

/** One step as a function of what carries derivatives. */
export type StepFunction = (theta: unknown, floats: Tensor[]) => [Tensor[], Tensor];

/** What tells forward-mode methods apart. */
export interface TangentMethod {
  /** Tangents at the start of a trajectory. `start` maps theta to the floating-point leaves of the first state. */
  begin(shared: TangentShared, task: Tensor, start: (theta: unknown) => Tensor[]): unknown;
  /** Before a window that does not start a trajectory. Default: unchanged. */
  renew?(shared: TangentShared, task: Tensor, tangents: unknown): unknown;
  /** One step: the tangents after it and d loss / d theta as the method sees it. */
  step(
    step: StepFunction,
    theta: unknown,
    floats: Tensor[],
    tangents: unknown,
    key: Key,
    t: Tensor,
  ): {
    tangents: unknown;
    gradient: unknown;
  };
}

interface Carry {
  clock: Clock;
  state: unknown;
  tangents: unknown;
  /** float64 sum over the window. */
  gradient: unknown;
  loss: Tensor;
}

type TangentProgram = ForwardProgram<
  TangentShared,
  TangentUnit,
  object,
  { task: Tensor },
  Carry,
  TangentMean,
  { loss: Tensor }
>;

/** Summed over a window, float64. */
interface TangentMean {
  gradient: unknown;
  loss: Tensor;
}

/** An estimator that carries tangents forward in time. */
export function tangentEstimator<Theta>(
  settings: DerivativeSettings,
  method: TangentMethod,
): GradientEstimator<Theta, TangentState> {
  requireEdges(settings);
  const { name, executor, lossScale, tasks, plan, isFinal } = settings;
  const program = windowProgram(settings, method);
  return overTheta({
    name,
    ...madeForTasks(settings),
    recurrence: recurrenceOf(settings, program),
    init(theta, key) {
      const start = firstTasks(settings, theta, key);
      const one = firstOf(start.state);
      const shared = { theta: theta as unknown, key };
      const tangents = method.begin(shared, tree.scalar(0, "int32"), () => splitFloats(one).floats);
      return {
        units: {
          ...start,
          tangents: repeat(tree.zerosLike(tangents), tasks),
          ...(isFinal && { previous: repeat(tree.zerosLike(theta, "float64"), tasks) }),
        },
        theta: repeat(theta, 1),
        window: 0,
      };
    },
    estimate(theta, state, key) {
      tree.requireSame(name, "theta", firstOf(state.theta), theta);
      const result = executor.forward(program, { theta: theta as unknown, key }, state.units);
      const gradient = scaledTo(theta, result.mean.gradient, lossScale);
      requireFinite(name, result.each.loss, gradient, state.window);
      return {
        loss: (result.each.loss.sum().item() / tasks) * lossScale,
        gradient: gradient as Theta,
        state: {
          ...state,
          units: { ...result.units, clock: settle(plan, result.units.clock) },
          window: state.window + 1,
        },
        metrics: { innerSteps: tasks * plan.truncation },
      };
    },
  });
}

/** An estimate, for programs of several. */
function recurrenceOf(settings: DerivativeSettings, window: TangentProgram): Recurrence {
  const { executor, plan, tasks, lossScale } = settings;
  const change = settleChange(plan);
  const recurrence: Recurrence<TangentShared, TangentUnit, TangentMean> = {
    executor,
    window,
    ...(change !== undefined && {
      settle: {
        when: ({ clock }: TangentUnit) => change.when(clock),
        apply: (_shared: TangentShared, unit: TangentUnit) => ({ ...unit, clock: change.apply(unit.clock) }),
      },
    }),
    innerSteps: tasks * plan.truncation,
    units: (state) => (state as TangentState).units,
    estimates: (state) => (state as TangentState).window,
    next(state, units, estimates) {
      const old = state as TangentState;
      return { ...old, units, window: old.window + estimates };
    },
    share: (theta, key) => ({ theta, key }),
    summary: ({ gradient, loss }, theta) => ({
      loss: loss.mul(lossScale),
      gradient: scaledTo(theta, gradient, lossScale),
      metrics: {},
    }),
  };
  return recurrence;
}

/** A float64 gradient times a number, in theta's dtypes. */
function scaledTo(theta: unknown, gradient: unknown, by: number): unknown {
  return tree.map((g: Tensor, leaf: Tensor) => g.mul(by).astype(leaf.dtype), gradient, theta);
}

function windowProgram(settings: DerivativeSettings, method: TangentMethod): TangentProgram {
  const { name, problem, plan, isFinal } = settings;
  return {
    name,
    length: plan.truncation,
    begin(shared, { task, clock, state, tangents }) {
      const isFresh = clock.t.equal(0);
      const key = clock.key;
      const start = (theta: unknown) => splitFloats(initialState(problem, theta, key)).floats;
      const fresh = method.begin(shared, task, start);
      const going = method.renew?.(shared, task, tangents) ?? tangents;
      const carry = {
        clock,
        state: enter(problem, shared.theta, clock, state),
        tangents: tree.select(isFresh, fresh, going),
        gradient: tree.zerosLike(shared.theta, "float64"),
        loss: np.zeros([], { dtype: "float64" }),
      };
      return { members: [{ constant: { task }, carry }], kept: {} };
    },
    step(shared, { task }, carry) {
      const { clock, state } = carry;
      const key = clock.key;
      const { floats, rebuild } = splitFloats(state);
      const step: StepFunction = (theta, moved) => {
        const next = advance(problem, theta, rebuild(moved), clock.t, key);
        return [splitFloats(next.state).floats, next.loss];
      };
      const next = advance(problem, shared.theta, state, clock.t, key);
      const { tangents, gradient } = method.step(
        step,
        shared.theta,
        floats,
        carry.tangents,
        taskKey(shared, task),
        clock.t,
      );
      return {
        clock: tick(plan, clock).clock,
        state: next.state,
        tangents,
        ...(isFinal
          ? { gradient: carry.gradient, loss: carry.loss }
          : {
              gradient: tree.add(carry.gradient, tree.astype(gradient, "float64")),
              loss: carry.loss.add(next.loss.astype("float64")),
            }),
      };
    },
    finish(shared, { task, previous }, members) {
      const { clock, state, tangents, gradient, loss } = members[0]!.carry;
      const unit = { task, clock, state, tangents };
      if (!isFinal) return { unit, mean: { gradient, loss }, each: { loss } };
      const end = finalDerivative(settings, method, shared, task, members[0]!.carry);
      const hasEnded = endsTrajectory(plan, clock);
      return {
        unit: { ...unit, previous: tree.select(hasEnded, tree.zerosLike(end.gradient), end.gradient) },
        mean: { gradient: tree.subtract(end.gradient, previous), loss: end.loss },
        each: { loss: end.loss },
      };
    },
  };
}

/** The final loss at a window's end, and its gradient as the method sees it: that of a step that leaves the state as it is. */
function finalDerivative(
  { problem }: DerivativeSettings,
  method: TangentMethod,
  shared: TangentShared,
  task: Tensor,
  { clock, state, tangents }: Carry,
): { loss: Tensor; gradient: unknown } {
  const { floats, rebuild } = splitFloats(state);
  const lossAt: StepFunction = (theta, moved) => [
    moved,
    finalLossOf(problem, theta, rebuild(moved), clock.key),
  ];
  const { gradient } = method.step(lossAt, shared.theta, floats, tangents, taskKey(shared, task), clock.t);
  const loss = finalLossOf(problem, shared.theta, state, clock.key).astype("float64");
  return { loss, gradient: tree.astype(gradient, "float64") };
}

/** Key of one task in one estimate. */
export function taskKey(shared: TangentShared, task: Tensor): Key {
  return random.foldIn(shared.key, task);
}

/** `a` times the scalar `by`, each leaf kept in its dtype. */
export const scaled = (a: unknown, by: Tensor): unknown =>
  tree.map((x: Tensor) => x.mul(by.dtype === x.dtype ? by : by.astype(x.dtype)), a);

/** The unit vectors of theta's space, as trees with a leading axis of |theta|. */
export function thetaBasis(theta: unknown): unknown {
  const size = tree.size(theta);
  requireMemory({
    where: "thetaBasis",
    option: "the number of parameters",
    given: size,
    bytes: size * bytesOf(theta),
    of: "as many directions as parameters",
    hint: "Use uoro, dodge, tbptt or an evolution-strategy estimator (pes, nres).",
  });
  const identity = np.eye(size, size, { dtype: tree.floatType(theta) });
  let offset = 0;
  return tree.map((leaf: Tensor) => {
    const columns = identity.slice([], [offset, offset + leaf.size]).reshape([size, ...leaf.shape]);
    offset += leaf.size;
    return columns.dtype === leaf.dtype ? columns : columns.astype(leaf.dtype);
  }, theta);
}
