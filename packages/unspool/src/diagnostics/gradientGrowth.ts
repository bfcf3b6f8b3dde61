/**
 * How the derivatives of states and losses with respect to theta grow along a trajectory, in forward mode:
 *
 *     J_t = A_t J_{t-1} + B_t,   |J_t| and |d l_t / d theta| for t = 1 … T
 *
 * Metz, Freeman, Schoenholz and Kachman 2021. The slope of ln|J_t| is the largest Lyapunov exponent where that is
 * positive; where it is not, J_t levels off or grows linearly.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  defaultExecutor,
} from "../unroll/index.ts";
import { horizonOfGrowth, roundings } from "./closedForms/index.ts";
import { firstBeyond, growthBeyondNeutral } from "./growthBeyondNeutral.ts";
import { lineFit } from "../numerics/index.ts";
import {
  type Point,
  differentiated,
  firstBadStep,
  leavesOfRows,
  pushStart,
  pushStep,
  requireFiniteStates,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";
import { type ScaledRows, inverseScale, logNorm, logSizes, rescaled, unscaled } from "./scaledTangents.ts";

export interface GradientGrowthOptions {
  /** Source of the trajectories' keys and of random directions. Default `random.key(0)`. */
  key?: Key;
  /** Steps of the trajectory, T. Default: the horizon, or 1000. */
  steps?: number;
  /**
   * Random directions in theta, each one jvp per step; norms are then estimates. Default: all of theta exactly for up to
   * 64 numbers, else 4 random ones, among which the leaves of theta are dealt out.
   */
  directions?: number;
  /** Trajectories. Default 1. */
  trials?: number;
  /** Growth beyond which a gradient is of no use: that of `usableHorizon`. Default 1000. */
  largestGrowth?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface GradientGrowthResult {
  /** [T]: ln of the norm of d s_t / d theta after step t = 1 … T, averaged over trials; -Infinity for zeros. */
  logStateNorms: Float64Array;
  /** [T]: ln of the norm of d l_t / d theta. */
  logLossNorms: Float64Array;
  /**
   * [T]: ln of the exponential growth of d l_t / d theta, beyond the powers of t that a neutral loop gathers, in the
   * direction of theta where that is largest. It has no units: neither those of the state nor those of theta or the loss.
   */
  logLossGrowth: Float64Array;
  /** [T]: mean over trials of the loss of each step. */
  losses: Float64Array;
  /** Slopes per step of the two, fitted over the last half; 0 where nothing depends on theta. */
  stateRate: number;
  lossRate: number;
  /**
   * First step after which |d l_t / d theta| has grown exponentially by more than `largestGrowth`; Infinity if it has
   * not after any.
   */
  usableHorizon: number;
  /**
   * Steps after which rounding of a state in float32 and float64, grown at the rate of the states, is as large as the
   * state: trajectories and their exact gradients beyond are artefacts. Infinity if nothing grows.
   */
  precisionHorizon: { float32: number; float64: number };
  /** Directions in theta that were pushed. */
  directions: number;
  /** The directions are all of theta: norms are exact. */
  isExact: boolean;
  steps: number;
  trials: number;
}

/** Largest theta whose directions are all pushed. */
const largestExact = 64;
const randomDirections = 4;

interface Carry {
  point: Point;
  tangents: ScaledRows;
  logState: Tensor;
  logLoss: Tensor;
  /** [directions]: ln of the size of the loss's derivative along each. */
  logLossRows: Tensor;
  loss: Tensor;
  firstBad: Tensor;
}

type Recorded = Pick<Carry, "logState" | "logLoss" | "logLossRows" | "loss">;

type GrowthProgram = ForwardProgram<
  { theta: unknown; along: unknown },
  { key: Key },
  object,
  object,
  Carry,
  object,
  { firstBad: Tensor }
>;

/**
 * Growth of gradients along the unroll at theta. Norms survive any growth: they are logarithms. Cost per step and
 * trial: one jvp per direction.
 *
 * @example
 * const { lossRate, usableHorizon } = gradientGrowth(problem, theta, { steps: 500 });
 */
export function gradientGrowth<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: GradientGrowthOptions = {},
): GradientGrowthResult {
  requireKnownOptions("gradientGrowth", options, [
    "key",
    "steps",
    "directions",
    "trials",
    "largestGrowth",
    "executor",
  ]);
  const where = "gradientGrowth";
  const { key = random.key(0), trials = 1, largestGrowth = 1e3 } = options;
  const { erased, wide } = differentiated(where, problem, theta, key);
  const steps = options.steps ?? Math.min(problem.horizon, 1000);
  requireSteps(where, "steps", steps, erased);
  requireInteger(where, "trials", trials, 1);
  if (!(largestGrowth > 1)) throw new OptionError(where, "largestGrowth", largestGrowth, "a number above 1");
  const size = tree.size(wide);
  const isExact = options.directions === undefined && size <= largestExact;
  const directions = isExact ? size : (options.directions ?? randomDirections);
  requireInteger(where, "directions", directions, 1);

  const rows = isExact
    ? np.eye(size, size, { dtype: "float64" })
    : randomRows(random.foldIn(key, "directions"), directions, wide);
  const shared = { theta: wide as unknown, along: leavesOfRows(wide, rows) };
  const executor = options.executor ?? defaultExecutor();
  const { each, history } = executor.forward(growthProgram(erased, directions, steps), shared, {
    key: trajectoryKeys(key, trials),
  });
  requireFiniteStates(where, each.firstBad.data);
  const meanOf = (name: keyof Recorded): Float64Array =>
    Float64Array.from(history, (record) => {
      let sum = 0;
      for (const value of record[name]!.data) sum += value;
      return sum / trials;
    });
  const growths = Array.from({ length: directions }, (_, d) =>
    growthBeyondNeutral(Float64Array.from(history, (record) => alongDirection(record["logLossRows"]!, d))),
  );
  const logLossGrowth = growths[0]!.map((_, t) =>
    growths.reduce((most, one) => Math.max(most, one[t]!), -Infinity),
  );
  const [logStateNorms, logLossNorms] = [meanOf("logState"), meanOf("logLoss")];
  const stateRate = tailSlope(logStateNorms);
  const precision = (rounding: number): number => horizonOfGrowth(stateRate, 1 / rounding);
  return {
    logStateNorms,
    logLossNorms,
    logLossGrowth,
    losses: meanOf("loss"),
    stateRate,
    lossRate: tailSlope(logLossNorms),
    usableHorizon: firstBeyond(logLossGrowth, Math.log(largestGrowth)),
    precisionHorizon: { float32: precision(roundings.float32), float64: precision(roundings.float64) },
    directions,
    isExact,
    steps,
    trials,
  };
}

/**
 * Gaussian directions [count, |theta|], scaled so that the norm of their images estimates the Frobenius norm. Leaves are
 * dealt out among the directions, so that one in large units does not hide the others.
 */
function randomRows(key: Key, count: number, theta: unknown): Tensor {
  const leaves = tree.leaves(theta);
  const groups = Math.min(leaves.length, count);
  const owners = leaves.flatMap((leaf, i) => Array.from({ length: leaf.size }, () => i % groups));
  const shares = Array.from({ length: groups }, (_, g) => Math.ceil((count - g) / groups));
  const draw = random.normal(key, [count, owners.length], { dtype: "float64" }).data;
  const rows = Float64Array.from(draw, (value, at) => {
    const group = owners[at % owners.length]!;
    const isIn = Math.floor(at / owners.length) % groups === group;
    return isIn ? value / Math.sqrt(shares[group]!) : 0;
  });
  return np.array(rows, { shape: [count, owners.length] });
}

/** Mean over the trials in which it is not zero, of ln of the derivative along one direction. */
function alongDirection({ data, shape }: Tensor, direction: number): number {
  const count = shape.at(-1)!;
  const logs = Array.from({ length: data.length / count }, (_, trial) => data[trial * count + direction]!);
  const known = logs.filter((value) => value > -Infinity);
  return known.length === 0 ? -Infinity : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function growthProgram(problem: ErasedProblem, directions: number, length: number): GrowthProgram {
  const zero = (): Tensor => np.zeros([], { dtype: "float64" });
  return {
    name: "gradientGrowth",
    length,
    begin({ theta, along }, { key }) {
      const carry: Carry = {
        point: startPoint(problem, theta, key),
        tangents: unscaled(pushStart(problem, theta, key, along)),
        logState: zero(),
        logLoss: zero(),
        logLossRows: np.zeros([directions], { dtype: "float64" }),
        loss: zero(),
        firstBad: tree.scalar(-1, "int32"),
      };
      return { members: [{ constant: {}, carry }], kept: {} };
    },
    step({ theta, along }, _constant, { point, tangents, firstBad }) {
      const inverse = inverseScale(tangents);
      const pushed = pushStep(problem, theta, point, {
        rows: tangents.rows,
        theta: tree.map((leaf: Tensor) => leaf.mul(inverse), along),
      });
      const next = { rows: pushed.rows, exponent: tangents.exponent };
      return {
        point: pushed.point,
        tangents: rescaled(next),
        logState: logNorm(next.rows, next),
        logLoss: logNorm(pushed.lossRow, next),
        logLossRows: logSizes(pushed.lossRow, next),
        loss: pushed.loss,
        firstBad: firstBadStep(firstBad, pushed.point),
      };
    },
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: { firstBad: members[0]!.carry.firstBad } }),
    record: ({ logState, logLoss, logLossRows, loss }) => ({ logState, logLoss, logLossRows, loss }),
  };
}

/** Slope over the last half of what is finite. */
function tailSlope(logs: Float64Array): number {
  const from = Math.floor(logs.length / 2);
  const points = [...logs.entries()].slice(from).filter(([, value]) => Number.isFinite(value));
  return points.length < 2 ? 0 : lineFit(points).slope;
}
