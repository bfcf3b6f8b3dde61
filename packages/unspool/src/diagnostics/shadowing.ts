/**
 * Least-squares shadowing: the derivative of a long-time average of the loss, from the tangent along a trajectory that
 * stays bounded instead of the one that starts from zero and explodes.
 *
 *     d<l>/dtheta ~ mean_t (l_s v_t + l_theta)  [+ mean_t eta_t (l_t - <l>) with time dilation]
 *
 * Wang, Hu and Blonigan 2014. The bounded tangent is that of a nearby trajectory which need not be typical of the moved
 * system: the estimate can be wrong by as much as the answer, and its spread over trajectories does not show it.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import {
  NonFiniteError,
  OptionError,
  requireInteger,
  requirePositive,
  requireKnownOptions,
} from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  defaultExecutor,
  splitFloats,
} from "../unroll/index.ts";
import { moments } from "../numerics/index.ts";
import {
  type Point,
  differentiated,
  flatRows,
  leavesOfRows,
  pushStep,
  requireSteps,
  startPoint,
  trajectoryKeys,
} from "./pushforward.ts";
import { shadowTangent } from "./shadowTangent.ts";

export interface ShadowingOptions {
  /** Source of the trajectories' keys. Default `random.key(0)`. */
  key?: Key;
  /** Steps that are averaged. Default 1000. */
  steps?: number;
  /** Steps before them. Default 500, or 0 for a problem with a horizon. */
  burnIn?: number;
  /** Trajectories. Default 4. */
  trials?: number;
  /**
   * Weight of time dilation, which a flow in continuous time needs along its own direction; f_t is the displacement of
   * a step. Absent (default) for maps.
   */
  alpha?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface ShadowingResult<Theta> {
  /** d<l>/dtheta, float64, averaged over trials. */
  gradient: Theta;
  /** Standard errors of its leaves over trials, of the estimate, not of its bias; NaN for one trial. */
  standardErrors: Theta;
  /** Mean loss over steps and trials. */
  meanLoss: number;
  /** Root mean square of |v_t| over steps, trials and parameters. */
  tangentNorm: number;
  steps: number;
  trials: number;
}

interface Carry {
  point: Point;
  /** float64 [S + P, S]: columns of A_t and B_t as rows. */
  rows: Tensor;
  /** float64 [S + P]: l_s and l_theta. */
  lossRow: Tensor;
  /** float64 [S]: s_{t+1} - s_t. */
  flow: Tensor;
  loss: Tensor;
}

type ShadowProgram = ForwardProgram<{ theta: unknown }, { key: Key }, object, object, Carry, object, object>;
type Recorded = "rows" | "lossRow" | "flow" | "loss";

/** Largest state: memory and cost grow with its square and cube. */
const largestState = 64;

/**
 * The derivative of the average loss by shadowing. Cost per trial and step: S + |theta| jvps, and S³ for the solution.
 *
 * @example
 * const { gradient } = shadowing(problem, theta, { steps: 2000, trials: 8 });
 */
export function shadowing<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: ShadowingOptions = {},
): ShadowingResult<Theta> {
  requireKnownOptions("shadowing", options, ["key", "steps", "burnIn", "trials", "alpha", "executor"]);
  const where = "shadowing";
  const { key = random.key(0), steps = 1000, trials = 4, alpha } = options;
  const { erased, wide, size } = differentiated(where, problem, theta, key);
  const { burnIn = problem.horizon === Infinity ? 500 : 0, executor = defaultExecutor() } = options;
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "burnIn", burnIn, 0);
  requireInteger(where, "trials", trials, 1);
  if (alpha !== undefined) requirePositive(where, "alpha", alpha);
  requireSteps(where, "burnIn + steps", burnIn + steps, erased);
  if (size > largestState) {
    throw new OptionError(where, "problem", `a state of ${size} numbers`, `one with at most ${largestState}`);
  }
  const sides = tree.size(wide);
  const program = shadowProgram(erased, size, sides, burnIn + steps);
  const { history } = executor.forward(
    program,
    { theta: wide as unknown },
    { key: trajectoryKeys(key, trials) },
  );
  const kept = history.slice(burnIn) as Record<Recorded, Tensor>[];
  const overTrials = moments(sides);
  let [lossSum, squares] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const of = (name: Recorded, length: number): Float64Array[] =>
      kept.map((record) => (record[name].data as Float64Array).slice(trial * length, (trial + 1) * length));
    const rows = of("rows", (size + sides) * size);
    requireFiniteRows(where, rows, trial, burnIn);
    const losses = of("loss", 1).map((loss) => loss[0]!);
    const meanLoss = losses.reduce((sum, loss) => sum + loss, 0) / steps;
    const { tangents, dilations } = shadowTangent({
      size,
      sides,
      jacobians: rows.map((row) => transposed(row, size)),
      sources: rows.map((row) => row.subarray(size * size)),
      ...(alpha !== undefined && { flows: of("flow", size) }),
      alpha: alpha ?? 1,
    });
    const slopes = of("lossRow", size + sides);
    const gradient = new Float64Array(sides);
    for (let t = 0; t < steps; t++) {
      for (let p = 0; p < sides; p++) {
        let sum = slopes[t]![size + p]! + dilations[t]![p]! * (losses[t]! - meanLoss);
        for (let i = 0; i < size; i++) sum += slopes[t]![i]! * tangents[t]![p * size + i]!;
        gradient[p]! += sum / steps;
      }
      squares += tangents[t]!.reduce((sum, x) => sum + x * x, 0);
    }
    overTrials.add(gradient);
    lossSum += meanLoss;
  }
  const like = (values: Float64Array): Theta =>
    leavesOfRows(wide, np.array(values, { shape: [1, sides] })) as Theta;
  const unbatched = (values: Float64Array): Theta =>
    tree.map((leaf: Tensor, shaped: Tensor) => leaf.reshape([...shaped.shape]), like(values), wide);
  return {
    gradient: unbatched(overTrials.mean),
    standardErrors: unbatched(overTrials.standardError()),
    meanLoss: lossSum / trials,
    tangentNorm: Math.sqrt(squares / (trials * steps * sides)),
    steps,
    trials,
  };
}

function shadowProgram(problem: ErasedProblem, size: number, sides: number, length: number): ShadowProgram {
  const wide = { dtype: "float64" } as const;
  const count = size + sides;
  const flatState = (state: unknown): Tensor =>
    flatRows(splitFloats(state).floats.map((leaf) => leaf.reshape([1, ...leaf.shape]))).reshape([size]);
  return {
    name: "shadowing",
    length,
    begin: ({ theta }, { key }) => ({
      members: [
        {
          constant: {},
          carry: {
            point: startPoint(problem, theta, key),
            rows: np.zeros([count, size], wide),
            lossRow: np.zeros([count], wide),
            flow: np.zeros([size], wide),
            loss: np.zeros([], wide),
          },
        },
      ],
      kept: {},
    }),
    step({ theta }, _constant, { point }) {
      const identity = np.eye(count, count, wide);
      const {
        rows,
        lossRow,
        loss,
        point: next,
      } = pushStep(problem, theta, point, {
        rows: identity.slice([], [0, size]),
        theta: leavesOfRows(theta, identity.slice([], [size, count])),
      });
      return { point: next, rows, lossRow, loss, flow: flatState(next.state).sub(flatState(point.state)) };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ rows, lossRow, flow, loss }) => ({ rows, lossRow, flow, loss }),
  };
}

function transposed(columns: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => columns[(at % n) * n + Math.floor(at / n)]!);
}

function requireFiniteRows(
  where: string,
  rows: readonly Float64Array[],
  trial: number,
  burnIn: number,
): void {
  const bad = rows.findIndex((row) => !row.every((value) => Number.isFinite(value)));
  if (bad < 0) return;
  const step = burnIn + bad;
  throw new NonFiniteError(where, `the derivatives of trial ${trial} are not finite at inner step ${step}.`, {
    trial,
    step,
  });
}
