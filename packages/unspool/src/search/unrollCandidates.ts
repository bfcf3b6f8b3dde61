/**
 * Candidates of an inner problem evaluated by whole trajectories: every candidate, for every task, is a particle of the
 * engine, and all of them run as one program. Simulators run by the host executor.
 */
import { type Key, type Tensor, np, random, tensorOf, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Problem,
  advance,
  eraseProblem,
  executorFor,
  finalLossOf,
  initialState,
  requireProblem,
} from "../unroll/index.ts";
import type { Evaluate } from "./evaluate.ts";

export interface UnrollCandidatesOptions {
  /** Trajectories of each candidate, over which its loss is averaged. Default 1. */
  tasks?: number;
  /**
   * Of the losses of a trajectory's steps the "mean" or the "sum", or the loss at its end, "final" (`finalLoss` of the
   * problem, or else the loss of the last step). Default "mean".
   */
  objective?: "mean" | "sum" | "final";
  /**
   * Initial states and data the "common" ones for all candidates of an evaluation, so that their losses differ by theta
   * alone, or "independent" ones. Default "common".
   */
  trajectories?: "common" | "independent";
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

type Unit = { theta: unknown; key: Key };
type Constant = { theta: unknown; key: Key };
type Carry = { state: unknown; t: Tensor; loss: Tensor };
type Program = ForwardProgram<object, Unit, object, Constant, Carry, object, { loss: Tensor }>;

/**
 * Losses of candidates of `problem` by whole trajectories. A trajectory whose loss is not finite makes that of its candidate
 * so. Cost: candidates · tasks · horizon inner steps.
 *
 * @example
 * const method = askTell({ search: cmaEs({ sigma: 0.5 }), evaluate: unrollCandidates(problem) });
 */
export function unrollCandidates<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: UnrollCandidatesOptions = {},
): Evaluate<Theta> {
  const where = "unrollCandidates";
  requireKnownOptions(where, options, ["tasks", "objective", "trajectories", "executor"]);
  const { tasks = 1, objective = "mean", trajectories = "common" } = options;
  requireProblem(where, problem);
  requireInteger(where, "tasks", tasks, 1);
  requireOneOf(where, "objective", objective, ["mean", "sum", "final"]);
  requireOneOf(where, "trajectories", trajectories, ["common", "independent"]);
  const { horizon } = problem;
  if (horizon === Infinity) {
    throw new OptionError(
      where,
      "problem.horizon",
      horizon,
      "finite",
      "A candidate is judged by a whole trajectory: give the loop an end, or use an estimator for windows (pes, nres).",
    );
  }
  const executor = executorFor(problem, options.executor);
  // Made once: executors compile a program object once for each number of candidates.
  const program = wholeTrajectory(eraseProblem(problem), objective);
  return (candidates, key) => {
    const count = tree.leaves(candidates)[0]!.shape[0]!;
    const units = count * tasks;
    const words = new Uint32Array(2 * units);
    for (let unit = 0; unit < units; unit++) {
      const task = unit % tasks;
      const own = trajectories === "common" ? task : unit;
      words.set(random.foldIn(key, own).data, 2 * unit);
    }
    const { each } = executor.forward(
      program,
      {},
      { theta: repeated(candidates, tasks), key: np.array(words, { shape: [units, 2], dtype: "uint32" }) },
    );
    const losses = new Float64Array(count);
    each.loss.data.forEach(
      (loss: number, unit: number) => (losses[Math.floor(unit / tasks)]! += loss / tasks),
    );
    return { losses, innerSteps: units * horizon };
  };
}

/** Every candidate `times` times in a row. */
function repeated(candidates: unknown, times: number): unknown {
  if (times === 1) return candidates;
  return tree.map((leaf) => {
    const count = leaf.shape[0]!;
    const size = leaf.size / count;
    const data = new (leaf.data.constructor as Float64ArrayConstructor)(leaf.size * times);
    for (let row = 0; row < count * times; row++) {
      const from = Math.floor(row / times) * size;
      data.set(leaf.data.subarray(from, from + size), row * size);
    }
    return tensorOf(data, [count * times, ...leaf.shape.slice(1)], leaf.dtype);
  }, candidates);
}

function wholeTrajectory(problem: ErasedProblem, objective: "mean" | "sum" | "final"): Program {
  const isFinal = objective === "final";
  return {
    name: "unrollCandidates",
    length: problem.horizon,
    begin: (_shared, { theta, key }) => ({
      members: [
        {
          constant: { theta, key },
          carry: {
            state: initialState(problem, theta, key),
            t: tree.scalar(0, "int32"),
            loss: np.zeros([], { dtype: "float64" }),
          },
        },
      ],
      kept: {},
    }),
    step(_shared, { theta, key }, { state, t, loss }) {
      const next = advance(problem, theta, state, t, key);
      const own = next.loss.astype("float64");
      return {
        state: next.state,
        t: t.add(tree.scalar(1, "int32")),
        loss: isFinal ? own : loss.add(own),
      };
    },
    finish(_shared, unit, members) {
      const { constant, carry } = members[0]!;
      const isOwn = isFinal && problem.finalLoss !== undefined;
      const loss = isOwn
        ? finalLossOf(problem, constant.theta, carry.state, constant.key).astype("float64")
        : carry.loss;
      return {
        unit,
        mean: {},
        each: { loss: objective === "mean" ? loss.div(problem.horizon) : loss },
      };
    },
  };
}
