/** The derivative of one step with respect to the state, A_t = d s_{t+1} / d s_t, column by column from jvps. */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  defaultExecutor,
  initialState,
} from "../unroll/index.ts";
import {
  type Point,
  differentiated,
  pushStep,
  startPoint,
  trajectoryKeys,
  wideTheta,
} from "./pushforward.ts";
import type { SquareMatrix } from "../numerics/index.ts";

export interface StateJacobianOptions {
  /** Source of the trajectory's key, which is its `foldIn` with 0. Default `random.key(0)`. */
  key?: Key;
  /** Steps done before the one that is differentiated. Default 0. */
  t?: number;
  /** A state to differentiate at. Default: that of the trajectory after `t` steps. */
  state?: unknown;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface StateJacobiansOptions extends Pick<StateJacobianOptions, "key" | "executor"> {
  /** Steps done before each of the steps that are differentiated. */
  times: readonly number[];
}

/**
 * The Jacobian [S, S] of the step at one state: `entries[i * size + j]` is d s'_i / d s_j, in the order of the state's
 * leaves. Cost: t steps and S jvps.
 *
 * @example
 * const { spectralRadius } = jacobianSpectrum(stateJacobian(problem, theta, { t: 100 }));
 */
export function stateJacobian<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: StateJacobianOptions = {},
): SquareMatrix {
  requireKnownOptions("stateJacobian", options, ["key", "t", "state", "executor"]);
  const { t = 0, state, ...rest } = options;
  const at = state === undefined ? {} : { state };
  return jacobians("stateJacobian", problem, theta, { ...rest, ...at, times: [t] })[0]!;
}

/** The Jacobians along one trajectory, in the order of `times`. Cost: as `stateJacobian`, for each of them. */
export function stateJacobians<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: StateJacobiansOptions,
): SquareMatrix[] {
  requireKnownOptions("stateJacobians", options, ["times", "executor", "key"]);
  return jacobians("stateJacobians", problem, theta, options);
}

interface Unit {
  key: Key;
  /** int32: steps before the Jacobian. */
  t: Tensor;
  state?: unknown;
}

type JacobianProgram = ForwardProgram<
  { theta: unknown },
  Unit,
  object,
  { t: Tensor },
  Point,
  object,
  { columns: Tensor }
>;

function jacobians<Theta, State, Batch>(
  where: string,
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: StateJacobiansOptions & { state?: unknown },
): SquareMatrix[] {
  const { key = random.key(0), times, state } = options;
  const { erased, wide, size } = differentiated(where, problem, theta, key);
  if (times.length === 0)
    throw new OptionError(where, "times", times, "a list of at least one number of steps");
  for (const t of times) {
    requireInteger(where, "t", t, 0);
    if (t >= problem.horizon) throw new OptionError(where, "t", t, `below the horizon ${problem.horizon}`);
  }
  const units: Unit = {
    key: trajectoryKeys(key, times.length, true),
    t: np.array([...times], { dtype: "int32" }),
    ...(state === undefined ? {} : { state: givenState(where, erased, wide, key, state) }),
  };
  const program = jacobianProgram(erased, size, state === undefined ? Math.max(...times) : 0);
  const { each } = (options.executor ?? defaultExecutor()).forward(program, { theta: wide }, units);
  return times.map((t, i) => {
    const columns = each.columns.data.subarray(i * size * size, (i + 1) * size * size);
    if (!columns.every((value) => Number.isFinite(value))) {
      throw new NonFiniteError(where, `the Jacobian after ${t} steps is not finite.`, { step: t });
    }
    const entries = new Float64Array(size * size);
    for (let j = 0; j < size; j++) {
      for (let row = 0; row < size; row++) entries[row * size + j] = columns[j * size + row]!;
    }
    return { size, entries };
  });
}

function jacobianProgram(problem: ErasedProblem, size: number, length: number): JacobianProgram {
  return {
    name: "stateJacobians",
    length,
    begin({ theta }, { key, t, state }) {
      const point = startPoint(problem, theta, key);
      // With a state of its own a unit stands at its t at once.
      const carry = state === undefined ? point : { state, t, key };
      return { members: [{ constant: { t }, carry }], kept: {} };
    },
    step({ theta }, constant, point) {
      const next = advance(problem, theta, point.state, point.t, point.key);
      const isThere = point.t.equal(constant.t);
      const stay = (now: Tensor, later: Tensor): Tensor => np.where(isThere, now, later);
      return {
        state: tree.map(stay, point.state, next.state),
        t: stay(point.t, point.t.add(1)),
        key: point.key,
      };
    },
    finish({ theta }, unit, members) {
      const basis = np.eye(size, size, { dtype: "float64" });
      const { rows } = pushStep(problem, theta, members[0]!.carry, { rows: basis });
      return { unit, mean: {}, each: { columns: rows } };
    },
  };
}

/** A state as the problem starts from, in its dtypes, with a leading axis of 1. */
function givenState(
  where: string,
  problem: ErasedProblem,
  theta: unknown,
  key: Key,
  state: unknown,
): unknown {
  const like = initialState(problem, theta, key);
  const wide = wideTheta(tree.tensors(state as object, "float64")) as unknown;
  tree.requireSame(where, "state", like, wide);
  return tree.map(
    (leaf: Tensor) => np.array(leaf.data, { shape: [1, ...leaf.shape], dtype: leaf.dtype }),
    wide,
  );
}
