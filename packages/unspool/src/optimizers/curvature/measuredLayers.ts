/**
 * The common part of optimizers that keep something of each layer (factors, inverses of factors) and precondition the
 * layer's gradient with it. One step, in this order: the direction with what is kept; the inverses, where they are due;
 * the statistics of this batch, where they are due. So a direction does not depend on its own batch. Or, where the
 * batch of the gradient is wanted in the factors: statistics, inverses, direction.
 */
import { type Key, type Tensor, type Tree, isTracing, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import { asType, belowOne } from "../hyperparameter.ts";
import { advance, allFinite, counter } from "../leaves.ts";
import type { NetworkView, Objective, ObjectiveOptimizer } from "../objective/objective.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { type FactorReport, factorReportOf } from "./factorReport.ts";
import { type LayerBlock, blockMatrix } from "./layerBlocks.ts";
import { countOf, withFrozen } from "./frozenLayers.ts";
import { type LayerTaps, layerTaps, networkOf } from "./layerTaps.ts";
import {
  type LayerwiseRule,
  moved,
  nextVelocity,
  requireLayerwise,
  requireRegistered,
  startVelocity,
} from "./layerwise.ts";
import { requireOwnLayers } from "./requireOwnLayers.ts";
import { type FactorPrecision, type FloatType, factorPrecisions, firstPrecision } from "./precision.ts";
import { isNone, largestOf, measuredInPrecision, orNone } from "./precision.ts";
import { type RegistrationReport, registrationOf, reportOf } from "./registrationReport.ts";
import { type FactorSchedule, factorPhase, factorsDue, when } from "./phases.ts";

/** An optimizer that measures factors, and can do so before it moves. */
export interface MeasuringOptimizer<State extends Tree> extends ObjectiveOptimizer<State> {
  /**
   * Takes one more batch into the factors and inverts them; theta stays and the step does not count. `init` has seen
   * one batch; Benzing (ICML 2022) takes 50 before training.
   */
  observe<Theta>(theta: Theta, state: State, objective: Objective<Theta>, key: Key): State;
  /** Which parameter is treated how, and why. Throws `OptionError` that names one in no layer, unless `generic` allows it. */
  registrationReport<Theta>(theta: Theta, objective: Objective<Theta>): RegistrationReport;
  /** Condition numbers of the layers' factors as they were last inverted, and which layers stand still. */
  factorReport<Theta>(theta: Theta, state: State, objective: Objective<Theta>): FactorReport;
}

export type MeasuredState<Layer> = {
  step: Tensor;
  /** In the order in which the network computes its layers. */
  layers: readonly Layer[];
  /** Decayed sum of gradients, in the structure of theta. With momentum only. */
  velocity?: Tree;
};

/** What one batch says of a layer. */
export interface LayerSample {
  readonly block: LayerBlock;
  /** [batch, positions, inputs]. */
  readonly inputs: Tensor;
  /** By draw, [batch, positions, outputs]: derivatives at the pre-activations. */
  readonly errors: readonly Tensor[];
}

/** What a method keeps of a layer, and what it does with it. */
export interface LayerRule<Layer> {
  /** Statistics of nothing, and no inverse yet. */
  empty(sample: LayerSample): Layer;
  /** With the statistics of one more batch. */
  observed(layer: Layer, sample: LayerSample): Layer;
  /** With inverses of the statistics. */
  inverted(layer: Layer, step: Tensor, block: LayerBlock): Layer;
  /** What `inverted` made: a member of the layer, all 0 where that failed. */
  readonly inverse: keyof Layer & string;
  /** Whether an inverse that is finite is one: bool scalar. */
  isSound?(layer: Layer, step: Tensor): Tensor;
  /** The direction of a gradient [inputs, outputs]. */
  direction(layer: Layer, gradient: Tensor): Tensor;
  /** Derivatives at the pre-activations by draw and by block, where the method asks for them. */
  errors?<Theta>(network: NetworkView<Theta>, taps: LayerTaps<Theta>, key: Key): Tensor[][];
  /** Of the layers as the step used them. */
  metrics?(layers: readonly Layer[]): Record<string, Tensor>;
}

/** Whether the factors of a step have seen the batches before, or that of the step's gradient too. */
export type FactorBatch = "previous" | "same";

/** Options of the methods that keep running means of factors. */
export interface MeasuredRule extends LayerwiseRule {
  readonly ema: number;
  readonly factorBatch: FactorBatch;
  readonly inversePeriod: number;
  readonly covarianceSteps: number | null;
  readonly precision: FactorPrecision;
  readonly damping: Hyperparameter;
  /** No inverse is too poor. */
  readonly allowSingular?: boolean;
}

/** What every method keeps of a layer. */
export type MeasuredLayer = {
  /** The condition number of what was inverted last; 0 where that failed. */
  condition: Tensor;
};

/** The optimizer that does this with every layer. */
export function measuredLayers<Layer extends MeasuredLayer & Tree>(
  name: string,
  rule: MeasuredRule,
  method: LayerRule<Layer>,
): MeasuringOptimizer<MeasuredState<Layer>> {
  const { inversePeriod: period, covarianceSteps } = rule;
  const schedule: FactorSchedule = { period, steps: covarianceSteps ?? period };
  const tapsAt = <Theta>(theta: Theta, objective: Objective<Theta>): LayerTaps<Theta> =>
    layerTaps(networkOf(name, objective), theta);
  const samplesOf = <Theta>(
    taps: LayerTaps<Theta>,
    objective: Objective<Theta>,
    key: Key,
    dtype: FloatType,
  ): LayerSample[] => {
    const network = networkOf(name, objective);
    const errors = method.errors?.(network, taps, key) ?? [];
    // Means are over the rows of the outputs, of which a sequence has several.
    const rows = taps.outputs.shape[0]! / (network.batch ?? taps.outputs.shape[0]!);
    const scaled = (x: Tensor): Tensor => (rows === 1 ? x : x.div(Math.sqrt(rows)));
    return taps.registration.blocks.map((block, i) => ({
      block,
      inputs: asType(taps.inputs[i]!, dtype),
      errors: errors.map((draw) => scaled(asType(draw[i]!, dtype))),
    }));
  };
  const blocksOf = <Theta>(theta: Theta, objective: Objective<Theta>): readonly LayerBlock[] =>
    registrationOf(networkOf(name, objective), theta).blocks;
  return {
    name,
    init(theta, objective, key) {
      requireOwnLayers(name, networkOf(name, objective), theta);
      const measure = (dtype: FloatType) =>
        compiledOutside(
          `${name}.init`,
          (at: typeof theta, draw: Key): MeasuredState<Layer> => {
            const taps = tapsAt(at, objective);
            requireRegistered(name, at, taps.registration, rule.generic);
            const step = counter();
            const layers = samplesOf(taps, objective, draw, dtype).map((sample) =>
              invertedOrFrozen(method, method.observed(method.empty(sample), sample), step, sample.block),
            );
            return { step, layers, ...startVelocity(rule, at) };
          },
          tree.tensors(theta) as typeof theta,
          key,
        );
      const first = firstPrecision(rule.precision, theta, rule.damping);
      if (isTracing() || rule.allowSingular === true) return measure(first);
      return measuredInPrecision({
        ...{ where: name, precision: rule.precision, first, measure },
        conditionsOf: ({ layers }) =>
          layers.map((layer) => ({
            condition: layer.condition.item(),
            isFrozen: isFrozen(method, layer).item() === 1,
          })),
        nameOf: (layer) => blocksOf(theta, objective)[layer]!.name,
      });
    },
    step(theta, state, objective, { key, phase }) {
      const taps = tapsAt(theta, objective);
      const { blocks } = taps.registration;
      const velocity = nextVelocity(rule, state, taps.gradient);
      const due = factorsDue(schedule, state.step, phase);
      const samples =
        due.covariance === false ? [] : samplesOf(taps, objective, key, tree.floatType(state.layers));
      const inverted = (layer: Layer, i: number): Layer =>
        when(due.refresh, () => invertedOrFrozen(method, layer, state.step, blocks[i]!), layer);
      const observed = (layer: Layer, i: number): Layer =>
        when(due.covariance, () => method.observed(layer, samples[i]!), layer);
      const isSame = rule.factorBatch === "same";
      const layers = state.layers.map((layer, i) =>
        isSame ? inverted(observed(layer, i), i) : observed(inverted(layer, i), i),
      );
      const used = isSame ? layers : state.layers;
      const frozen = used.map((layer) => isFrozen(method, layer));
      const directions = used.map((layer, i) => {
        const gradient = blockMatrix(blocks[i]!, velocity);
        const wide = method.direction(layer, asType(gradient, tree.floatType(layer)));
        const direction = asType(wide, gradient.dtype);
        return np.where(frozen[i]!, np.zerosLike(direction), direction);
      });
      const next = moved(rule, state.step, theta, velocity, { blocks, directions });
      return {
        theta: withFrozen(theta, next, blocks, frozen),
        state: {
          step: advance(state.step),
          layers,
          ...(state.velocity !== undefined && { velocity: velocity as Tree }),
        },
        loss: taps.loss,
        metrics: {
          ...method.metrics?.(used),
          conditionNumber: largestOf(
            used.map(({ condition }) => condition),
            tree.floatType(used),
          ),
          frozenLayers: countOf(frozen),
        },
      };
    },
    phaseAt: (step) => factorPhase(schedule, step),
    observe: (theta, state, objective, key) =>
      compiledOutside(
        `${name}.observe`,
        (at: typeof theta, before: typeof state, draw: Key) => {
          const dtype = tree.floatType(before.layers);
          const layers = samplesOf(tapsAt(at, objective), objective, draw, dtype).map((sample, i) =>
            invertedOrFrozen(method, method.observed(before.layers[i]!, sample), before.step, sample.block),
          );
          return { ...before, layers };
        },
        tree.tensors(theta) as typeof theta,
        state,
        key,
      ),
    registrationReport: (theta, objective) => reportOf(name, networkOf(name, objective), theta, rule.generic),
    factorReport: (theta, state, objective) =>
      factorReportOf(
        `${name}.factorReport`,
        blocksOf(theta, objective).map((block, i) => {
          const layer = state.layers[i]!;
          return { name: block.name, inverse: layer[method.inverse], condition: layer.condition };
        }),
      ),
  };
}

/**
 * The layer with inverses of its statistics; all 0 where they cannot be inverted in their dtype, as with a damping below
 * its precision. Such a layer stands still until an inversion succeeds, instead of becoming NaN.
 */
function invertedOrFrozen<Layer extends MeasuredLayer & Tree>(
  method: LayerRule<Layer>,
  layer: Layer,
  step: Tensor,
  block: LayerBlock,
): Layer {
  const next = method.inverted(layer, step, block);
  const finite = allFinite(next[method.inverse]);
  const isSound = method.isSound === undefined ? finite : np.logicalAnd(finite, method.isSound(next, step));
  const none = tree.map(np.zerosLike, next[method.inverse]);
  const { condition } = next;
  return {
    ...next,
    condition: np.where(isSound, orNone(condition), np.zerosLike(condition)) as Tensor,
    [method.inverse]: tree.select(isSound as Tensor, next[method.inverse], none),
  };
}

/** True for a layer whose last inversion failed: bool scalar. */
function isFrozen<Layer extends Tree>({ inverse }: LayerRule<Layer>, layer: Layer): Tensor {
  return isNone(layer[inverse]);
}

/** Throws `OptionError` for a value that is not allowed. */
export function requireMeasured(where: string, rule: MeasuredRule): void {
  requireLayerwise(where, rule);
  const { ema, inversePeriod, covarianceSteps } = rule;
  if (typeof ema !== "number" || !belowOne.has(ema)) {
    throw new OptionError(where, "ema", ema, `a number ${belowOne.text}`);
  }
  requireOneOf(where, "precision", rule.precision, factorPrecisions);
  requireOneOf(where, "factorBatch", rule.factorBatch, ["previous", "same"]);
  requireInteger(where, "inversePeriod", inversePeriod, 1);
  if (covarianceSteps === null) return;
  requireInteger(where, "covarianceSteps", covarianceSteps, 1);
  if (covarianceSteps <= inversePeriod) return;
  throw new OptionError(where, "covarianceSteps", covarianceSteps, `at most inversePeriod, ${inversePeriod}`);
}
