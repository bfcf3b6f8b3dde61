/**
 * Meta-training: the parameters of a learned optimizer are theta, a run of training by it is a trajectory, and the loss
 * along the run is what an estimator differentiates. Metz et al. 2022, Harrison et al. 2022; relative losses:
 * Maheswaranathan et al. 2021.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requireKnownOptions } from "../errors.ts";
import type { LearnedOptimizer } from "../optimizers/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import type { TaskFamily } from "./task.ts";

export interface MetaTrainingOptions {
  /** Steps of training, T. Default 100. */
  horizon?: number;
  /**
   * Where a step is measured: "before" it on its own batch (which costs nothing), or "after" it on a "fresh" batch.
   * Default "before".
   */
  score?: "before" | "fresh";
  /** "relative" divides by the loss of the first step, so that tasks of any scale count alike. Default "plain". */
  objective?: "plain" | "relative";
  /**
   * What the mean over all steps of the problem's losses is of those of training: their "mean"; the "final" one; or the
   * "least" of the second to the last, NaN left out. For the last two the loss of every step is 0, but for the last one,
   * which is T times it. Default "mean".
   */
  summary?: "mean" | "final" | "least";
  /** Factor of |theta|, the Euclidean norm (not its square), added to the loss of every step. Default 0. */
  penalty?: number;
}

export interface MetaTrainingState<Config = unknown, Parameters = unknown> {
  /** The task that this run is about. */
  config: Config;
  parameters: Parameters;
  /** State of the learned optimizer. */
  optimizer: unknown;
  /** Loss of the first step; NaN before it. Only for the relative objective. */
  first?: Tensor;
  /** Steps done, and the least loss of them but for the first; Infinity before it. Only for another summary than the mean. */
  done?: Tensor;
  least?: Tensor;
}

/**
 * The problem of tuning `learned` on a family of tasks. Losses are cut at the family's `ceiling`.
 *
 * @example
 * const learned = smallFc();
 * const problem = metaTraining(learned, classification({ data: mnist.train, classes: 10, hidden: [16] }));
 * const estimator = pes(problem, { sigma: 0.01, pairs: 8, truncation: 20, resets: "staggered" });
 */
export function metaTraining<Meta, Config, Parameters, Batch>(
  learned: LearnedOptimizer<Meta>,
  family: TaskFamily<Config, Parameters, Batch>,
  options: MetaTrainingOptions = {},
): Problem<Meta, MetaTrainingState<Config, Parameters>, { train: Batch; score: Batch }> {
  requireKnownOptions("metaTraining", options, ["horizon", "score", "objective", "summary", "penalty"]);
  const { horizon = 100, score = "before", objective = "plain", summary = "mean", penalty = 0 } = options;
  requireOneOf("metaTraining", "score", score, ["before", "fresh"]);
  requireOneOf("metaTraining", "objective", objective, ["plain", "relative"]);
  requireOneOf("metaTraining", "summary", summary, ["mean", "final", "least"]);
  if (!(penalty >= 0)) throw new OptionError("metaTraining", "penalty", penalty, "a number of at least 0");
  if (summary !== "mean") requireInteger("metaTraining", "horizon", horizon, summary === "least" ? 2 : 1);
  const isRelative = objective === "relative";
  const draw = family.data === undefined ? undefined : (key: Key) => family.data!(key);
  return defineProblem<Meta, MetaTrainingState, { train: Batch; score: Batch }>({
    name: `${learned.name} on ${family.name}`,
    horizon,
    init(theta, key) {
      const dtype = tree.floatType(theta);
      const cast = <T>(x: T): T =>
        tree.map(
          (leaf) => (leaf.dtype === "float32" || leaf.dtype === "float64" ? leaf.astype(dtype) : leaf),
          x,
        );
      const config = cast(family.sample(random.foldIn(key, "task")));
      const parameters = cast(family.init(config, random.foldIn(key, "parameters")));
      const optimizer = learned.optimizer(theta).init(parameters);
      return {
        config,
        parameters,
        optimizer,
        ...(isRelative && { first: tree.scalar(NaN, dtype) }),
        ...(summary !== "mean" && { done: tree.scalar(0, "int32"), least: tree.scalar(Infinity, dtype) }),
      };
    },
    ...(draw !== undefined && {
      data: (key: Key) => ({
        train: draw(random.foldIn(key, 0)),
        score: score === "fresh" ? draw(random.foldIn(key, 1)) : (undefined as Batch),
      }),
    }),
    step(theta, state, { batch }) {
      const { config, parameters, optimizer, first, done, least } = state as MetaTrainingState<
        Config,
        Parameters
      >;
      const [before, gradient] = valueAndGrad((at: Parameters) => family.loss(config, at, batch?.train))(
        parameters,
      );
      const seen = { loss: cut(before, family.ceiling) };
      const next = learned.optimizer(theta).update(gradient, optimizer as Tree, parameters, seen);
      const loss = score === "before" ? before : family.loss(config, next.theta, batch?.score);
      const start = isRelative ? np.where(first!.equal(first!), first!, before) : undefined;
      const kept = cut(loss, family.ceiling);
      const told = start === undefined ? kept : kept.div(start);
      const moved = {
        config,
        parameters: next.theta,
        optimizer: next.state as Tree,
        ...(start !== undefined && { first: start }),
      };
      if (summary === "mean") return { state: moved, loss: penalised(told, theta, penalty) };
      // Comparisons with NaN are false: it is left out.
      const isLess = np.logicalAnd(done!.greater(0), told.less(least!));
      const now = { done: done!.add(1).astype("int32"), least: np.where(isLess, told, least!) };
      const whole = summary === "final" ? told : now.least;
      const atEnd = np.where(done!.equal(horizon - 1), whole.mul(horizon), tree.scalar(0, told.dtype));
      return { state: { ...moved, ...now }, loss: penalised(atEnd, theta, penalty) };
    },
  }) as Problem<Meta, MetaTrainingState<Config, Parameters>, { train: Batch; score: Batch }>;
}

/** The loss plus `penalty` times the length of theta, whose derivative at theta 0 is 0. */
function penalised(loss: Tensor, theta: unknown, penalty: number): Tensor {
  if (penalty === 0) return loss;
  const squares = tree.leaves(theta).map((leaf) => np.square(leaf).sum().astype(loss.dtype));
  const square = squares.reduce((sum, one) => sum.add(one));
  return loss.add(np.sqrt(np.maximum(square, tree.scalar(smallestSquare, loss.dtype))).mul(penalty));
}

/** A square below this counts as it: the root has no derivative at 0. */
const smallestSquare = 1e-30;

/** x where it is at most `ceiling`, else `ceiling`: also for NaN. */
function cut(x: Tensor, ceiling: number): Tensor {
  return ceiling === Infinity ? x : np.where(x.lessEqual(ceiling), x, tree.scalar(ceiling, x.dtype));
}
