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
import { type Key, type Tensors, isTracing, tree } from "../../array/index.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import { counter } from "../leaves.ts";
import type { Objective, ObjectiveOptimizer } from "../objective/objective.ts";
import { gammaOf, iterate, observed } from "./kfacIteration.ts";
import { type FactorReport, factorReportOf } from "./factorReport.ts";
import { conditionsOf, frozenBlocks } from "./kfacInverses.ts";
import { type KfacOptions, type KfacRule, kfacRule } from "./kfacOptions.ts";
import { phaseOf } from "./kfacPhase.ts";
import { reportOn } from "./kfacRegistration.ts";
import { type RegistrationReport, registrationOf } from "./registrationReport.ts";
import { type KfacState, initialState } from "./kfacState.ts";
import { multiplyInverse, scalarAt } from "./kfacStep.ts";
import { layerTaps, networkOf } from "./layerTaps.ts";
import { requireOwnLayers } from "./requireOwnLayers.ts";
import { type FloatType, firstPrecision, measuredInPrecision } from "./precision.ts";
import { type QuadraticModel, quadraticModel } from "./quadraticModel.ts";

/** K-FAC as an optimizer, and its parts for other uses. */
export interface Kfac extends ObjectiveOptimizer<KfacState> {
  /** Which parameter is treated how, and why. */
  registrationReport<Theta>(theta: Theta, objective: Objective<Theta>): RegistrationReport;
  /** Condition numbers of the layers' factors as they were last inverted, and which layers stand still. */
  factorReport<Theta>(theta: Theta, state: KfacState, objective: Objective<Theta>): FactorReport;
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
    init: (theta, objective, key) => startState(rule, theta, objective, key),
    step: (theta, state, objective, stepOptions) => iterate(rule, theta, state, objective, stepOptions),
    registrationReport: (theta, objective) => reportOn(rule, networkOf("kfac", objective), theta),
    factorReport(theta, state, objective) {
      const { blocks } = registrationOf(networkOf("kfac", objective), theta);
      const conditions = conditionsOf(rule, blocks, state, state.damping.add(rule.l2));
      const kept = blocks.map(({ name }, i) => ({
        ...{ name, inverse: state.inverses[name]!, condition: conditions[i]! },
      }));
      return factorReportOf("kfac.factorReport", kept);
    },
    observe: (theta, state, objective, key) => observedOutside(rule, theta, state, objective, key),
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

/** Below this γ (λ = 1e-4) the first batch is measured, to see what precision its inverses need. */
const smallGamma = 1e-2;

/** The state before the first step, with factors in the dtype that they need. */
function startState<Theta>(rule: KfacRule, theta: Theta, objective: Objective<Theta>, key: Key): KfacState {
  const network = networkOf("kfac", objective);
  const { blocks } = registrationOf(network, theta);
  const { parameters } = reportOn(rule, network, theta);
  requireOwnLayers("kfac", network, theta);
  const paths = parameters.filter(({ treatment }) => treatment === "diagonal").map(({ path }) => path);
  const own = tree.floatType(theta);
  const damping = scalarAt(rule.damping, counter(), tree.scalar(0, own));
  const gamma = rule.gamma === null ? gammaOf(rule, damping) : tree.scalar(rule.gamma, own);
  const empty = (dtype: FloatType): KfacState =>
    initialState(rule, theta, blocks, paths, { damping, gamma }, dtype);
  const first = firstPrecision(rule.precision, theta, rule.damping);
  if (isTracing() || rule.precision === "float32" || blocks.length === 0 || gamma.item() >= smallGamma)
    return empty(first);
  const measured = measuredInPrecision({
    ...{ where: "kfac", precision: rule.precision, first },
    measure: (dtype) => observedOutside(rule, theta, empty(dtype), objective, key),
    conditionsOf(state) {
      const conditions = conditionsOf(rule, blocks, state, damping.add(rule.l2));
      const frozen = frozenBlocks(blocks, state.inverses);
      return conditions.map((condition, i) => ({
        ...{ condition: condition.item(), isFrozen: frozen[i]!.item() === 1 },
      }));
    },
    nameOf: (layer) => blocks[layer]!.name,
  });
  return empty(tree.floatType(measured.factors));
}

/** State with the statistics of one more batch, as a program of its own. */
function observedOutside<Theta>(
  rule: KfacRule,
  theta: Theta,
  state: KfacState,
  objective: Objective<Theta>,
  key: Key,
): KfacState {
  return compiledOutside(
    "kfac.observe",
    (at: Theta, before: KfacState, draw: Key) => {
      const network = networkOf("kfac", objective);
      return observed(rule, at, before, network, layerTaps(network, at), draw, true);
    },
    tree.tensors(theta) as Theta,
    state,
    key,
  );
}
