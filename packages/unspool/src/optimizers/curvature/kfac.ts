/**
 * K-FAC, Kronecker-factored approximate curvature (Martens and Grosse, ICML 2015; arXiv 1503.05671): a step along the
 * natural gradient, in which the Fisher information of each layer is a product of two small matrices, of the second
 * moments of its inputs ā (with a 1 for the bias) and of the derivatives g at its outputs for targets that the model draws.
 *
 *     Ā ← ε Ā + (1 - ε) E[ā āᵀ],   G ← ε G + (1 - ε) E[g gᵀ],   ε = min(1 - 1/k, statisticsDecay)
 *     Δ = -(Ā + π γ I)⁻¹ ∇h (G + γ/π I)⁻¹,   π² = (tr Ā / rows) / (tr G / rows)
 *     δ = α Δ + μ δ₀,   (α, μ) = argmin M(δ) = ½ δᵀ (F + (λ + l2) I) δ + ∇hᵀ δ;   θ ← θ + δ
 *     every T₁:  ρ = (h(θ + δ) - h(θ)) / M(δ);   λ ← ω₁ λ if ρ > ¾,  λ / ω₁ if ρ < ¼
 *     every T₂:  γ ← the one of γ, ω₂ γ, γ / ω₂ with the lowest M(δ);   every T₃: the inverses are recomputed
 */
import { type Key, type Tensors, tree } from "../../array/index.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import { counter } from "../leaves.ts";
import type { Objective, ObjectiveOptimizer } from "../objective/objective.ts";
import { gammaOf, iterate, observed } from "./kfacIteration.ts";
import { type KfacOptions, kfacRule } from "./kfacOptions.ts";
import { phaseOf } from "./kfacPhase.ts";
import { reportOn } from "./kfacRegistration.ts";
import { type RegistrationReport, registrationOf } from "./registrationReport.ts";
import { type KfacState, initialState } from "./kfacState.ts";
import { multiplyInverse, scalarAt } from "./kfacStep.ts";
import { layerTaps, networkOf } from "./layerTaps.ts";
import { type QuadraticModel, quadraticModel } from "./quadraticModel.ts";

/** K-FAC as an optimizer, and its parts for other uses. */
export interface Kfac extends ObjectiveOptimizer<KfacState> {
  /** Which parameter is treated how, and why. */
  registrationReport<Theta>(theta: Theta, objective: Objective<Theta>): RegistrationReport;
  /** State with the statistics of one more batch and inverses of now; theta is not moved. */
  observe<Theta>(theta: Theta, state: KfacState, objective: Objective<Theta>, key: Key): KfacState;
  /** A gradient under the approximate inverse in `state`: a direction for any optimizer. */
  multiplyInverse<Theta>(
    theta: Theta,
    state: KfacState,
    objective: Objective<Theta>,
    gradient: Tensors<Theta>,
  ): Tensors<Theta>;
  /** Products of directions under the exact Fisher information of the batch, and slopes of the loss along them. */
  quadraticModel<Theta>(
    theta: Theta,
    objective: Objective<Theta>,
    directions: readonly Theta[],
  ): QuadraticModel;
}

/**
 * K-FAC. Weights that `layers` of a `networkObjective` compute with are preconditioned, and learning rate, momentum and
 * damping adapt by themselves where batches are large. Eigenvectors count as constants in derivatives of a step.
 * Cost: a gradient, a backward pass for the factors, two forward-mode products for the model; three copies of theta and
 * four times the squares of layers' widths; matrix inverses every `inverseInterval` steps.
 *
 * @example
 * const step = compiledStep(kfac({ l2: 1e-5 }), ({ inputs, targets }: Batch) =>
 *   networkObjective({ network, likelihood: bernoulliLogits, inputs, targets }),
 * );
 */
export function kfac(options: KfacOptions = {}): Kfac {
  const rule = kfacRule(options);
  return {
    name: "kfac",
    phaseAt: (step) => phaseOf(rule, step),
    init(theta, objective) {
      const network = networkOf("kfac", objective);
      const registration = registrationOf(network, theta);
      const { parameters } = reportOn(rule, network, theta);
      const paths = parameters.filter(({ treatment }) => treatment === "diagonal").map(({ path }) => path);
      const dtype = tree.floatType(theta);
      const damping = scalarAt(rule.damping, counter(), tree.scalar(0, dtype));
      const gamma = rule.gamma === null ? gammaOf(rule, damping) : tree.scalar(rule.gamma, dtype);
      return initialState(rule, theta, registration.blocks, paths, { damping, gamma });
    },
    step: (theta, state, objective, stepOptions) => iterate(rule, theta, state, objective, stepOptions),
    registrationReport(theta, objective) {
      return reportOn(rule, networkOf("kfac", objective), theta);
    },
    observe: (theta, state, objective, key) =>
      compiledOutside(
        "kfac.observe",
        (at: typeof theta, before: KfacState, draw: Key) => {
          const network = networkOf("kfac", objective);
          return observed(rule, at, before, network, layerTaps(network, at), draw, true);
        },
        tree.tensors(theta) as typeof theta,
        state,
        key,
      ),
    multiplyInverse: (theta, state, objective, gradient) =>
      multiplyInverse(rule, registrationOf(networkOf("kfac", objective), theta), state, gradient),
    quadraticModel(theta, objective, directions) {
      const network = networkOf("kfac", objective);
      return quadraticModel(network, theta, directions, layerTaps(network, theta).gradient);
    },
    ...(rule.polyak !== null && {
      evaluationTheta: <Theta>(state: KfacState, _theta: Theta) => state.average as Theta,
    }),
  };
}
