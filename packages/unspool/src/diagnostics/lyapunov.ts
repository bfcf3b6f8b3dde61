/**
 * Lyapunov exponents by Benettin's method: a frame of m directions is pushed through the derivative of each step and
 * made orthonormal again, and the logarithms of what is taken out are averaged.
 *
 *     W = A_t V,   W = Q R with R_jj > 0,   V <- Q,   lambda_j = mean over steps of ln R_jj
 *
 * Benettin, Galgani, Giorgilli and Strelcyn 1980; the use for unrolled systems: Metz, Freeman, Schoenholz and
 * Kachman 2021. A positive first exponent: gradients through the loop grow as exp(lambda_1 T).
 */
import { type Key, type Tensor, linalg, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requirePositive, requireKnownOptions } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  defaultExecutor,
} from "../unroll/index.ts";
import { averages, falling, runningAverages } from "./exponentAverages.ts";
import { flowWarnings } from "./flowWarnings.ts";
import { kaplanYorkeDimension } from "./kaplanYorkeDimension.ts";
import { type MotionJumps, motionJumps } from "./motionJumps.ts";
import { orthonormalRows } from "./orthonormalRows.ts";
import {
  type Point,
  differentiated,
  firstBadStep,
  pushStep,
  requireFiniteStates,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";

export interface LyapunovOptions {
  /** Source of the trajectories' keys and of the first directions. Default `random.key(0)`. */
  key?: Key;
  /** Steps that are averaged. Default 10,000, or what the horizon leaves after the burn-in. */
  steps?: number;
  /** Steps before those. Default 500; 0 for a problem with a horizon, where the transient is the object. */
  burnIn?: number;
  /** How many of the largest, m. Default: 4, or the size of the state if that is smaller. */
  exponents?: number;
  /** Steps between two orthonormalisations; growth must stay below 1e6 in between. Default 1. */
  qrEvery?: number;
  /** Trajectories. Default 1. */
  trials?: number;
  /**
   * Time per step: exponents are per unit of time. Where it is given, the problem may be a flow, and `warnings` tells jumps
   * of its field (`motionJumps`, up to 5000 steps of the first trial). Default 1.
   */
  dt?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface LyapunovResult {
  /** [m], in natural logarithms per step (or per unit of time with `dt`), averaged over trials; falling. */
  exponents: Float64Array;
  /** [m]: from means of 20 blocks of steps for one trial, from the trials if there are several. */
  standardErrors: Float64Array;
  /** [trials][m]. */
  perTrial: Float64Array[];
  /** Averages up to a step, at most 200 of them, for the picture of their convergence: [m] each, over all trials. */
  running: { step: number; exponents: Float64Array }[];
  /** Sum of the exponents that were computed. */
  sum: number;
  /**
   * Mean of ln|det A| by LU factors, per step or unit of time: equal to `sum` but for rounding. Computed if m is the
   * size of the state and at most 16; else undefined.
   */
  logDeterminantMean: number | undefined;
  /** Dimension of the attractor by `kaplanYorkeDimension`; undefined where that takes more exponents than were computed. */
  dimension: number | undefined;
  /** Numbers in the state, S. */
  stateSize: number;
  /** First step that counts, and how many do. */
  burnIn: number;
  steps: number;
  dt: number;
  /** The problem has a horizon: these are exponents of a finite stretch of it, transient and all. */
  isFiniteTime: boolean;
  /** What makes the exponents of a flow doubtful, a sentence each; looked for where `dt` is given. */
  warnings: string[];
}

interface Unit {
  key: Key;
}

interface Carry {
  point: Point;
  /** [m, S] orthonormal. */
  frame: Tensor;
  /** [m]: ln R_jj of the last group of steps. */
  logs: Tensor;
  /** ln|det A| of the last group of steps. */
  logDeterminant: Tensor;
  firstBad: Tensor;
}

type LyapunovProgram = ForwardProgram<
  { theta: unknown; frameKey: Key },
  Unit,
  object,
  { spare: Tensor },
  Carry,
  object,
  { firstBad: Tensor }
>;

/** Most steps that are searched for jumps. */
const motionSteps = 5000;
/** Largest state for which the determinant is computed. */
const largestDeterminant = 16;

/**
 * The m largest Lyapunov exponents of a problem at theta. A direction that the step annihilates counts as -Infinity
 * and is replaced by a fresh one. Cost per step: m jvps, and m² S for the orthonormalisation.
 *
 * @example
 * const { exponents } = lyapunov(problem, theta, { steps: 2000 });
 */
export function lyapunov<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: LyapunovOptions = {},
): LyapunovResult {
  requireKnownOptions("lyapunov", options, [
    "key",
    "steps",
    "burnIn",
    "exponents",
    "qrEvery",
    "trials",
    "dt",
    "executor",
  ]);
  const where = "lyapunov";
  const isFiniteTime = problem.horizon !== Infinity;
  const { key = random.key(0), burnIn = isFiniteTime ? 0 : 500, qrEvery = 1, trials = 1, dt = 1 } = options;
  const { erased, wide, size } = differentiated(where, problem, theta, key);
  requireInteger(where, "burnIn", burnIn, 0);
  requireInteger(where, "qrEvery", qrEvery, 1);
  requireInteger(where, "trials", trials, 1);
  requirePositive(where, "dt", dt);
  const executor = options.executor ?? defaultExecutor();
  const count = options.exponents ?? Math.min(size, 4);
  requireInteger(where, "exponents", count, 1);
  if (count > size) throw new OptionError(where, "exponents", count, `at most the size of the state ${size}`);
  const steps = options.steps ?? Math.min(10_000, problem.horizon - burnIn);
  requireInteger(where, "steps", steps, 1);
  requireSteps(where, "burnIn + steps", burnIn + steps, erased);
  if (burnIn % qrEvery !== 0 || steps % qrEvery !== 0) {
    throw new OptionError(where, "qrEvery", qrEvery, `a divisor of burnIn ${burnIn} and steps ${steps}`);
  }

  const motionOf = (most: number): MotionJumps =>
    motionJumps(problem, theta, { key, burnIn, dt, executor, steps: Math.min(most, motionSteps) });
  const hasDeterminant = count === size && size <= largestDeterminant;
  const program = lyapunovProgram(erased, {
    count,
    size,
    qrEvery,
    length: (burnIn + steps) / qrEvery,
    hasDeterminant,
  });
  const shared = { theta: wide as unknown, frameKey: random.foldIn(key, "frame") };
  const { each, history } = executor.forward(program, shared, { key: trajectoryKeys(key, trials) });
  requireFiniteStates(where, each.firstBad.data);
  const kept = history.slice(burnIn / qrEvery);
  const perUnit = 1 / (qrEvery * dt);
  const logs = kept.map((record) => record["logs"]!.data);
  const found = averages(logs, trials, count, perUnit);
  const order = falling(found.mean);
  const sorted = (values: Float64Array): Float64Array => Float64Array.from(order, (j) => values[j]!);
  const whole = { exponents: sorted(found.mean), standardErrors: sorted(found.standardError) };
  const about = { stateSize: size, steps, dt };
  return {
    ...whole,
    perTrial: found.perTrial.map(sorted),
    running: runningAverages(logs, trials, count, perUnit, qrEvery).map((point) => ({
      ...point,
      exponents: sorted(point.exponents),
    })),
    sum: found.mean.reduce((sum, value) => sum + value, 0),
    logDeterminantMean: hasDeterminant
      ? averages(
          kept.map((record) => record["logDeterminant"]!.data),
          trials,
          1,
          perUnit,
        ).mean[0]!
      : undefined,
    dimension: dimensionOf(whole.exponents, size),
    ...about,
    burnIn,
    isFiniteTime,
    warnings:
      options.dt === undefined || steps < 2 ? [] : flowWarnings({ ...whole, ...about }, motionOf(steps)),
  };
}

function dimensionOf(exponents: Float64Array, stateSize: number): number | undefined {
  const sum = exponents.reduce((total, value) => total + value, 0);
  const isKnown = exponents.length === stateSize || sum < 0;
  return isKnown ? kaplanYorkeDimension(exponents, { stateSize }) : undefined;
}

interface Shape {
  count: number;
  size: number;
  qrEvery: number;
  length: number;
  hasDeterminant: boolean;
}

function lyapunovProgram(
  problem: ErasedProblem,
  { count, size, qrEvery, length, hasDeterminant }: Shape,
): LyapunovProgram {
  return {
    name: "lyapunov",
    length,
    begin({ theta, frameKey }, { key }) {
      const draw = (name: string): Tensor =>
        random.normal(random.foldIn(random.foldIn(frameKey, name), key.slice(1)), [count, size], {
          dtype: "float64",
        });
      const spare = draw("spare");
      const carry: Carry = {
        point: startPoint(problem, theta, key),
        frame: orthonormalRows(draw("first"), spare).rows,
        logs: np.zeros([count], { dtype: "float64" }),
        logDeterminant: np.zeros([], { dtype: "float64" }),
        firstBad: tree.scalar(-1, "int32"),
      };
      return { members: [{ constant: { spare }, carry }], kept: {} };
    },
    step({ theta }, { spare }, carry) {
      let { point, firstBad } = carry;
      let rows = carry.frame;
      for (let i = 0; i < qrEvery; i++) {
        const pushed = pushStep(problem, theta, point, { rows });
        [point, rows] = [pushed.point, pushed.rows];
        firstBad = firstBadStep(firstBad, point);
      }
      const { rows: frame, logs } = orthonormalRows(rows, spare);
      // The frame is orthogonal: |det(A V)| = |det A|.
      const logDeterminant = hasDeterminant ? linalg.slogdet(rows)[1] : carry.logDeterminant;
      return { point, frame, logs, logDeterminant, firstBad };
    },
    finish: (_shared, unit, members) => ({
      unit,
      mean: {},
      each: { firstBad: members[0]!.carry.firstBad },
    }),
    record: ({ logs, logDeterminant }) => (hasDeterminant ? { logs, logDeterminant } : { logs }),
  };
}
