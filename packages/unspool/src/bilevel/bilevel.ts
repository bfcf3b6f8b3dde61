/**
 * Bilevel optimisation: weights are trained on an inner loss, outer parameters by what that does to an outer loss.
 *
 *     cold start   w ← train(u, w_0);        warm start   w ← train(u, w of the last outer step)
 *     u ← a step of the outer optimizer along the hypergradient at (u, w)
 *
 * Which of many solutions comes out is decided by the start and by how the response of the weights is approximated, not
 * by the problem: that is why both are options and why re-training is measured. Vicol, Lorraine, Pedregosa, Duvenaud and
 * Grosse 2022, Algorithms 1 and 2.
 */
import { type Key, type Tensor, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, requireRecord, requireKnownOptions, requireOneOf } from "../errors.ts";
import {
  type Json,
  type Method,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteMetrics,
  requireFiniteValues,
  shapes,
} from "../methods/index.ts";
import { type Optimizer, adam, requireOptimizer } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import {
  type BilevelProblem,
  batchOf,
  lossesOn,
  requireBilevel,
  requireFloats,
  requireResponse,
} from "./bilevelProblem.ts";
import { requireFewWeights } from "./hypergradient.ts";
import {
  type HypergradientOptions,
  type HypergradientRule,
  hypergradientRule,
} from "./hypergradientOptions.ts";
import { hypergradientCost, requireFit } from "./hypergradientStep.ts";
import { type InnerSolver, innerSolver } from "./innerSolver.ts";
import { largestEigenvalue } from "./largestEigenvalue.ts";
import { type BilevelState, type BilevelTheta, outerSteps } from "./outerSteps.ts";
import { hessianProduct } from "./products.ts";
import { type RetrainOptions, retrainRule } from "./retrainGap.ts";
import { requireSoundHypergradient, requireStep } from "./soundHypergradient.ts";

export interface BilevelOptions<Outer, Weights, Batch = undefined> extends BilevelProblem<
  Outer,
  Weights,
  Batch
> {
  /** Of the outer parameters. Default: `adam()`. */
  optimizer?: Optimizer;
  /** What trains the weights: steps of an optimizer, or a function. Default: 10 steps of `sgd({ learningRate: 0.01 })`. */
  solver?: InnerSolver<Outer, Weights, Batch>;
  /** "warm": training goes on from the last outer step's weights; "cold": it starts anew. Default "warm". */
  strategy?: "warm" | "cold";
  /** Where a cold start begins: at the "same" weights always, or at "fresh" ones that `start` draws. Default "same". */
  reinit?: "same" | "fresh";
  /** How the outer gradient is made. Default: a Neumann series of 20 terms. */
  hypergradient?: HypergradientOptions;
  /** When the re-train gap is measured while the run goes on. Default: every 100 outer steps. */
  retrain?: RetrainOptions;
}

const where = "bilevel";

const names = [
  "name",
  "inner",
  "outer",
  "start",
  "data",
  "optimizer",
  "solver",
  "strategy",
  "reinit",
  "hypergradient",
  "retrain",
] as const;

/**
 * The method of bilevel optimisation. Theta is `{ outer, weights }`: outer parameters, and weights that the first inner
 * steps start from. The loss of a step is F at the weights that it has trained, before the outer update.
 *
 * Metrics: `gradientNorm`, `innerLoss`, `innerGradientNorm`, `outerNorm`, `weightsNorm`, `outerPathLength`, those of the
 * hypergradient (`qNorm`, `mixedNorm`, by kind `lambdaMax`, `growth`, `condition`, `nullity`, `residual`, `flatness`), and
 * every `retrain.every` steps `retrainLoss` and `retrainGap`. An inner step is a gradient of f; a product with its Hessian counts as one.
 *
 * Throws `OptionError` for options that do not fit, an `alpha` beyond 2 / largest eigenvalue at the first weights, a series
 * that runs away or an inner Hessian of 0 (see `hypergradient`), conjugate gradients that meet a direction without curvature,
 * and an inner loss that reads no outer parameter; `ShapeError` for weights that are no floats, or not those that `start`
 * draws; `NonFiniteError`.
 *
 * Cost: `solver.steps` inner steps and a hypergradient, see `hypergradient`.
 *
 * @example
 * const method = bilevel({
 *   inner: ({ images }, weights) => crossEntropy(weights, { inputs: images, labels }),
 *   outer: (_, weights, batch) => crossEntropy(weights, batch),
 *   data: (key) => minibatch(train, key, 128),
 *   solver: { optimizer: sgd({ learningRate: 0.02 }), steps: 1 },
 *   strategy: "warm",
 *   hypergradient: { kind: "unroll" },
 * });
 */
export function bilevel<Outer, Weights, Batch = undefined>(
  options: BilevelOptions<Outer, Weights, Batch>,
): Method<BilevelTheta<Outer, Weights>, BilevelState<Weights>> {
  requireRecord(where, options, names);
  requireKnownOptions(where, options, names);
  requireBilevel(where, options);
  const optimizer: Optimizer = options.optimizer ?? adam();
  requireOptimizer(where, optimizer, "optimizer");
  const { strategy = "warm", reinit = "same", start } = options;
  requireOneOf(where, "strategy", strategy, ["warm", "cold"]);
  requireOneOf(where, "reinit", reinit, ["same", "fresh"]);
  if (strategy === "cold" && reinit === "fresh" && start === undefined) {
    throw new OptionError(
      where,
      "reinit",
      reinit,
      '"same" without start',
      "Give start(key), which draws weights.",
    );
  }
  if (strategy === "warm" && reinit === "fresh") {
    const hint = "Warm starts go on from the last weights.";
    throw new OptionError(where, "reinit", reinit, '"same" with strategy "warm"', hint);
  }
  const rule = hypergradientRule(where, options.hypergradient);
  const solver = innerSolver(where, options, options.solver);
  requireFit(where, rule, solver);
  const retrain = retrainRule(where, options.retrain, solver, start !== undefined);
  const steps = outerSteps({ problem: options, solver, rule, optimizer, strategy, reinit, retrain });
  const described = {
    strategy,
    reinit,
    solver: solver.describe,
    hypergradient: { ...rule, terms: rule.terms ?? null, rtol: rule.rtol ?? null },
    retrain,
  };
  return {
    name: where,
    recipe: (theta, state) => ({
      problem: { name: options.name ?? "bilevel", ...described },
      optimizer: { name: optimizer.name, state: shapes(state.optimizer) },
      // Also where the steps have no fixed number: what they are of is the same.
      step: fingerprint(steps.traced, theta, state),
    }),
    init(theta, key) {
      requireTheta(theta);
      requireStart(options, rule, theta, key);
      return {
        step: tree.scalar(0, "int32"),
        optimizer: optimizer.init(theta.outer),
        solver: solver.init(theta.weights),
        start: theta.weights,
        pathLength: tree.scalar(0, "float64"),
      };
    },
    step(theta, state, key) {
      const { made, taken } = steps.take(theta, state, key);
      const loss = made.loss.item();
      const metrics = numbers(made.metrics);
      requireFiniteInner(where, metrics["innerLoss"]!);
      requireFiniteLoss(where, loss);
      requireSoundHypergradient(where, rule, metrics);
      requireFiniteMetrics(where, metrics);
      requireFiniteValues(where, "theta", made.theta);
      const isDue = retrain.every > 0 && made.state.step.item() % retrain.every === 0;
      const retrainLoss = isDue ? steps.retrainedLoss(theta.outer, state.start, key) : undefined;
      const innerSteps = taken + hypergradientCost(rule, theta.weights) + (isDue ? retrain.steps : 0);
      return {
        theta: made.theta,
        state: made.state,
        loss,
        metrics: {
          innerSteps,
          ...metrics,
          ...(retrainLoss !== undefined && { retrainLoss, retrainGap: retrainLoss - loss }),
        },
      };
    },
  };
}

/** Throws `OptionError` for a theta of other parts. */
function requireTheta(theta: unknown): void {
  const parts = ["outer", "weights"] as const;
  const isTheta = typeof theta === "object" && theta !== null && parts.every((name) => name in theta);
  if (isTheta) return;
  const hint = "Outer parameters, and the weights that the first inner steps start from.";
  throw new OptionError(where, "theta", theta, "{ outer, weights }", hint);
}

/** Throws where weights and outer parameters are not what the options need, and for a step of the series that is too long. */
function requireStart<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  rule: HypergradientRule,
  { outer, weights }: BilevelTheta<Outer, Weights>,
  key: Key,
): void {
  requireFloats(where, "the outer parameters", outer);
  requireFloats(where, "the weights", weights);
  requireFewWeights(where, rule.kind, weights);
  const drawn = problem.start?.(random.foldIn(key, "start"));
  if (drawn !== undefined) tree.requireSame(where, "what start draws", weights, drawn);
  const batch = batchOf(problem, random.foldIn(key, "first batch"), "inner");
  const losses = lossesOn(problem, batch, batch);
  requireResponse(where, losses, outer, weights);
  if (rule.kind !== "neumann" || rule.alpha === "auto") return;
  const bound = compiled("bilevel.bound", (at: Outer, w: Weights) =>
    largestEigenvalue((v: Weights) => hessianProduct(losses, at, w, v), w),
  );
  requireStep(where, rule.alpha, bound(outer, weights).item());
}

const numbers = (metrics: Readonly<Record<string, Tensor>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()]));

/** The cause before its consequences. */
function requireFiniteInner(where: string, innerLoss: number): void {
  if (Number.isFinite(innerLoss)) return;
  const hint = "inner training diverges: lower the learning rate of solver.optimizer";
  const problem = `the inner loss is ${innerLoss}; ${hint}`;
  throw new NonFiniteError(where, `${problem}.`, { quantity: "innerLoss", problem });
}

function fingerprint(
  step: (...args: never[]) => unknown,
  theta: unknown,
  state: unknown,
): Record<string, Json> {
  try {
    const { program, numbers: told } = programFingerprint("bilevel", step, [theta, state, random.key(0)]);
    return { program, numbers: told };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}
