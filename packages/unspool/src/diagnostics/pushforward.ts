/**
 * Tangents along a trajectory: what all diagnostics that look at derivatives are made of. A state is seen as one
 * vector of its floating-point leaves, everything is computed in float64, and state and tangents meet the same noise.
 */
import { type Key, type Tensor, jvp, np, random, tree, vmap } from "../array/index.ts";
import { NonFiniteError, OptionError, requireInteger } from "../errors.ts";
import {
  type ErasedProblem,
  type Problem,
  advance,
  eraseProblem,
  initialState,
  splitFloats,
} from "../unroll/index.ts";

/** Where a trajectory stands. */
export interface Point {
  state: unknown;
  /** int32: steps done. */
  t: Tensor;
  /** uint32[2]: key of the trajectory. */
  key: Key;
}

/** Several directions: of the state, and of theta where they are wanted. */
export interface Directions {
  /** float64 [directions, state size]. */
  rows: Tensor;
  /** A tree like theta with a leading axis of directions. */
  theta?: unknown;
}

export interface Pushed {
  point: Point;
  /** float64. */
  loss: Tensor;
  /** A times the rows, plus B times theta's directions: float64 [directions, state size]. */
  rows: Tensor;
  /** Derivatives of the loss along the directions, float64 [directions]. */
  lossRow: Tensor;
}

/** Steps the state and pushes the directions through the derivative of the step. */
export function pushStep(
  problem: ErasedProblem,
  theta: unknown,
  { state, t, key }: Point,
  directions: Directions,
): Pushed {
  const { floats, rebuild } = splitFloats(state);
  const step = (thetaNow: unknown, moved: Tensor[]): [Tensor[], Tensor] => {
    const next = advance(problem, thetaNow, rebuild(moved), t, key);
    return [splitFloats(next.state).floats, next.loss];
  };
  const rows = leafRows(directions.rows, floats);
  const [pushed, lossRow] =
    directions.theta === undefined
      ? vmap((moved: Tensor[]) => jvp((x: Tensor[]) => step(theta, x), [floats], [moved])[1])(rows)
      : vmap((along: unknown, moved: Tensor[]) => jvp(step, [theta, floats], [along, moved])[1])(
          directions.theta,
          rows,
        );
  const next = advance(problem, theta, state, t, key);
  return {
    point: { state: next.state, t: t.add(1), key },
    loss: next.loss.astype("float64"),
    rows: flatRows(pushed),
    lossRow: lossRow.astype("float64"),
  };
}

/** The first state, and what theta's directions do to it: float64 [directions, state size]. */
export function pushStart(problem: ErasedProblem, theta: unknown, key: Key, along: unknown): Tensor {
  const start = (thetaNow: unknown): Tensor[] => splitFloats(initialState(problem, thetaNow, key)).floats;
  return flatRows(vmap((direction: unknown) => jvp(start, [theta], [direction])[1])(along));
}

export function startPoint(problem: ErasedProblem, theta: unknown, key: Key): Point {
  return { state: initialState(problem, theta, key), t: tree.scalar(0, "int32"), key };
}

/** Leaves with a leading axis of directions as one matrix [directions, size]. */
export function flatRows(leaves: readonly Tensor[]): Tensor {
  const rows = leaves.map((leaf) => leaf.reshape([leaf.shape[0]!, -1]));
  return rows.length === 1 ? rows[0]! : np.concatenate(rows, 1);
}

/** The inverse of `flatRows`. */
export function leafRows(flat: Tensor, floats: readonly Tensor[]): Tensor[] {
  let offset = 0;
  return floats.map((leaf) => {
    const part = floats.length === 1 ? flat : flat.slice([], [offset, offset + leaf.size]);
    offset += leaf.size;
    return part.reshape([flat.shape[0]!, ...leaf.shape]);
  });
}

/** The rows of a matrix [directions, |theta|] as a tree like theta with a leading axis. */
export function leavesOfRows(theta: unknown, rows: Tensor): unknown {
  return tree.unflatten(theta, leafRows(rows, tree.leaves(theta)));
}

/** 1 if all floating-point leaves are finite, else 0, as a bool scalar. */
export function isFiniteState(state: unknown): Tensor {
  const sums = splitFloats(state).floats.map((leaf) => np.isfinite(leaf).all());
  return sums.reduce((all, one) => np.logicalAnd(all, one));
}

/** What a diagnostic of derivatives looks at. */
export interface Differentiated<Theta> {
  erased: ErasedProblem;
  /** Theta in float64. */
  wide: Theta;
  /** Numbers in the floating-point leaves of the state. */
  size: number;
}

/** Where such a diagnostic begins. Throws `OptionError` unless the problem has derivatives and a state to differentiate. */
export function differentiated<Theta, State, Batch>(
  where: string,
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  key: Key,
): Differentiated<Theta> {
  const erased = eraseProblem(problem);
  requireDifferentiable(where, erased);
  const wide = wideTheta(theta);
  return { erased, wide, size: stateSize(where, erased, wide, key) };
}

/** Theta with its floating-point leaves in float64. Concrete. */
export function wideTheta<Theta>(theta: Theta): Theta {
  return tree.map(
    (leaf) =>
      leaf.dtype === "float32" ? np.array(Float64Array.from(leaf.data), { shape: leaf.shape }) : leaf,
    theta,
  );
}

/** Keys of trajectories, [count, 2]: of the `i`-th it is `foldIn(key, i)`, or of all `foldIn(key, 0)`. */
export function trajectoryKeys(key: Key, count: number, isCommon = false): Tensor {
  const keys = Array.from({ length: count }, (_, i) => random.foldIn(key, isCommon ? 0 : i));
  return np.array(Uint32Array.from(keys.flatMap((one) => [...one.data])), { shape: [count, 2] });
}

/** Numbers in the floating-point leaves of the state. */
function stateSize(where: string, problem: ErasedProblem, theta: unknown, key: Key): number {
  const size = splitFloats(initialState(problem, theta, key)).floats.reduce(
    (sum, leaf) => sum + leaf.size,
    0,
  );
  if (size === 0) {
    throw new OptionError(where, "problem", problem.name, "one whose state has floating-point numbers");
  }
  return size;
}

function requireDifferentiable(where: string, problem: ErasedProblem): void {
  if (problem.isDifferentiable) return;
  throw new OptionError(where, "problem", problem.name, "differentiable", "Its isDifferentiable is false.");
}

/** Steps of a trajectory: at most the horizon. */
export function requireSteps(where: string, option: string, steps: number, problem: ErasedProblem): void {
  requireInteger(where, option, steps, 1);
  if (steps > problem.horizon) {
    throw new OptionError(where, option, steps, `at most the horizon ${problem.horizon}`);
  }
}

/** Throws for the first step after which a state was not finite; `firstBad` holds -1 where all were. */
export function requireFiniteStates(where: string, firstBad: ArrayLike<number>): void {
  for (let trial = 0; trial < firstBad.length; trial++) {
    const step = firstBad[trial]!;
    if (step < 0) continue;
    throw new NonFiniteError(
      where,
      `the state of trial ${trial} is not finite after inner step ${step} (the first is 0). ` +
        "Try fewer steps or a smaller step size.",
      { trial, step },
    );
  }
}

/** The step of the first state that was not finite, -1 while all are. */
export function firstBadStep(firstBad: Tensor, { state, t }: Point): Tensor {
  const isNew = np.logicalAnd(firstBad.less(0), np.logicalNot(isFiniteState(state)));
  return np.where(isNew, t.sub(1), firstBad);
}
