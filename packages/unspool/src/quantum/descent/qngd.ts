/**
 * Quantum natural gradient descent for mixed states (Sbahi, Martinez, Patel, Saberi, Yoo, Roeder and Verdon 2022), in the
 * geometry of the relative entropy:
 *
 *     x ← x - η (g(x) + damping)⁻¹ ∇L(x),     g the Bogoliubov-Kubo-Mori information matrix.
 *
 * Of `vqt` with a `qbm` whose terms contain the target, g⁻¹ ∇L = θ - θ*: without damping and with η = 1 the first step is the
 * last. Of `qmhl` with such a model g is the Hessian of L, which is convex: there the same step is Newton's, and the number of
 * right digits doubles near the end.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type Optimizer, requireOptimizer, sgd } from "../../optimizers/index.ts";
import { type Damping, dampedSolve } from "./dampedSolve.ts";
import { type QuantumRule, asTensors } from "./quantumRule.ts";

export interface QngdOptions {
  /** What takes the preconditioned gradient. Default `sgd({ learningRate: 0.5 })`. */
  optimizer?: Optimizer;
  /** How the metric is kept away from singular, see `Damping`. Default "eigenvalue". */
  damping?: "eigenvalue" | "plain";
  /** r. Default 1 of "eigenvalue", 0.1 of "plain". */
  floor?: number;
  /** l of (gᵀg + l I)⁻¹ gᵀ ∇L; 0 solves g x = ∇L. Default 0.01 of "eigenvalue", 1e-4 of "plain". */
  ridge?: number;
  /** "blocks" solves for energies and circuit apart, where no parameter is of both: not of "qaia". Default "full". */
  solve?: "full" | "blocks";
}

const defaults = { eigenvalue: { floor: 1, ridge: 1e-2 }, plain: { floor: 0.1, ridge: 1e-4 } } as const;

/**
 * The rule. Metrics: `naturalGradientNorm`, √(∇Lᵀ g⁻¹ ∇L) in the damped metric, and `metricShift`, what was added to its
 * diagonal. Cost: 2 P² D² multiplications for the metric and P³ for the solution, for P parameters.
 */
export function qngd(options: QngdOptions = {}): QuantumRule {
  requireKnownOptions("qngd", options, ["optimizer", "damping", "floor", "ridge", "solve"]);
  const { damping: kind = "eigenvalue", solve = "full" } = options;
  const optimizer: Optimizer = options.optimizer ?? sgd({ learningRate: 0.5 });
  requireOptimizer("qngd", optimizer, "optimizer");
  requireOneOf("qngd", "damping", kind, ["eigenvalue", "plain"]);
  requireOneOf("qngd", "solve", solve, ["full", "blocks"]);
  const { floor = defaults[kind].floor, ridge = defaults[kind].ridge } = options;
  for (const [name, value] of Object.entries({ floor, ridge }))
    if (!Number.isFinite(value) || value < 0)
      throw new OptionError("qngd", name, value, "a finite number of at least 0");
  const damping: Damping = { kind, floor, ridge };
  return {
    name: "qngd",
    recipe: { damping: kind, floor, ridge, solve, optimizer: optimizer.name },
    requireModel(model) {
      const circuit = model.spectral?.circuit;
      if (solve === "blocks" && circuit?.isTied === true)
        throw new OptionError("qngd", "solve", solve, `"full" with the circuit "${circuit.name}"`, "Its gates share the energies' parameters, so that the metric between the two is not 0."); // prettier-ignore
    },
    init: (theta) => optimizer.init(theta),
    update(gradient, state, theta, { model, frequencies }) {
      const g = model.metric(theta, frequencies);
      const flat = model.flatten(gradient);
      const blocks = solve === "blocks" ? model.blocks(theta) : [flat.shape[0]!];
      const isPositive = frequencies === undefined;
      const { solution, shift } = dampedSolve(g, flat, damping, { blocks, isPositive });
      const next = optimizer.update(asTensors(model.unflatten(solution, theta)), state, theta);
      const length = np.sqrt(np.maximum(flat.mul(solution).sum(), 0)) as Tensor;
      return { ...next, metrics: { naturalGradientNorm: length, metricShift: shift } };
    },
  };
}
