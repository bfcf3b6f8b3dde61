/**
 * Quantum-probabilistic mirror descent (Sbahi et al. 2022): a proximal step in the relative entropy, which needs no metric.
 * It is approached by steps of an optimizer whose state is kept from one outer step to the next:
 *
 *     x' = argmin_x ⟨∇L(x_t), x⟩ + (1/η) ( (1 - λ) D(ρ_x‖ρ_t) + (λ/2) |x - x_t|² )
 *
 * ∇L(x_t), x_t and the modular Hamiltonian K_t behind D are fixed meanwhile; only ρ_x moves, and its divergence is a free
 * energy of K_t. To first order in η it is the natural gradient step with the metric (1 - λ) g + λ I.
 */
import { type Tree, grad, lax, scan, tree } from "../../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import { type Optimizer, adam, requireOptimizer } from "../../optimizers/index.ts";
import { type QuantumRule, asTensors } from "./quantumRule.ts";

export interface QpmdOptions {
  /** η. Default 0.1. */
  learningRate?: number;
  /** Steps towards the minimum in each outer step. Default 100. */
  innerSteps?: number;
  /** What takes them; its state is kept. Default `adam({ learningRate: 2.5e-3 })`. */
  innerOptimizer?: Optimizer;
  /** λ, the Euclidean share of the divergence, from 0 to 1. Default 0.5. */
  euclidean?: number;
  /** D of the new state from the old one, D(ρ_x‖ρ_t), or of the old from the new, D(ρ_t‖ρ_x). Default "newOld". */
  order?: "newOld" | "oldNew";
}

/**
 * The rule. Metric: `divergence`, D between the states before and after, in the order of the option. Cost: `innerSteps`
 * gradients of the model, none of the target.
 */
export function qpmd(options: QpmdOptions = {}): QuantumRule {
  const names = ["learningRate", "innerSteps", "innerOptimizer", "euclidean", "order"] as const;
  requireKnownOptions("qpmd", options, names);
  const { learningRate = 0.1, innerSteps = 100, euclidean = 0.5, order = "newOld" } = options;
  const innerOptimizer: Optimizer = options.innerOptimizer ?? adam({ learningRate: 2.5e-3 });
  requirePositive("qpmd", "learningRate", learningRate);
  requireInteger("qpmd", "innerSteps", innerSteps, 1);
  requireOptimizer("qpmd", innerOptimizer, "innerOptimizer");
  requireOneOf("qpmd", "order", order, ["newOld", "oldNew"]);
  if (!(euclidean >= 0 && euclidean <= 1))
    throw new OptionError("qpmd", "euclidean", euclidean, "from 0 (the relative entropy alone) to 1 (the distance alone)"); // prettier-ignore
  return {
    name: "qpmd",
    recipe: { learningRate, innerSteps, euclidean, order, innerOptimizer: innerOptimizer.name },
    init: (theta) => innerOptimizer.init(theta),
    update<Theta>(
      gradient: Theta,
      state: Tree,
      start: Theta,
      { model }: Parameters<QuantumRule["update"]>[3],
    ) {
      const of = order === "newOld" ? model.modular(start) : model.state(start);
      const frozen = tree.map(lax.stopGradient, of);
      /** D(ρ_x‖ρ_t) or D(ρ_t‖ρ_x), up to a constant. */
      const divergence = (x: Theta) =>
        order === "newOld" ? model.freeEnergy(x, frozen) : model.crossEntropy(x, frozen);
      const slope = grad(divergence);
      type At = { theta: Theta; state: Tree };
      const [end] = scan(
        ({ theta, state: own }: At): [At, undefined] => {
          const pull = tree.add(
            tree.scale(slope(theta) as Theta, (1 - euclidean) / learningRate),
            tree.scale(tree.subtract(theta, start), euclidean / learningRate),
          );
          return [innerOptimizer.update(asTensors(tree.add(gradient, pull)), own, theta), undefined];
        },
        { theta: start, state },
        undefined,
        { length: innerSteps },
      );
      return { ...end, metrics: { divergence: divergence(end.theta).sub(divergence(start)) } };
    },
  };
}
