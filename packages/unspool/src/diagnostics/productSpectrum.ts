/**
 * Singular values of products of Jacobians, sigma_j(A_T … A_1): what a stretch of the loop does to tangents, transient
 * growth included. The product is carried with a power of two beside it, so it never overflows.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  defaultExecutor,
} from "../unroll/index.ts";
import {
  type Point,
  differentiated,
  pushStep,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";
import { type ScaledRows, logScale, rescaled, unscaled } from "./scaledTangents.ts";
import { singularValues } from "../numerics/index.ts";

export interface ProductSpectrumOptions {
  /** Numbers of steps T, each at least 1. */
  times: readonly number[];
  /** Source of the trajectory's key, which is its `foldIn` with 0. Default `random.key(0)`. */
  key?: Key;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface ProductSpectrum {
  /** Steps of the product. */
  time: number;
  /**
   * [S]: ln sigma_j, falling. Values more than 35 below the first are rounding: they say "no larger than this".
   */
  logSingularValues: Float64Array;
}

interface Carry {
  point: Point;
  tangents: ScaledRows;
}

type ProductProgram = ForwardProgram<
  { theta: unknown },
  { key: Key; time: Tensor },
  object,
  { time: Tensor },
  Carry,
  object,
  { rows: Tensor; logScale: Tensor }
>;

/**
 * Singular values of the products of the first T Jacobians of one trajectory, for several T. Cost: S jvps per step for
 * each T.
 *
 * @example
 * const [atTen, atHundred] = productSpectrum(problem, theta, { times: [10, 100] });
 */
export function productSpectrum<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: ProductSpectrumOptions,
): ProductSpectrum[] {
  requireKnownOptions("productSpectrum", options, ["times", "key", "executor"]);
  const where = "productSpectrum";
  const { times, key = random.key(0), executor = defaultExecutor() } = options;
  const { erased, wide, size } = differentiated(where, problem, theta, key);
  if (times.length === 0)
    throw new OptionError(where, "times", times, "a list of at least one number of steps");
  for (const time of times) {
    requireInteger(where, "times", time, 1);
    requireSteps(where, "times", time, erased);
  }
  const units = {
    key: trajectoryKeys(key, times.length, true),
    time: np.array([...times], { dtype: "int32" }),
  };
  const program = productProgram(erased, size, Math.max(...times));
  const { each } = executor.forward(program, { theta: wide as unknown }, units);
  return times.map((time, i) => {
    const entries = Float64Array.from(each.rows.data.subarray(i * size * size, (i + 1) * size * size));
    if (!entries.every((value) => Number.isFinite(value))) {
      throw new NonFiniteError(where, `the product of ${time} Jacobians is not finite.`, { step: time });
    }
    const scale = each.logScale.data[i]!;
    return {
      time,
      logSingularValues: singularValues({ size, entries }).map((value) => Math.log(value) + scale),
    };
  });
}

function productProgram(problem: ErasedProblem, size: number, length: number): ProductProgram {
  return {
    name: "productSpectrum",
    length,
    begin({ theta }, { key, time }) {
      const tangents = unscaled(np.eye(size, size, { dtype: "float64" }));
      return {
        members: [{ constant: { time }, carry: { point: startPoint(problem, theta, key), tangents } }],
        kept: {},
      };
    },
    step({ theta }, { time }, carry) {
      const { point, rows } = pushStep(problem, theta, carry.point, { rows: carry.tangents.rows });
      const next = { point, tangents: rescaled({ rows, exponent: carry.tangents.exponent }) };
      const isThere = carry.point.t.equal(time);
      return tree.map((now: Tensor, later: Tensor) => np.where(isThere, now, later), carry, next);
    },
    finish(_shared, unit, members) {
      const { tangents } = members[0]!.carry;
      return { unit, mean: {}, each: { rows: tangents.rows, logScale: logScale(tangents) } };
    },
  };
}
