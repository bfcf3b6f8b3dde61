/**
 * The re-train gap: how much of a bilevel solution is in the outer parameters, and how much only in the weights that were
 * carried along.
 *
 *     gap = F(u, w trained anew on u) - F(u, w)
 *
 * Near 0: u says all. Large: whoever is given u alone does not get what the run showed. Vicol et al. 2022, "warm-start
 * and re-train".
 */
import { type Key, type Tensor, np, random, vmap } from "../array/index.ts";
import {
  NonFiniteError,
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requireRecord,
} from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import { type BilevelProblem, batchOf, requireBilevel } from "./bilevelProblem.ts";
import { type InnerSolver, type Solver, innerSolver } from "./innerSolver.ts";

export interface RetrainOptions {
  /** Outer steps between two re-trainings whose gap becomes a metric; 0 for none. Default 100. */
  every?: number;
  /** Inner steps of each. Default: those of an outer step, and at least 100. */
  steps?: number;
  /** "fresh": weights that `start` draws; "same": those that the run began with. Default "fresh" where there is a `start`. */
  from?: "fresh" | "same";
}

export type RetrainRule = Required<RetrainOptions>;

const leastSteps = 100;

export function retrainRule<Outer, Weights>(
  where: string,
  options: RetrainOptions | undefined,
  solver: Solver<Outer, Weights>,
  hasStart: boolean,
): RetrainRule {
  requireKnownOptions(`${where}.retrain`, options, ["every", "steps", "from"]);
  const least = solver.hasSteps ? leastSteps : 1;
  const {
    every = 100,
    steps = Math.max(least, solver.steps),
    from = hasStart ? "fresh" : "same",
  } = options ?? {};
  requireInteger(where, "retrain.every", every, 0);
  requireInteger(where, "retrain.steps", steps, 1);
  requireOneOf(where, "retrain.from", from, ["fresh", "same"]);
  for (const name of ["steps", "from"] as const) {
    if (every > 0 || options?.[name] === undefined) continue;
    throw new OptionError(where, `retrain.${name}`, options[name], "absent where retrain.every is 0");
  }
  if (from === "fresh" && !hasStart) {
    throw new OptionError(
      where,
      "retrain.from",
      from,
      '"same" without start',
      "Give start(key), which draws weights.",
    );
  }
  return { every, steps, from };
}

/** Weights trained anew on `outer`, from `weights`: traced. */
export function retrained<Outer, Weights>(
  solver: Solver<Outer, Weights>,
  outer: Outer,
  weights: Weights,
  key: Key,
  steps: number,
): Weights {
  const from = { weights, optimizer: solver.init(weights) };
  return solver.run(outer, from, random.foldIn(key, "retrain"), 0, steps).weights;
}

export interface RetrainGapOptions<Outer, Weights, Batch> {
  /** What trains the weights. Default: 10 steps of `sgd({ learningRate: 0.01 })`, but for `steps`. */
  solver?: InnerSolver<Outer, Weights, Batch>;
  /** Inner steps of a re-training. Default: those of the solver, and at least 100. */
  steps?: number;
  /** Weights that are drawn and trained. Default 3; 1 where there is no `start`. */
  seeds?: number;
  /** Where re-training starts. Default: weights that `start` draws. */
  weights?: Weights;
  /** Of drawn weights and data. Default: `random.key(0)`. */
  key?: Key;
  /** What is measured of weights: an accuracy, say, made of `np` functions. Default: the outer loss. */
  measure?(outer: Outer, weights: Weights): Tensor;
}

export interface RetrainGap<Weights> {
  /** The measure at the weights that were given. */
  final: number;
  /** The same after re-training, for each seed, and their mean. */
  retrained: number[];
  mean: number;
  /** Mean less final. */
  gap: number;
  /** Weights of each seed along a first axis. */
  weights: Weights;
}

/**
 * Trains weights anew on `outer` and measures what is lost. Cost: seeds · steps inner steps.
 *
 * @example
 * const { gap } = retrainGap(problem, theta, { solver: { optimizer: sgd({ learningRate: 0.1 }), steps: 500 } });
 */
export function retrainGap<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  theta: { outer: Outer; weights: Weights },
  options: RetrainGapOptions<Outer, Weights, Batch> = {},
): RetrainGap<Weights> {
  const where = "retrainGap";
  requireKnownOptions(where, options, ["solver", "steps", "seeds", "weights", "key", "measure"]);
  requireRecord(where, problem, ["inner", "outer"]);
  requireBilevel(where, problem);
  const at: unknown = theta;
  const parts = ["outer", "weights"] as const;
  if (typeof at !== "object" || at === null || !parts.every((name) => name in at)) {
    const hint = "Write retrainGap(problem, { outer, weights }): where the run ended.";
    throw new OptionError(where, "theta", at, "{ outer, weights }", hint);
  }
  const { start } = problem;
  const { key = random.key(0), weights: given, seeds = start && !given ? 3 : 1 } = options;
  const solver = innerSolver(where, problem, options.solver);
  const { steps } = retrainRule(where, { ...(options.steps !== undefined && { steps: options.steps }) }, solver, start !== undefined); // prettier-ignore
  requireInteger(where, "seeds", seeds, 1);
  if (given === undefined && start === undefined) {
    throw new OptionError(where, "weights", undefined, "given where the problem has no start");
  }
  const drawn = random.foldIn(key, "outer");
  const measure =
    options.measure ??
    ((outer: Outer, weights: Weights) => problem.outer(outer, weights, batchOf(problem, drawn, "outer")));
  const program = compiled("retrainGap", (outer: Outer, weights: Weights, ids: Tensor) => {
    const one = (id: Tensor): { weights: Weights; value: Tensor } => {
      const own = random.foldIn(key, id);
      const end = retrained(solver, outer, given ?? start!(random.foldIn(own, "start")), own, steps);
      return { weights: end, value: measure(outer, end) };
    };
    return { final: measure(outer, weights), ...vmap(one)(ids) };
  });
  const { final, value, weights } = program(theta.outer, theta.weights, np.arange(seeds));
  const values = Array.from(value.data, Number);
  const measures = { "at theta": [final.item()], "after training again": values };
  for (const [when, found] of Object.entries(measures))
    for (const x of found) {
      if (Number.isFinite(x)) continue;
      const hint = "Lower the learning rate of solver.optimizer, or look at theta and the measure.";
      throw new NonFiniteError(where, `the measure ${when} is ${x}. ${hint}`, { quantity: when });
    }
  const mean = values.reduce((sum, one) => sum + one, 0) / seeds;
  return { final: final.item(), retrained: values, mean, gap: mean - final.item(), weights };
}
