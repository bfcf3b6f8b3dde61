/**
 * A bilevel problem for `compare`: hypergradients by the implicit function theorem beside every estimator of unrolled
 * loops, on one scale. The reference is the derivative of F at the weights that T inner steps reach.
 */
import { type Key, tree } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import type { ComparedEstimator, EstimatorOptions, GradientEstimator } from "../estimators/index.ts";
import { type Optimizer, requireOptimizer, sgd } from "../optimizers/index.ts";
import { type Problem, compiled } from "../unroll/index.ts";
import { type BilevelProblem, requireBilevel } from "./bilevelProblem.ts";
import { requireFewWeights } from "./hypergradient.ts";
import { type HypergradientOptions, hypergradientRule, isUnrolled } from "./hypergradientOptions.ts";
import { hypergradientCost, hypergradientStep, requireFit } from "./hypergradientStep.ts";
import { innerSolver } from "./innerSolver.ts";
import { requireDefinedHypergradient } from "./soundHypergradient.ts";
import { unrolledProblem } from "./unrolledProblem.ts";

export interface BilevelComparisonOptions<Outer, Weights> {
  /** The outer parameters at which gradients are compared. */
  theta: Outer;
  /** Weights that training starts from. Default: `start` draws them. */
  weights?: Weights;
  /** Default: `sgd({ learningRate: 0.01 })`. */
  optimizer?: Optimizer;
  /** Inner steps, T. Default 100. */
  steps?: number;
  /** Hypergradients to measure, by the names of the table. Default: the kinds that suit the number of weights. */
  hypergradients?: Readonly<Record<string, HypergradientOptions>>;
  /** Of evolution strategies. Default 0.01. */
  sigma?: number;
  /** Default 16. */
  pairs?: number;
  /** Steps of a window. Default: a tenth of the steps, if that divides them. */
  truncation?: number;
}

export interface BilevelComparison<Outer> {
  /** Of theta below. */
  problem: Problem<never>;
  options: EstimatorOptions;
  theta: Outer;
  /** The hypergradients. */
  others: readonly ComparedEstimator[];
}

const mostDense = 200;

/**
 * The inner problem that an experiment hands to `compare`.
 *
 * @example
 * setup: () => ({ …, inner: bilevelComparison(problem, { theta, weights, steps: 50, optimizer: sgd({ learningRate: 0.1 }) }) })
 */
export function bilevelComparison<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  options: BilevelComparisonOptions<Outer, Weights>,
): BilevelComparison<Outer> {
  const where = "bilevelComparison";
  requireKnownOptions(where, options, [
    "theta",
    "weights",
    "optimizer",
    "steps",
    "hypergradients",
    "sigma",
    "pairs",
    "truncation",
  ]);
  requireBilevel(where, problem);
  const { theta, weights, steps = 100, sigma = 0.01, pairs = 16 } = options;
  const optimizer: Optimizer = options.optimizer ?? sgd({ learningRate: 0.01 });
  requireOptimizer(where, optimizer, "optimizer");
  if (weights === undefined && problem.start === undefined) {
    throw new OptionError(where, "weights", undefined, "given where the problem has no start");
  }
  const truncation = options.truncation ?? (steps % 10 === 0 ? steps / 10 : steps);
  const unrolled = unrolledProblem(problem, { optimizer, steps, weights });
  const entry = ([name, given]: [string, HypergradientOptions]): ComparedEstimator => ({
    name,
    kind: given.kind === "unrollForward" ? "forward" : "reverse",
    isUnbiased: given.kind !== undefined && isUnrolled(given.kind) && (given.terms ?? steps) >= steps,
    isWhole: true,
    isDeterministic: true,
    cost: { perUnit: 1 },
    options: [],
    create: () => hypergradientEstimator(name, problem, { optimizer, steps, weights }, given),
  });
  return {
    problem: unrolled as Problem<never>,
    theta,
    options: { objective: "sum", sigma, pairs, truncation },
    others: Object.entries(options.hypergradients ?? kindsFor(weights)).map(entry),
  };
}

function kindsFor(weights: unknown): Record<string, HypergradientOptions> {
  const isSmall = weights !== undefined && tree.size(weights) <= mostDense;
  return {
    ...(isSmall && { exact: { kind: "exact" } }),
    "neumann 20": { kind: "neumann" },
    "neumann 5": { kind: "neumann", terms: 5 },
    identity: { kind: "identity" },
    cg: { kind: "cg" },
    "normal cg": { kind: "normalCg" },
    "unroll last 5": { kind: "unroll", terms: 5 },
  };
}

/** The hypergradient after T inner steps as a gradient estimator. Cost: T inner steps, and its products with the Hessian. */
function hypergradientEstimator<Outer, Weights, Batch>(
  name: string,
  problem: BilevelProblem<Outer, Weights, Batch>,
  training: { optimizer: Optimizer; steps: number; weights: Weights | undefined },
  given: HypergradientOptions,
): GradientEstimator<Outer, null> {
  const rule = hypergradientRule(name, given);
  const solver = innerSolver(name, problem, { optimizer: training.optimizer, steps: training.steps });
  requireFit(name, rule, solver);
  const startAt = (key: Key): Weights => training.weights ?? problem.start!(key);
  const program = compiled(`hypergradient ${name}`, (outer: Outer, key: Key) => {
    const weights = startAt(key);
    requireFewWeights(name, rule.kind, weights);
    const from = { weights, optimizer: solver.init(weights) };
    const { loss, gradient, info } = hypergradientStep({ problem, solver, rule }, outer, from, key);
    return { loss, gradient, info };
  });
  return {
    name,
    init: () => null,
    estimate(theta, state, key) {
      const { loss, gradient, info } = program(theta, key);
      // A series that runs away is not refused: a comparison is there to show its bias, and has the metric `growth`.
      requireDefinedHypergradient(name, rule, info);
      const innerSteps = training.steps + hypergradientCost(rule, startAt(key));
      const { growth } = info;
      const metrics = { innerSteps, ...(growth && { growth: growth.item() }) };
      return { loss: loss.item(), gradient, state, metrics };
    },
  };
}
