/**
 * Whether the derivative of a step says what a small change does: steps with jumps (contacts, comparisons, rounding) have
 * derivatives that miss them. Along one random direction, A v against a central difference.
 *
 * Each leaf of the state is measured in its own unit, the size that it has, so that the answer does not change with the
 * units in which it is stored.
 */
import { type Key, type Tensor, linalg, np, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
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
  leafRows,
  pushStep,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";

export interface DerivativeMismatchOptions {
  /** Default `random.key(0)`. */
  key?: Key;
  /** Default: the horizon, or 1000. */
  steps?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface DerivativeMismatch {
  /** [steps]: |difference| / max(|A v|, |central difference|, 1e-3) for a unit direction v, leaves in their own units. */
  mismatch: Float64Array;
  /** Part of the steps whose mismatch exceeds 1e-3. */
  fraction: number;
}

interface Carry {
  point: Point;
  mismatch: Tensor;
}

type MismatchProgram = ForwardProgram<
  { theta: unknown; directionKey: Key; sizes: Tensor },
  { key: Key },
  object,
  object,
  Carry,
  object,
  object
>;

/** Step of the central difference, relative to the size of each leaf: near the cube root of 1e-16. */
const differenceStep = 1e-5;
/** Smallest derivative that counts as one: below, rounding of the difference is in the way. */
const smallest = 1e-3;
const tolerated = 1e-3;
/** A leaf that is near 0 for a moment counts as this share of the largest number that it holds along the trajectory. */
const smallestShare = 1e-3;

/** Compares along one trajectory. Cost: four steps and one jvp per step. */
export function derivativeMismatch<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: DerivativeMismatchOptions = {},
): DerivativeMismatch {
  requireKnownOptions("derivativeMismatch", options, ["key", "steps", "executor"]);
  const where = "derivativeMismatch";
  const {
    key = random.key(0),
    steps = Math.min(problem.horizon, 1000),
    executor = defaultExecutor(),
  } = options;
  const { erased, wide, size } = differentiated(where, problem, theta, key);
  requireInteger(where, "steps", steps, 1);
  requireSteps(where, "steps", steps, erased);
  const unit = { key: trajectoryKeys(key, 1) };
  const seen = executor.forward(sizeProgram(erased, steps), { theta: wide as unknown }, unit);
  const shared = {
    theta: wide as unknown,
    directionKey: random.foldIn(key, "mismatch"),
    sizes: np.array(Float64Array.from(seen.each.sizes.data), { shape: [seen.each.sizes.size] }),
  };
  const { history } = executor.forward(mismatchProgram(erased, size, steps), shared, unit);
  const mismatch = Float64Array.from(history, (record) => record["mismatch"]!.data[0]!);
  return { mismatch, fraction: mismatch.filter((value) => !(value <= tolerated)).length / steps };
}

type SizeCarry = { point: Point; sizes: Tensor };

/** Largest size of a number in each leaf along the trajectory, float64 [leaves]. */
function sizeProgram(
  problem: ErasedProblem,
  length: number,
): ForwardProgram<{ theta: unknown }, { key: Key }, object, object, SizeCarry, object, { sizes: Tensor }> {
  const sizesOf = (state: unknown): Tensor => np.stack(splitFloats(state).floats.map(largest));
  return {
    name: "stateSizes",
    length,
    begin({ theta }, { key }) {
      const point = startPoint(problem, theta, key);
      return { members: [{ constant: {}, carry: { point, sizes: sizesOf(point.state) } }], kept: {} };
    },
    step({ theta }, _constant, { point, sizes }) {
      const { state } = advance(problem, theta, point.state, point.t, point.key);
      const next = { state, t: point.t.add(1), key: point.key };
      return { point: next, sizes: np.maximum(sizes, sizesOf(state)) };
    },
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: { sizes: members[0]!.carry.sizes } }),
  };
}

const largest = (leaf: Tensor): Tensor => np.abs(leaf).max().astype("float64");

/** The unit of every number of the state: the size of its leaf now, but not much less than it ever has. [1, size] */
function unitsOf(floats: readonly Tensor[], sizes: Tensor): Tensor {
  const one = np.ones([], { dtype: "float64" });
  const parts = floats.map((leaf, i) => {
    const ever = sizes.slice(i);
    const size = np.maximum(largest(leaf), ever.mul(smallestShare));
    return np.broadcastTo(np.where(ever.greater(0), size, one), [1, leaf.size]);
  });
  return parts.length === 1 ? parts[0]! : np.concatenate(parts, 1);
}

function mismatchProgram(problem: ErasedProblem, size: number, length: number): MismatchProgram {
  return {
    name: "derivativeMismatch",
    length,
    begin({ theta }, { key }) {
      const carry = { point: startPoint(problem, theta, key), mismatch: np.zeros([], { dtype: "float64" }) };
      return { members: [{ constant: {}, carry }], kept: {} };
    },
    step({ theta, directionKey, sizes }, _constant, { point }) {
      const { floats, rebuild } = splitFloats(point.state);
      const flat = flatRows(floats.map((leaf) => leaf.reshape([1, ...leaf.shape])));
      const draw = random.normal(random.foldIn(directionKey, point.t), [1, size], { dtype: "float64" });
      const direction = draw.div(linalg.vectorNorm(draw)).mul(unitsOf(floats, sizes));
      const moved = (by: number): Tensor => {
        const leaves = leafRows(flat.add(direction.mul(by)), floats).map((leaf, i) =>
          leaf.reshape([...floats[i]!.shape]),
        );
        const next = advance(problem, theta, rebuild(leaves), point.t, point.key);
        return flatRows(splitFloats(next.state).floats.map((leaf) => leaf.reshape([1, ...leaf.shape])));
      };
      const pushed = pushStep(problem, theta, point, { rows: direction });
      const units = unitsOf(splitFloats(pushed.point.state).floats, sizes);
      const along = pushed.rows.div(units);
      const central = moved(differenceStep)
        .sub(moved(-differenceStep))
        .div(units.mul(2 * differenceStep));
      const scale = np.maximum(
        np.maximum(linalg.vectorNorm(central), linalg.vectorNorm(along)),
        tree.scalar(smallest, "float64"),
      );
      return { point: pushed.point, mismatch: linalg.vectorNorm(central.sub(along)).div(scale) };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ mismatch }) => ({ mismatch }),
  };
}
