/**
 * Whether the derivative of a step says what a small change does: steps with jumps (contacts, comparisons, rounding) have
 * derivatives that miss them. Along one random direction, A v against a central difference.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { requireInteger } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  defaultExecutor,
  eraseProblem,
  splitFloats,
} from "../unroll/index.ts";
import {
  type Point,
  flatRows,
  leafRows,
  pushStep,
  requireDifferentiable,
  requireSteps,
  startPoint,
  stateSize,
  trajectoryKeys,
  wideTheta,
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
  /** [steps]: |difference| / max(|A v|, |central difference|, 1e-3) for a unit direction v. */
  mismatch: Float64Array;
  /** Part of the steps whose mismatch exceeds 1e-3. */
  fraction: number;
}

interface Carry {
  point: Point;
  mismatch: Tensor;
}

type MismatchProgram = ForwardProgram<
  { theta: unknown; directionKey: Key },
  { key: Key },
  object,
  object,
  Carry,
  object,
  object
>;

/** Step of the central difference, relative to the largest number of the state or 1: near the cube root of 1e-16. */
const differenceStep = 1e-5;
/** Smallest derivative that counts as one: below, rounding of the difference is in the way. */
const smallest = 1e-3;
const tolerated = 1e-3;

/** Compares along one trajectory. Cost: three steps and one jvp per step. */
export function derivativeMismatch<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: DerivativeMismatchOptions = {},
): DerivativeMismatch {
  const where = "derivativeMismatch";
  const erased = eraseProblem(problem);
  requireDifferentiable(where, erased);
  const {
    key = random.key(0),
    steps = Math.min(problem.horizon, 1000),
    executor = defaultExecutor(),
  } = options;
  requireInteger(where, "steps", steps, 1);
  requireSteps(where, "steps", steps, erased);
  const wide = wideTheta(theta);
  const size = stateSize(where, erased, wide, key);
  const shared = { theta: wide as unknown, directionKey: random.foldIn(key, "mismatch") };
  const { history } = executor.forward(mismatchProgram(erased, size, steps), shared, {
    key: trajectoryKeys(key, 1),
  });
  const mismatch = Float64Array.from(history, (record) => record["mismatch"]!.data[0]!);
  return { mismatch, fraction: mismatch.filter((value) => !(value <= tolerated)).length / steps };
}

function mismatchProgram(problem: ErasedProblem, size: number, length: number): MismatchProgram {
  return {
    name: "derivativeMismatch",
    length,
    begin({ theta }, { key }) {
      const carry = { point: startPoint(problem, theta, key), mismatch: np.zeros([], { dtype: "float64" }) };
      return { members: [{ constant: {}, carry }], kept: {} };
    },
    step({ theta, directionKey }, _constant, { point }) {
      const { floats, rebuild } = splitFloats(point.state);
      const flat = flatRows(floats.map((leaf) => leaf.reshape([1, ...leaf.shape])));
      const draw = random.normal(random.foldIn(directionKey, point.t), [1, size], { dtype: "float64" });
      const direction = draw.div(norm(draw));
      const h = np.maximum(np.abs(flat).max(), np.ones([], { dtype: "float64" })).mul(differenceStep);
      const moved = (by: Tensor): Tensor => {
        const leaves = leafRows(flat.add(direction.mul(by)), floats).map((leaf, i) =>
          leaf.reshape([...floats[i]!.shape]),
        );
        const next = advance(problem, theta, rebuild(leaves), point.t, point.key);
        return flatRows(splitFloats(next.state).floats.map((leaf) => leaf.reshape([1, ...leaf.shape])));
      };
      const central = moved(h).sub(moved(h.neg())).div(h.mul(2));
      const pushed = pushStep(problem, theta, point, { rows: direction });
      const scale = np.maximum(
        np.maximum(norm(central), norm(pushed.rows)),
        tree.scalar(smallest, "float64"),
      );
      return { point: pushed.point, mismatch: norm(central.sub(pushed.rows)).div(scale) };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ mismatch }) => ({ mismatch }),
  };
}

function norm(row: Tensor): Tensor {
  return np.sqrt(row.mul(row).sum());
}
