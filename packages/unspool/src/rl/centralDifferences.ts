/**
 * Central differences of an inner problem's objective, coordinate by coordinate, with the same random keys on both
 * sides: the ground truth of a meta-gradient where nothing can be enumerated.
 *
 *     g_j = mean over trajectories of (L(theta + h e_j) - L(theta - h e_j)) / (2 h)
 *
 * Unbiased but for order h²; how much the common keys save depends on how the problem draws.
 */
import { type Key, type Tensor, np, tree } from "../array/index.ts";
import { requireInteger, requireOneOf, requirePositive } from "../errors.ts";
import { type Estimate, type GradientEstimator, basisOf, cut } from "../estimators/index.ts";
import { random } from "../array/index.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  defaultExecutor,
  eraseProblem,
  initialState,
} from "../unroll/index.ts";

export interface CentralDifferencesOptions {
  /** h. Default 0.1. */
  distance?: number;
  /** Trajectories that are averaged. Default 1000. */
  trajectories?: number;
  /** The mean over steps of their losses (default), or the sum. */
  objective?: "mean" | "sum";
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface CentralDifferencesState {
  /** Shapes of theta. */
  theta: unknown;
}

type Shared = { theta: unknown; key: Key };
type Constant = { theta: unknown; key: Key };
type Carry = { state: unknown; t: Tensor; loss: Tensor };
type Program = ForwardProgram<
  Shared,
  { trajectory: Tensor },
  object,
  Constant,
  Carry,
  { gradient: Tensor; loss: Tensor },
  { gradient: Tensor }
>;

export interface CentralDifferencesEstimate<Theta> extends Estimate<Theta, CentralDifferencesState> {
  /** [trajectories, |theta|], float64. */
  info: { perTrajectoryGradient: Tensor };
}

export interface CentralDifferencesEstimator<Theta> extends GradientEstimator<
  Theta,
  CentralDifferencesState
> {
  estimate(theta: Theta, state: CentralDifferencesState, key: Key): CentralDifferencesEstimate<Theta>;
}

const name = "centralDifferences";

/** Central differences. Cost per estimate: 2 |theta| · trajectories · horizon inner steps. */
export function centralDifferences<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: CentralDifferencesOptions = {},
): CentralDifferencesEstimator<Theta> {
  const { distance = 0.1, trajectories = 1000, objective = "mean", executor = defaultExecutor() } = options;
  requirePositive(name, "distance", distance);
  requireInteger(name, "trajectories", trajectories, 1);
  requireInteger(name, "problem.horizon", problem.horizon, 1);
  requireOneOf(name, "objective", objective, ["mean", "sum"]);
  const scale = objective === "mean" ? 1 / problem.horizon : 1;
  const program = differences(eraseProblem(problem), distance, scale);
  return {
    name,
    init: (theta) => ({
      theta: tree.map((leaf) => np.zeros(leaf.shape, { dtype: leaf.dtype }), theta as unknown),
    }),
    estimate(theta, state, key) {
      tree.requireSame(name, "theta", state.theta, theta);
      const units = { trajectory: np.arange(trajectories) };
      const { mean, each } = executor.forward(program, { theta: theta as unknown, key }, units);
      const gradient = tree.map(
        (leaf: Tensor, g: Tensor) => g.astype(leaf.dtype),
        theta,
        cut(theta, mean.gradient),
      ) as Theta;
      return {
        loss: mean.loss.item(),
        gradient,
        state,
        metrics: { innerSteps: 2 * tree.size(theta) * trajectories * problem.horizon },
        info: { perTrajectoryGradient: each.gradient },
      };
    },
  };
}

/** 2 |theta| members: all shifted upward, then all shifted downward. */
function differences(problem: ErasedProblem, distance: number, scale: number): Program {
  return {
    name: `${name}:${problem.name}`,
    length: problem.horizon,
    begin({ theta, key }, { trajectory }) {
      const own = random.foldIn(key, trajectory);
      const directions = basisOf(theta);
      const members = [distance, -distance].flatMap((h) =>
        Array.from({ length: tree.size(theta) }, (_, j) => {
          const moved = tree.map((x: Tensor, d: Tensor) => x.add(d.slice(j).mul(h)), theta, directions);
          const state = initialState(problem, moved, own);
          return {
            constant: { theta: moved, key: own },
            carry: { state, t: tree.scalar(0, "int32"), loss: np.zeros([], { dtype: "float64" }) },
          };
        }),
      );
      return { members, kept: {} };
    },
    step(_shared, { theta, key }, { state, t, loss }) {
      const next = advance(problem, theta, state, t, key);
      return { state: next.state, t: t.add(1), loss: loss.add(next.loss.astype("float64")) };
    },
    finish(_shared, unit, members) {
      const losses = np.stack(members.map(({ carry }) => carry.loss.mul(scale))) as Tensor;
      const size = members.length / 2;
      const gradient = losses
        .slice([0, size])
        .sub(losses.slice([size, 2 * size]))
        .mul(1 / (2 * distance));
      return { unit, mean: { gradient, loss: losses.mean() }, each: { gradient } };
    },
  };
}
