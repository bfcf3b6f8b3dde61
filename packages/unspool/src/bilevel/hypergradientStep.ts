/** Inner training and the hypergradient at where it ends: one outer step without its update, traced. */
import { type Key, type Tensor, lax, random, tree, valueAndGrad } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type BilevelProblem, batchOf, lossesOn } from "./bilevelProblem.ts";
import { type HypergradientInfo, hypergradientBy } from "./hypergradient.ts";
import { type HypergradientRule, isUnrolled } from "./hypergradientOptions.ts";
import type { Solver, Training } from "./innerSolver.ts";
import { forwardUnrolled, reverseUnrolled } from "./unrolledHypergradient.ts";
import { length } from "./vectors.ts";

export interface HypergradientStep<Outer, Weights> {
  /** F at the trained weights. */
  loss: Tensor;
  gradient: Outer;
  /** Weights after the inner steps. */
  end: Training<Weights>;
  /** f there, and the norm of its gradient. */
  innerLoss: Tensor;
  innerGradientNorm: Tensor;
  info: HypergradientInfo;
}

export interface OuterStepParts<Outer, Weights, Batch> {
  problem: BilevelProblem<Outer, Weights, Batch>;
  solver: Solver<Outer, Weights>;
  rule: HypergradientRule;
}

/** Trains from `from` and differentiates. Whatever the kind, the inner steps draw the same data. */
export function hypergradientStep<Outer, Weights, Batch>(
  parts: OuterStepParts<Outer, Weights, Batch>,
  outer: Outer,
  from: Training<Weights>,
  key: Key,
): HypergradientStep<Outer, Weights> {
  const { problem, solver, rule } = parts;
  const own = random.foldIn(key, "inner");
  if (!isUnrolled(rule.kind)) {
    const end = solver.run(outer, from, own, 0, solver.steps);
    return hypergradientAt(parts, outer, end, key);
  }
  const unrolled = Math.min(rule.terms ?? solver.steps, solver.steps);
  const before = solver.run(outer, from, own, 0, solver.hasSteps ? solver.steps - unrolled : 0);
  const losses = lossesFor(problem, key);
  const last = (at: Outer): Training<Weights> =>
    solver.run(at, before, own, solver.steps - unrolled, unrolled);
  const lossAt = (at: Outer, { weights }: Training<Weights>): Tensor => losses.outer(at, weights);
  const { loss, gradient, end } =
    rule.kind === "unroll"
      ? reverseUnrolled(last, lossAt, outer, from)
      : forwardUnrolled(last, lossAt, outer);
  return { loss, gradient, end, ...innerMeasures(losses.inner, outer, end.weights), info: {} };
}

/** The hypergradient, of a kind that looks at one point, where training has ended. */
export function hypergradientAt<Outer, Weights, Batch>(
  { problem, rule }: Pick<OuterStepParts<Outer, Weights, Batch>, "problem" | "rule">,
  outer: Outer,
  end: Training<Weights>,
  key: Key,
): HypergradientStep<Outer, Weights> {
  const losses = lossesFor(problem, key);
  const weights = tree.map((leaf) => lax.stopGradient(leaf) as Tensor, end.weights);
  const { loss, gradient, info } = hypergradientBy(losses, outer, weights, rule);
  return { loss, gradient, end, ...innerMeasures(losses.inner, outer, weights), info };
}

/** f and F on the batches of this outer step. */
function lossesFor<Outer, Weights, Batch>(problem: BilevelProblem<Outer, Weights, Batch>, key: Key) {
  return lossesOn(
    problem,
    batchOf(problem, random.foldIn(key, "hypergradient"), "inner"),
    batchOf(problem, random.foldIn(key, "outer"), "outer"),
  );
}

function innerMeasures<Outer, Weights>(
  inner: (outer: Outer, weights: Weights) => Tensor,
  outer: Outer,
  weights: Weights,
) {
  const [innerLoss, gradient] = valueAndGrad((at: Weights, held: Outer) => inner(held, at))(weights, outer);
  return { innerLoss, innerGradientNorm: length(gradient) };
}

/** Throws `OptionError` where kind and solver do not fit. */
export function requireFit<Outer, Weights>(
  where: string,
  { kind, terms }: HypergradientRule,
  { tolerance, hasSteps }: Solver<Outer, Weights>,
): void {
  if (!isUnrolled(kind)) return;
  if (tolerance !== undefined) {
    throw new OptionError(
      where,
      "solver.tolerance",
      tolerance,
      `absent with kind "${kind}"`,
      "The number of inner steps is not known before, so that they cannot be unrolled: give solver.steps.",
    );
  }
  if (terms !== undefined && !hasSteps) {
    throw new OptionError(
      where,
      "hypergradient.terms",
      terms,
      "absent where the solver is a function",
      "All of it is unrolled: its steps cannot be told apart.",
    );
  }
}

/** Inner steps that a hypergradient counts as: products with the Hessian, and steps that are run again. */
export function hypergradientCost(
  { kind, terms, alpha, iterations }: HypergradientRule,
  weights: unknown,
): number {
  if (kind === "exact" || kind === "damped") return tree.size(weights);
  if (kind === "cg") return iterations;
  if (kind === "normalCg") return 2 * iterations + 1;
  if (kind !== "neumann") return 0;
  return (terms ?? 20) - 1 + (alpha === "auto" ? 20 : 0);
}
