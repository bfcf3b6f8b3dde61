/**
 * Slices of the loss surface: the mean loss of an unroll along one direction of theta, or over the plane of two. Where
 * the loop is chaotic they are rough, however smooth the step is (Metz et al. 2021; Vicol et al. 2021).
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requirePositive, requireKnownOptions } from "../errors.ts";
import { type Executor, type Problem, eraseProblem, unroll } from "../unroll/index.ts";
import { requireSteps, wideTheta } from "./pushforward.ts";
import { vectorNorm } from "../numerics/index.ts";

export interface LossSliceOptions<Theta> {
  /** Source of the trajectory's key, the same for all points, and of random directions. Default `random.key(0)`. */
  key?: Key;
  /**
   * One direction or two, trees like theta; made unit vectors (the second orthogonal to the first). Default: one random
   * direction. A number asks for that many random ones.
   */
  directions?: readonly Theta[] | 1 | 2;
  /** Largest distance from theta. Default 1. */
  radius?: number;
  /** Points along each direction, at least 2; odd numbers include theta itself. Default 101, or 41 for a plane. */
  points?: number;
  /** Inner steps. Default: the horizon, or 1000. */
  steps?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface LossSliceResult<Theta> {
  /** [points]: distances from theta along each direction, from -radius to radius. */
  offsets: Float64Array;
  /** Mean loss over the steps: [points], or [points * points] with the first direction slowest. NaN where it is. */
  losses: Float64Array;
  /** The unit directions. */
  directions: Theta[];
  steps: number;
}

/**
 * Losses on a line or plane through theta, all points in one unroll, in float64. Cost: points (or points²) times steps.
 *
 * @example
 * const { offsets, losses } = lossSlice(problem, theta, { radius: 0.1, points: 201 });
 */
export function lossSlice<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: LossSliceOptions<Theta> = {},
): LossSliceResult<Theta> {
  requireKnownOptions("lossSlice", options, ["key", "directions", "radius", "points", "steps", "executor"]);
  const where = "lossSlice";
  const { key = random.key(0), directions: given = 1, radius = 1 } = options;
  const count = typeof given === "number" ? given : given.length;
  if (count !== 1 && count !== 2) throw new OptionError(where, "directions", count, "one or two");
  const { points = count === 1 ? 101 : 41, steps = Math.min(problem.horizon, 1000) } = options;
  requirePositive(where, "radius", radius);
  requireInteger(where, "points", points, 2);
  requireSteps(where, "steps", steps, eraseProblem(problem));
  const wide = wideTheta(theta);
  const size = tree.size(wide);
  if (count > size) throw new OptionError(where, "directions", count, `at most the size of theta ${size}`);
  const vectors =
    typeof given === "number"
      ? Array.from(
          { length: count },
          (_, i) => random.normal(random.foldIn(random.foldIn(key, "slice"), i), [size]).data,
        )
      : given.map((one) => {
          tree.requireSame(where, "a direction", wide, wideTheta(one));
          return tree.flatten(one);
        });
  const units = orthonormal(where, vectors);
  const offsets = Float64Array.from({ length: points }, (_, i) => radius * ((2 * i) / (points - 1) - 1));
  const base = tree.flatten(wide);
  const grid = new Float64Array(points ** count * size);
  for (let at = 0; at < points ** count; at++) {
    const place = count === 1 ? [at] : [Math.floor(at / points), at % points];
    for (let j = 0; j < size; j++) {
      grid[at * size + j] = place.reduce((sum, k, d) => sum + offsets[k]! * units[d]![j]!, base[j]!);
    }
  }
  const thetas = cutRows(wide, grid, points ** count);
  const { losses } = unroll(problem, thetas, {
    key,
    steps,
    isThetaBatched: true,
    isCommon: true,
    ...(options.executor && { executor: options.executor }),
  });
  const means = new Float64Array(points ** count);
  losses.data.forEach((loss, at) => (means[at % means.length]! += loss / steps));
  return { offsets, losses: means, directions: units.map((unit) => cutRows(wide, unit, undefined)), steps };
}

/** Gram-Schmidt on one or two vectors. */
function orthonormal(where: string, vectors: readonly ArrayLike<number>[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    let left = Float64Array.from(vector);
    for (const unit of done) {
      const dot = unit.reduce((sum, x, j) => sum + x * left[j]!, 0);
      left = left.map((x, j) => x - dot * unit[j]!);
    }
    const norm = vectorNorm(left);
    if (!(norm > 1e-12)) {
      throw new OptionError(where, "directions", vectors, "not zero, and not multiples of each other");
    }
    done.push(left.map((x) => x / norm));
  }
  return done;
}

/** Rows [count][|theta|] as a tree like theta with a leading axis of `count`, or without one. */
function cutRows<Theta>(like: Theta, rows: Float64Array, count: number | undefined): Theta {
  const size = tree.size(like);
  let offset = 0;
  return tree.map((leaf: Tensor) => {
    const data = new Float64Array((count ?? 1) * leaf.size);
    for (let i = 0; i < (count ?? 1); i++) {
      data.set(rows.subarray(i * size + offset, i * size + offset + leaf.size), i * leaf.size);
    }
    offset += leaf.size;
    return np.array(data, { shape: count === undefined ? leaf.shape : [count, ...leaf.shape] });
  }, like);
}
