/** What trains the weights between outer steps: steps of an optimizer, or a function of the user's that solves. */
import { type Key, type Tensor, type Tree, np, random, scan, tree, valueAndGrad } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { type Optimizer, sgd, requireOptimizer } from "../optimizers/index.ts";
import { type BilevelProblem, batchOf } from "./bilevelProblem.ts";
import { length } from "./vectors.ts";

export interface InnerSteps {
  /** Default: `sgd({ learningRate: 0.01 })`. */
  optimizer?: Optimizer;
  /** Inner steps between two outer ones, T; with a tolerance, steps of one program, which are computed in any case. Default 10. */
  steps?: number;
  /** Until the norm of the inner gradient is at most this, however many steps that takes up to `mostSteps`. Default: none. */
  tolerance?: number | undefined;
  /** With a tolerance: steps after which it is given up. Default 10,000. */
  mostSteps?: number;
}

/** New weights from outer parameters and weights: a closed form, or steps that the caller writes. Made of `np` functions. */
export type SolverFunction<Outer, Weights, Batch = undefined> = (
  outer: Outer,
  weights: Weights,
  batch: NoInfer<Batch>,
) => Weights;

export type InnerSolver<Outer, Weights, Batch = undefined> =
  InnerSteps | SolverFunction<Outer, Weights, Batch>;

/** Weights and the state of what trains them. */
export interface Training<Weights> {
  weights: Weights;
  optimizer: Tree;
}

/** A solver with its options checked. */
export interface Solver<Outer, Weights> {
  /** Steps of one call; calls of a function count as one. */
  steps: number;
  tolerance: number | undefined;
  mostSteps: number;
  /** Whether single steps can be told apart, so that the last ones can be unrolled. */
  hasSteps: boolean;
  init(weights: Weights): Tree;
  /** `count` steps, the first of them number `from`: traced. */
  run(outer: Outer, at: Training<Weights>, key: Key, from: number, count: number): Training<Weights>;
  /** Steps until the tolerance holds, at most `steps`, as a program of fixed length. */
  approach(
    outer: Outer,
    at: Training<Weights>,
    key: Key,
    from: Tensor,
  ): { at: Training<Weights>; taken: Tensor; isDone: Tensor };
  describe: { name: string; steps: number; tolerance: number | null };
}

const stepNames = ["optimizer", "steps", "tolerance", "mostSteps"] as const;

export function innerSolver<Outer, Weights, Batch>(
  where: string,
  problem: BilevelProblem<Outer, Weights, Batch>,
  given: InnerSolver<Outer, Weights, Batch> = {},
): Solver<Outer, Weights> {
  return typeof given === "function" ? byFunction(problem, given) : bySteps(where, problem, given);
}

function byFunction<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  solve: SolverFunction<Outer, Weights, Batch>,
): Solver<Outer, Weights> {
  return {
    steps: 1,
    tolerance: undefined,
    mostSteps: 1,
    hasSteps: false,
    init: () => ({}),
    run(outer, { weights, optimizer }, key, from, count) {
      if (count === 0) return { weights, optimizer };
      if (count === 1) {
        const batch = batchOf(problem, random.foldIn(key, tree.scalar(from, "int32")), "inner");
        return { weights: solve(outer, weights, batch), optimizer };
      }
      const call = (at: Weights, _: undefined, k: Tensor): [Weights, undefined] => {
        const batch = batchOf(problem, random.foldIn(key, k.add(tree.scalar(from, "int32"))), "inner");
        return [solve(outer, at, batch), undefined];
      };
      return { weights: scan(call, weights, undefined, { length: count })[0], optimizer };
    },
    approach: () => {
      throw new OptionError("bilevel", "solver.tolerance", "a function", "given with an optimizer only");
    },
    describe: { name: "function", steps: 1, tolerance: null },
  };
}

function bySteps<Outer, Weights, Batch>(
  where: string,
  problem: BilevelProblem<Outer, Weights, Batch>,
  given: InnerSteps,
): Solver<Outer, Weights> {
  requireKnownOptions(`${where}.solver`, given, stepNames);
  const optimizer: Optimizer = given.optimizer ?? sgd({ learningRate: 0.01 });
  requireOptimizer(where, optimizer, "solver.optimizer");
  const { steps = 10, tolerance, mostSteps = 10_000 } = given;
  requireInteger(where, "solver.steps", steps, 1);
  requireInteger(where, "solver.mostSteps", mostSteps, 1);
  if (given.mostSteps !== undefined && tolerance === undefined) {
    const hint = "Without a tolerance it is solver.steps that are taken.";
    throw new OptionError(where, "solver.mostSteps", mostSteps, "given with solver.tolerance only", hint);
  }
  if (tolerance !== undefined) requirePositive(where, "solver.tolerance", tolerance);
  const gradientAt = (outer: Outer, weights: Weights, key: Key): Weights =>
    valueAndGrad((at: Weights, held: Outer): Tensor =>
      problem.inner(held, at, batchOf(problem, key, "inner")),
    )(weights, outer)[1] as Weights;
  const keyOf = (key: Key, from: Tensor, k: Tensor): Key => random.foldIn(key, from.add(k));
  const moved = (at: Training<Weights>, gradient: Weights): Training<Weights> => {
    const next = optimizer.update<unknown>(gradient, at.optimizer, at.weights);
    return { weights: next.theta as Weights, optimizer: next.state };
  };
  return {
    steps,
    tolerance,
    mostSteps,
    hasSteps: true,
    init: (weights) => optimizer.init(weights),
    run(outer, at, key, from, count) {
      const first = tree.scalar(from, "int32");
      const step = (now: Training<Weights>, _: undefined, k: Tensor): [Training<Weights>, undefined] => [
        moved(now, gradientAt(outer, now.weights, keyOf(key, first, k))),
        undefined,
      ];
      return count === 0 ? at : scan(step, at, undefined, { length: count })[0];
    },
    approach(outer, at, key, from) {
      type Carry = { at: Training<Weights>; taken: Tensor; isDone: Tensor };
      const step = (carry: Carry, _: undefined, k: Tensor): [Carry, undefined] => {
        const gradient = gradientAt(outer, carry.at.weights, keyOf(key, from, k));
        const isDone = np.where(length(gradient).lessEqual(tolerance!), 1, carry.isDone).astype("int32");
        const next = {
          at: moved(carry.at, gradient),
          taken: carry.taken.add(tree.scalar(1, "int32")),
          isDone,
        };
        return [tree.select(isDone.greater(0), { ...carry, isDone }, next), undefined];
      };
      const zero = tree.scalar(0, "int32");
      return scan(step, { at, taken: zero, isDone: zero }, undefined, { length: steps })[0];
    },
    describe: { name: optimizer.name, steps, tolerance: tolerance ?? null },
  };
}
