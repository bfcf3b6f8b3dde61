/**
 * Jumps that a trajectory itself runs over: where a flow's field jumps (contacts, comparisons, sign), the motion changes
 * although derivatives see nothing, and products of Jacobians miss what the jump does to neighbouring trajectories (they
 * cross it earlier or later: the saltation matrix of Aizerman and Gantmakher 1958; Müller 1995).
 *
 *     d_t = s_t - s_{t-1},   F_t(s_t) - F_t(s_{t-1}) = mean of the Jacobian between them, times d_t
 *
 * For a smooth step the trapezoid rule ½ (A(s_{t-1}) + A(s_t)) d_t gives that to second order in the step size. What it
 * misses, each number in units of the largest motion that it makes, is small for a flow, and of the order of 1 at a jump.
 * A small change of the state in a random direction (`derivativeMismatch`) finds a jump only if it happens to lie there.
 */
import { type Key, type Tensor, linalg, np, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { lineFit, median } from "../numerics/index.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  defaultExecutor,
  splitFloats,
} from "../unroll/index.ts";
import {
  type Point,
  differentiated,
  flatRows,
  pushStep,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";

export interface MotionJumpsOptions {
  /** Default `random.key(0)`. */
  key?: Key;
  /** Steps that are looked at. Default 1000, or what the horizon leaves after the burn-in. */
  steps?: number;
  /** Steps before those. Default 0. */
  burnIn?: number;
  /** Time per step, for `rate`. Default 1. */
  dt?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface MotionJumps {
  /**
   * Successive motions differ by less than a fifth (the median of all steps): the states are those of a flow, not of a
   * map, whose jumps are between its states and do not harm its exponents.
   */
  isFlow: boolean;
  /** Every step is the same function: no noise, no batches, no dependence on t. */
  isAutonomous: boolean;
  /** [steps - 1]: what derivatives miss of the change of motion, in units of the largest motion; from the second step on. */
  missed: Float64Array;
  /** Steps (the first of the trajectory is 0) of a flow that run over a jump: more than 0.02 is missed. */
  jumps: number[];
  /**
   * Slope of ln |d_t| per unit of time, up to where motion is rounding: 0 for a flow that neither rests nor escapes. NaN
   * where less than ten steps move.
   */
  rate: number;
}

/** Motion that derivatives may miss at most. A smooth flow misses about (step size × frequency)² / 12. */
const largestMiss = 0.02;
/** Successive motions of a flow differ by less. */
const largestTurn = 0.2;
/** Rounding of two evaluations of the same step, and motion that may be nothing else, beside the largest motion. */
const rounding = 1e-9;
/** Steps that a slope takes. */
const fewestSteps = 10;
/** In place of a motion of length 0. */
const smallest = 1e-300;

interface Motion {
  /** The state one step before, floats only. */
  previous: Tensor[];
  point: Point;
}

interface SizeCarry extends Motion {
  sizes: Tensor;
}

interface Carry extends Motion {
  missed: Tensor;
  turn: Tensor;
  drift: Tensor;
  logSpeed: Tensor;
}

/** Looks along one trajectory, twice. Cost per step: six steps and two jvps. */
export function motionJumps<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: MotionJumpsOptions = {},
): MotionJumps {
  requireKnownOptions("motionJumps", options, ["key", "steps", "burnIn", "dt", "executor"]);
  const where = "motionJumps";
  const { key = random.key(0), burnIn = 0, dt = 1, executor = defaultExecutor() } = options;
  const steps = options.steps ?? Math.min(1000, problem.horizon - burnIn);
  requireInteger(where, "burnIn", burnIn, 0);
  requireInteger(where, "steps", steps, 2);
  requirePositive(where, "dt", dt);
  const { erased, wide } = differentiated(where, problem, theta, key);
  const length = burnIn + steps;
  requireSteps(where, "burnIn + steps", length, erased);
  const unit = { key: trajectoryKeys(key, 1) };
  const seen = executor.forward(sizeProgram(erased, burnIn, length), { theta: wide as unknown }, unit);
  const sizes = np.array(Float64Array.from(seen.each.sizes.data, (size) => (size > 0 ? size : 1)));
  const { history } = executor.forward(
    motionProgram(erased, length),
    { theta: wide as unknown, sizes },
    unit,
  );
  // The motion of the first step has none before it.
  const kept = history.slice(Math.max(burnIn, 1));
  const of = (name: keyof Carry): Float64Array => Float64Array.from(kept, (one) => one[name]!.data[0]!);
  const missed = of("missed");
  const isFlow = median(of("turn")) <= largestTurn;
  return {
    isFlow,
    isAutonomous: of("drift").every((value) => value <= rounding),
    missed,
    jumps: [...missed.keys()]
      .filter((i) => isFlow && missed[i]! > largestMiss)
      .map((i) => i + Math.max(burnIn, 1)),
    rate: slopeOf(of("logSpeed")) / dt,
  };
}

/** Per step, up to the first motion that is rounding beside the largest; NaN where those are too few. */
function slopeOf(logSpeeds: Float64Array): number {
  const rest = logSpeeds.findIndex((value) => !(value > Math.log(rounding)));
  const moving = rest < 0 ? logSpeeds : logSpeeds.subarray(0, rest);
  return moving.length < fewestSteps ? NaN : lineFit([...moving.entries()]).slope;
}

type Forward<Shared, C, Each> = ForwardProgram<Shared, { key: Key }, object, object, C, object, Each>;

/** Largest motion of each number of the state after the burn-in, float64 [S]. */
function sizeProgram(
  problem: ErasedProblem,
  burnIn: number,
  length: number,
): Forward<{ theta: unknown }, SizeCarry, { sizes: Tensor }> {
  return {
    name: "motionSizes",
    length,
    begin({ theta }, { key }) {
      const start = motionStart(problem, theta, key);
      const sizes = np.zeros([flat(start.previous).size], { dtype: "float64" });
      return { members: [{ constant: {}, carry: { ...start, sizes } }], kept: {} };
    },
    step({ theta }, _constant, { point, sizes }) {
      const { state } = advance(problem, theta, point.state, point.t, point.key);
      const [previous, next] = [splitFloats(point.state).floats, splitFloats(state).floats];
      const motion = np.abs(flat(next).sub(flat(previous))).reshape([-1]);
      return {
        previous,
        point: { state, t: point.t.add(1), key: point.key },
        sizes: np.where(point.t.greaterEqual(burnIn), np.maximum(sizes, motion), sizes),
      };
    },
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: { sizes: members[0]!.carry.sizes } }),
  };
}

function motionProgram(
  problem: ErasedProblem,
  length: number,
): Forward<{ theta: unknown; sizes: Tensor }, Carry, object> {
  const zero = (): Tensor => np.zeros([], { dtype: "float64" });
  return {
    name: "motionJumps",
    length,
    begin({ theta }, { key }) {
      const rest = { missed: zero(), turn: zero(), drift: zero(), logSpeed: zero() };
      return {
        members: [{ constant: {}, carry: { ...motionStart(problem, theta, key), ...rest } }],
        kept: {},
      };
    },
    step({ theta, sizes }, _constant, { previous, point }) {
      const { floats, rebuild } = splitFloats(point.state);
      const rows = flat(floats).sub(flat(previous));
      const here = pushStep(problem, theta, point, { rows });
      // The same step from the state before, with the counters and keys of now.
      const before = pushStep(problem, theta, { ...point, state: rebuild([...previous]) }, { rows });
      const [now, next, again] = [point, here.point, before.point].map(({ state }) =>
        flat(splitFloats(state).floats),
      ) as [Tensor, Tensor, Tensor];
      const change = next.sub(again);
      const miss = change.sub(here.rows.add(before.rows).mul(0.5)).div(sizes);
      const speed = linalg.vectorNorm(next.sub(now).div(sizes));
      const scale = np.maximum(linalg.vectorNorm(rows.div(sizes)), tree.scalar(smallest, "float64"));
      return {
        previous: floats,
        point: here.point,
        missed: np.abs(miss).max(),
        turn: linalg.vectorNorm(next.sub(now).sub(rows).div(sizes)).div(scale),
        drift: np.abs(again.sub(now).div(sizes)).max(),
        logSpeed: np.log(speed),
      };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ missed, turn, drift, logSpeed }) => ({ missed, turn, drift, logSpeed }),
  };
}

function motionStart(problem: ErasedProblem, theta: unknown, key: Key): Motion {
  const point = startPoint(problem, theta, key);
  return { previous: splitFloats(point.state).floats, point };
}

/** All numbers in one row, float64 [1, S]. */
function flat(leaves: readonly Tensor[]): Tensor {
  return flatRows(leaves.map((leaf) => leaf.reshape([1, ...leaf.shape]))).astype("float64");
}
