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
import { type Key, type Tensor, type Tree, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, requireKnownOptions, requireOneOf } from "../errors.ts";
import {
  type Json,
  type Method,
  type MethodStep,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteValues,
  shapes,
} from "../methods/index.ts";
import { type Optimizer, adam } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import {
  type BilevelProblem,
  batchOf,
  lossesOn,
  requireBilevel,
  requireFloats,
  requireResponse,
} from "./bilevelProblem.ts";
import { requireFewWeights, requireSoundHypergradient } from "./hypergradient.ts";
import { type HypergradientOptions, hypergradientRule } from "./hypergradientOptions.ts";
import {
  type HypergradientStep,
  hypergradientAt,
  hypergradientCost,
  hypergradientStep,
  requireFit,
} from "./hypergradientStep.ts";
import { type InnerSolver, type Training, innerSolver } from "./innerSolver.ts";
import { largestEigenvalue } from "./largestEigenvalue.ts";
import { hessianProduct } from "./products.ts";
import { type RetrainOptions, retrainRule, retrained } from "./retrainGap.ts";
import { length } from "./vectors.ts";

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

/** What a run moves: the outer parameters, and the weights that the last outer step has trained. */
export interface BilevelTheta<Outer, Weights> {
  outer: Outer;
  weights: Weights;
}

/** Named numbers of all kinds of data, as checkpoints hold them. */
export interface BilevelState<Weights = unknown> {
  /** Outer steps done, int32. */
  step: Tensor;
  /** Of the outer optimizer. */
  optimizer: Tree;
  /** Of the inner one: goes on with warm starts. */
  solver: Tree;
  /** Weights that the run began with. */
  start: Weights;
  /** Length of the path of the outer parameters so far, float64. */
  pathLength: Tensor;
}

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
 * hypergradient (`qNorm`, `mixedNorm`, by kind `lambdaMax`, `condition`, `nullity`, `residual`, `flatness`), and every `retrain.every` steps
 * `retrainLoss` and `retrainGap`. An inner step is a gradient of f; a product with its Hessian counts as one.
 *
 * Throws `OptionError` for options that do not fit, an `alpha` beyond 2 / largest eigenvalue at the first weights,
 * conjugate gradients that meet a direction without curvature, and an inner loss that reads no outer parameter;
 * `ShapeError` for weights that are no floats, or not those that `start` draws; `NonFiniteError`.
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
  const where = "bilevel";
  requireKnownOptions(where, options, names);
  requireBilevel(where, options);
  const optimizer: Optimizer = options.optimizer ?? adam();
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
  const rule = hypergradientRule(where, options.hypergradient);
  const solver = innerSolver(where, options, options.solver);
  requireFit(where, rule, solver);
  const retrain = retrainRule(where, options.retrain, solver, start !== undefined);
  const parts = { problem: options, solver, rule };
  type Theta = BilevelTheta<Outer, Weights>;
  type State = BilevelState<Weights>;

  /** Where the inner steps of an outer one begin. */
  const begin = (theta: Theta, state: State, key: Key): Training<Weights> => {
    if (strategy === "warm") return { weights: theta.weights, optimizer: state.solver };
    const weights = reinit === "same" ? state.start : start!(random.foldIn(key, "start"));
    return { weights, optimizer: solver.init(weights) };
  };
  /** The update of the outer parameters, and what is measured. */
  const settle = (theta: Theta, state: State, found: HypergradientStep<Outer, Weights>) => {
    const { loss, gradient, end, innerLoss, innerGradientNorm, info } = found;
    const next = optimizer.update<unknown>(gradient, state.optimizer, theta.outer);
    const moved = length(tree.subtract(next.theta, theta.outer));
    const pathLength = state.pathLength.add(moved);
    const after: State = {
      step: state.step.add(tree.scalar(1, "int32")),
      optimizer: next.state,
      solver: strategy === "warm" ? end.optimizer : state.solver,
      start: state.start,
      pathLength,
    };
    return {
      theta: { outer: next.theta as Outer, weights: end.weights },
      state: after,
      loss,
      metrics: {
        gradientNorm: length(gradient),
        innerLoss,
        innerGradientNorm,
        outerNorm: length(next.theta),
        weightsNorm: length(end.weights),
        outerPathLength: pathLength,
        ...info,
      },
    };
  };
  const wholeStep = (theta: Theta, state: State, key: Key) =>
    settle(theta, state, hypergradientStep(parts, theta.outer, begin(theta, state, key), key));
  const whole = compiled("bilevel.step", wholeStep);
  const first = compiled("bilevel.begin", begin);
  const approach = compiled(
    "bilevel.approach",
    (outer: Outer, at: Training<Weights>, key: Key, from: Tensor) =>
      solver.approach(outer, at, random.foldIn(key, "inner"), from),
  );
  const last = compiled(
    "bilevel.hypergradient",
    (theta: Theta, state: State, end: Training<Weights>, key: Key) =>
      settle(theta, state, hypergradientAt(parts, theta.outer, end, key)),
  );
  /** Inner steps in bunches, until the tolerance holds. */
  const toTolerance = (theta: Theta, state: State, key: Key) => {
    let at = first(theta, state, key);
    let taken = 0;
    while (taken < solver.mostSteps) {
      const bunch = approach(theta.outer, at, key, tree.scalar(taken, "int32"));
      at = bunch.at;
      taken += bunch.taken.item();
      if (bunch.isDone.item() === 1) break;
    }
    return { made: last(theta, state, at, key), taken };
  };
  const again = compiled("bilevel.retrain", (outer: Outer, from: Weights, key: Key) => {
    const weights = retrain.from === "same" ? from : start!(random.foldIn(key, "retrain start"));
    const end = retrained(solver, outer, weights, key, retrain.steps);
    return options.outer(outer, end, batchOf(options, random.foldIn(key, "outer"), "outer"));
  });

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
      step: fingerprint(wholeStep, theta, state, solver.tolerance !== undefined),
    }),
    init(theta, key) {
      const { outer, weights } = theta;
      requireFloats(where, "the outer parameters", outer);
      requireFloats(where, "the weights", weights);
      requireFewWeights(where, rule.kind, weights);
      if (start !== undefined)
        tree.requireSame(where, "what start draws", weights, start(random.foldIn(key, "start")));
      const batch = batchOf(options, random.foldIn(key, "first batch"), "inner");
      requireResponse(where, lossesOn(options, batch, batch), outer, weights);
      if (rule.kind === "neumann" && rule.alpha !== "auto") {
        const bound = compiled("bilevel.bound", (at: Outer, w: Weights) =>
          largestEigenvalue((v: Weights) => hessianProduct(lossesOn(options, batch, batch), at, w, v), w),
        );
        requireSoundHypergradient(where, rule, { lambdaMax: bound(outer, weights), qNorm: 0 });
      }
      return {
        step: tree.scalar(0, "int32"),
        optimizer: optimizer.init(outer),
        solver: solver.init(weights),
        start: weights,
        pathLength: tree.scalar(0, "float64"),
      };
    },
    step(theta, state, key): MethodStep<Theta, State> {
      const { made, taken } =
        solver.tolerance === undefined
          ? { made: whole(theta, state, key), taken: solver.steps }
          : toTolerance(theta, state, key);
      const metrics = numbers(made.metrics);
      requireFiniteInner(where, metrics["innerLoss"]!);
      requireFiniteLoss(where, made.loss.item());
      requireSoundHypergradient(where, rule, { lambdaMax: 0, ...metrics, qNorm: metrics["qNorm"] ?? 0 });
      requireFiniteValues(where, "theta", made.theta);
      const isDue = retrain.every > 0 && made.state.step.item() % retrain.every === 0;
      const retrainLoss = isDue ? again(theta.outer, state.start, key).item() : undefined;
      return {
        theta: made.theta,
        state: made.state,
        loss: made.loss.item(),
        metrics: {
          innerSteps: taken + hypergradientCost(rule, theta.weights) + (isDue ? retrain.steps : 0),
          ...metrics,
          ...(retrainLoss !== undefined && { retrainLoss, retrainGap: retrainLoss - made.loss.item() }),
        },
      };
    },
  };
}

const numbers = (metrics: Readonly<Record<string, Tensor>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()]));

/** The cause before its consequences. */
function requireFiniteInner(where: string, innerLoss: number): void {
  if (Number.isFinite(innerLoss)) return;
  const problem = `the inner loss is ${innerLoss}.`;
  const hint = "Inner training diverges: lower the learning rate of solver.optimizer.";
  throw new NonFiniteError(where, `${problem} ${hint}`, { quantity: "innerLoss", problem });
}

function fingerprint(
  step: (...args: never[]) => unknown,
  theta: unknown,
  state: unknown,
  isOpenEnded: boolean,
): Record<string, Json> {
  // Steps to a tolerance are several programs; options and shapes stand in the recipe.
  if (isOpenEnded) return {};
  try {
    const { program, numbers: told } = programFingerprint("bilevel", step, [theta, state, random.key(0)]);
    return { program, numbers: told };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}
