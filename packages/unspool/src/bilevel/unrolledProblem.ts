/**
 * The inner training of a bilevel problem as an inner problem, so that every gradient estimator takes it: theta are the
 * outer parameters, the state is what trains the weights, and the only loss is F after the last step.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../array/index.ts";
import { requireInteger } from "../errors.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type BilevelProblem, batchOf } from "./bilevelProblem.ts";

export interface UnrolledState<Weights> {
  weights: Weights;
  optimizer: Tree;
}

export interface UnrolledOptions<Weights> {
  /** Of the inner steps. */
  optimizer: Optimizer;
  /** Inner steps, T. */
  steps: number;
  /** Where training starts; default: what `start` draws, for each trajectory. */
  weights?: Weights | undefined;
}

type Batches<Batch> = { inner: Batch; outer: Batch };

/** Trajectories of T inner steps whose summed loss is F(u, w_T): estimators are asked for the "sum". */
export function unrolledProblem<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  { optimizer, steps, weights }: UnrolledOptions<Weights>,
): Problem<Outer, unknown, Batches<Batch> | undefined> {
  requireInteger("unrolledProblem", "steps", steps, 1);
  const { data, name = "bilevel" } = problem;
  const batchesAt = (key: Key): Batches<Batch> => ({
    inner: batchOf(problem, random.foldIn(key, "inner"), "inner"),
    outer: batchOf(problem, random.foldIn(key, "outer"), "outer"),
  });
  return defineProblem<Outer, unknown, Batches<Batch> | undefined>({
    name: `${name}, unrolled`,
    horizon: steps,
    init(_, key) {
      const start = weights ?? problem.start!(key);
      return { weights: start, optimizer: optimizer.init(start) };
    },
    ...(data !== undefined && { data: batchesAt }),
    step(outer, given, { t, batch }) {
      const state = given as UnrolledState<Weights>;
      const { inner: own, outer: measured } = (batch ?? {}) as Batches<Batch>;
      const [, gradient] = valueAndGrad((at: Weights): Tensor => problem.inner(outer, at, own))(
        state.weights,
      );
      const next = optimizer.update<unknown>(gradient, state.optimizer, state.weights);
      const loss = problem.outer(outer, next.theta as Weights, measured);
      const isLast = t.equal(tree.scalar(steps - 1, "int32"));
      return {
        state: { weights: next.theta, optimizer: next.state } satisfies UnrolledState<unknown>,
        loss: np.where(isLast, loss, np.zerosLike(loss)),
      };
    },
  });
}
