/**
 * Central differences of an inner problem's objective, coordinate by coordinate, with the same random keys on both
 * sides: the ground truth of a meta-gradient where nothing can be enumerated.
 *
 *     g = mean over trajectories of sum_j d_j (L(theta + h d_j) - L(theta - h d_j)) / (2 h)
 *
 * along the axes, or along one Gaussian direction per trajectory: then it is the estimate of `fullEs` with sigma = h,
 * which here also tells what each trajectory estimates. How much the common keys save depends on how the problem draws.
 */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { requireInteger, requireOneOf, requirePositive, requireKnownOptions } from "../../errors.ts";
import { type Estimate, type GradientEstimator, thetaBasis, cut } from "../../estimators/index.ts";
import { random } from "../../array/index.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  defaultExecutor,
  eraseProblem,
  initialState,
} from "../../unroll/index.ts";

export interface CentralDifferencesOptions {
  /** d: the unit vectors (default), or a standard Gaussian per trajectory. */
  directions?: "axes" | "gaussian";
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
  { directions: Tensor[] },
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

/** Central differences. Cost per estimate: 2 |theta| · trajectories · horizon inner steps (2 instead of 2 |theta| for Gaussians). */
export function centralDifferences<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: CentralDifferencesOptions = {},
): CentralDifferencesEstimator<Theta> {
  requireKnownOptions("centralDifferences", options, [
    "directions",
    "distance",
    "trajectories",
    "objective",
    "executor",
  ]);
  const { distance = 0.1, trajectories = 1000, objective = "mean", directions = "axes" } = options;
  const { executor = defaultExecutor() } = options;
  requirePositive(name, "distance", distance);
  requireInteger(name, "trajectories", trajectories, 1);
  requireInteger(name, "problem.horizon", problem.horizon, 1);
  requireOneOf(name, "directions", directions, ["axes", "gaussian"]);
  requireOneOf(name, "objective", objective, ["mean", "sum"]);
  const scale = objective === "mean" ? 1 / problem.horizon : 1;
  const program = differences(eraseProblem(problem), directions, distance, scale);
  return {
    name,
    init: (theta) => ({
      theta: tree.zerosLike(theta as unknown),
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
        metrics: {
          innerSteps: 2 * (directions === "axes" ? tree.size(theta) : 1) * trajectories * problem.horizon,
        },
        info: { perTrajectoryGradient: each.gradient },
      };
    },
  };
}

/** Members: theta moved upward along each direction, then downward. */
function differences(
  problem: ErasedProblem,
  kind: "axes" | "gaussian",
  distance: number,
  scale: number,
): Program {
  return {
    name: `${name}:${problem.name}`,
    length: problem.horizon,
    begin({ theta, key }, { trajectory }) {
      const own = random.foldIn(key, trajectory);
      const directions =
        kind === "axes" ? axes(theta) : [gaussianLike(theta, random.foldIn(own, "direction"))];
      const members = [distance, -distance].flatMap((h) =>
        directions.map((direction) => {
          const moved = tree.map((x: Tensor, d: Tensor) => x.add(d.mul(h)), theta, direction);
          const state = initialState(problem, moved, own);
          return {
            constant: { theta: moved, key: own },
            carry: { state, t: tree.scalar(0, "int32"), loss: np.zeros([], { dtype: "float64" }) },
          };
        }),
      );
      return { members, kept: { directions: directions.map(flatten) } };
    },
    step(_shared, { theta, key }, { state, t, loss }) {
      const next = advance(problem, theta, state, t, key);
      return { state: next.state, t: t.add(1), loss: loss.add(next.loss.astype("float64")) };
    },
    finish(_shared, unit, members, { directions }) {
      const losses = members.map(({ carry }) => carry.loss.mul(scale));
      const parts = directions.map((direction, j) => {
        const slope = losses[j]!.sub(losses[directions.length + j]!).mul(1 / (2 * distance));
        return direction.astype("float64").mul(slope);
      });
      const gradient = parts.reduce((sum, part) => sum.add(part));
      const loss = losses.reduce((sum, one) => sum.add(one)).mul(1 / losses.length);
      return { unit, mean: { gradient, loss }, each: { gradient } };
    },
  };
}

const flatten = (value: unknown): Tensor =>
  np.concatenate(tree.leaves(value).map((leaf) => leaf.flatten())) as Tensor;

function axes(theta: unknown): unknown[] {
  const basis = thetaBasis(theta);
  return Array.from({ length: tree.size(theta) }, (_, j) => tree.map((leaf: Tensor) => leaf.slice(j), basis));
}

function gaussianLike(theta: unknown, key: Key): unknown {
  return cut(theta, random.normal(key, [tree.size(theta)], { dtype: tree.floatType(theta) }));
}
