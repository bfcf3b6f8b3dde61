/**
 * The exact natural gradient of subsampled Fisher information (Benzing, ICML 2022, section 3 and appendix I; the form of
 * the system: Ren and Goldfarb, arXiv 1906.02353). For C columns G of F = G Gᵀ, of one batch:
 *
 *     v ← momentum · v + ∇
 *     theta ← theta - learningRate · ((damping · I + F)⁻¹ v + weightDecay · theta)
 *     (λ I + F)⁻¹ v = v / λ - G (I + GᵀG / λ)⁻¹ Gᵀv / λ²
 *
 * With `blockDiagonal`, for each layer by itself. F is of a batch of its own, because with the batch of the gradient the
 * product of the two is biased (appendix I.5).
 */
import { type Key, type Tensor, type Tree, isTracing, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import {
  asType,
  atStep,
  positive,
  requireBoolean,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter } from "../leaves.ts";
import type { Objective, ObjectiveOptimizer } from "../objective/objective.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { type BlockColumns, blockMatrices, columnCount, columnsOf } from "./fisherColumns.ts";
import { type FisherKind, fisherKinds } from "./fisherErrors.ts";
import { grams, woodbury } from "./fisherVectorSolve.ts";
import { type LayerTaps, layerTaps, networkOf } from "./layerTaps.ts";
import { type Generic, moved, nextVelocity, startVelocity } from "./layerwise.ts";
import { requireLayerwise, requireRegistered } from "./layerwise.ts";
import { dueEvery, when } from "./phases.ts";
import { requireOwnLayers } from "./requireOwnLayers.ts";
import { type FactorPrecision, type FloatType, factorPrecisions, firstPrecision } from "./precision.ts";
import { largestOf, measuredInPrecision, norm1 } from "./precision.ts";
import { type RegistrationReport, registrationOf, reportOf } from "./registrationReport.ts";

/** The batch of the Fisher information. */
export type FisherBatch = "previous" | "same" | "separate";

export interface NaturalGradientOptions {
  /** Default 0.3. */
  learningRate?: Hyperparameter;
  /** λ. Default 1. */
  damping?: Hyperparameter;
  /** Targets of F: drawn from the model, all of them (C is batch · outputs), or those of the data. Default "mc". */
  fisher?: FisherKind;
  /** Leaves out what F has between layers. Default false. */
  blockDiagonal?: boolean;
  /**
   * Batch of F: "previous", that of the step before (at first that of `init`); "same", that of the gradient;
   * "separate", the one that the step is given as `fisher`. Default "previous".
   */
  fisherBatch?: FisherBatch;
  /** Steps for which F is kept. Default 1. */
  period?: number;
  /** Heavy ball on the gradient, which is preconditioned afterwards. Default 0. */
  momentum?: Hyperparameter;
  /** Decoupled: part of the weights that is taken off per unit of learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /**
   * In which systems are solved: "auto" looks at the first batch and takes float64 where λ is below 1e-4 |F|, and refuses what
   * is below 1e-12 |F|; in a trace it is theta's. Default "auto".
   */
  precision?: FactorPrecision;
  /** Parameters outside of layers: "error", or "sgd" for their plain gradient. Default "error". */
  generic?: Generic;
  /** Bytes that the matrix GᵀG, 8 C², may have. Default 536870912. */
  memoryLimit?: number;
}

export type NaturalGradientState = {
  step: Tensor;
  /** The number 1 in the dtype in which systems are solved. */
  one: Tensor;
  /** F of an earlier batch. Where one is used. */
  kept?: KeptFisher;
  /** Decayed sum of gradients, in the structure of theta. With momentum only. */
  velocity?: Tree;
};

export type KeptFisher = {
  /** G by layer. */
  columns: readonly BlockColumns[];
  /** GᵀG: one, or one by layer. */
  grams: readonly Tensor[];
};

export const naturalGradientDefaults: Required<NaturalGradientOptions> = {
  learningRate: 0.3,
  damping: 1,
  fisher: "mc",
  blockDiagonal: false,
  fisherBatch: "previous",
  period: 1,
  momentum: 0,
  weightDecay: 0,
  precision: "auto",
  generic: "error",
  memoryLimit: 2 ** 29,
};

/** The natural gradient as an optimizer. */
export interface NaturalGradient extends ObjectiveOptimizer<NaturalGradientState> {
  /** Which parameter is treated how, and why. Throws `OptionError` that names one in no layer, unless `generic` allows it. */
  registrationReport<Theta>(theta: Theta, objective: Objective<Theta>): RegistrationReport;
}

/** Condition numbers from which the two large terms of the Woodbury identity leave too few digits of their difference. */
const largestOfSystems = { float32: 1e4, float64: 1e12 };

/** 1 + |GᵀG|₁ / λ of each system: no less than the condition number of I + GᵀG / λ, whose eigenvalues are at least 1. */
function conditionsOf(
  rule: Required<NaturalGradientOptions>,
  step: Tensor,
  { grams: products }: KeptFisher,
): Tensor[] {
  return products.map((product) => norm1(product).div(atStep(rule.damping, step)(product)).add(1));
}

/**
 * Exact natural gradient on mini-batches. The metric `conditionNumber` is 1 + |F| / λ, at most. Cost: one gradient and
 * one more reverse pass ("full": one per output of the network); C² (inputs + outputs) per layer for GᵀG, C³ / 3 for the
 * system; C² numbers, and the activations of the batch of F.
 *
 * @example
 * const step = compiledStep(naturalGradient({ learningRate: 0.3, damping: 1 }), objectiveOf);
 */
export function naturalGradient(options: NaturalGradientOptions = {}): NaturalGradient {
  const rule = requireOptions(options);
  const isKept = rule.fisherBatch === "previous" || rule.period > 1;
  const measured = <Theta>(
    taps: LayerTaps<Theta>,
    objective: Objective<Theta>,
    key: Key,
    dtype: FloatType,
  ): KeptFisher => {
    const { layers } = columnsOf(networkOf(name, objective), taps, { fisher: rule.fisher, key, dtype });
    for (const layer of layers) requireMemory(columnCount(layer), rule.memoryLimit);
    return { columns: layers, grams: grams(layers, rule.blockDiagonal) };
  };
  return {
    name,
    init(theta, objective, key) {
      requireOwnLayers(name, networkOf(name, objective), theta);
      const isLooking = !isTracing() && rule.precision !== "float32";
      const measure = (dtype: FloatType): { state: NaturalGradientState; conditions: Tensor[] } =>
        compiledOutside(
          `${name}.init`,
          (at: typeof theta, draw: Key) => {
            const taps = layerTaps(networkOf(name, objective), at);
            requireRegistered(name, at, taps.registration, rule.generic);
            const step = counter();
            const fresh = isKept || isLooking ? measured(taps, objective, draw, dtype) : undefined;
            const state = {
              ...{ step, one: tree.scalar(1, dtype) },
              ...(isKept && { kept: fresh! }),
              ...startVelocity(rule, at),
            };
            return { state, conditions: isLooking ? conditionsOf(rule, step, fresh!) : [] };
          },
          tree.tensors(theta) as typeof theta,
          key,
        );
      const first = firstPrecision(rule.precision, theta, rule.damping);
      return measuredInPrecision({
        ...{ where: name, precision: rule.precision, first, measure, largest: largestOfSystems },
        conditionsOf: ({ conditions }) =>
          isLooking ? conditions.map((x) => ({ condition: x.item(), isFrozen: false })) : [],
        nameOf: (i) =>
          rule.blockDiagonal ? registrationOf(networkOf(name, objective), theta).blocks[i]!.name : "all",
      }).state;
    },
    step(theta, state, objective, { key, phase, fisher }) {
      const taps = layerTaps(networkOf(name, objective), theta);
      const { blocks } = taps.registration;
      const due = phase?.["fisher"] ?? dueEvery(rule.period, state.step);
      const dtype = tree.floatType(state.one);
      const fresh = (): KeptFisher => {
        if (rule.fisherBatch !== "separate") return measured(taps, objective, key, dtype);
        const other = requireFisher(fisher);
        return measured(layerTaps(networkOf(name, other), theta), other, key, dtype);
      };
      const next = isKept ? when(due, fresh, state.kept!) : fresh();
      const used = rule.fisherBatch === "previous" ? state.kept! : next;
      const velocity = nextVelocity(rule, state, taps.gradient);
      const damping = atStep(rule.damping, state.step)(used.grams[0]!);
      const matrices = blockMatrices(blocks, velocity);
      const wide = matrices.map((x) => asType(x, dtype));
      const directions = woodbury(used.columns, used.grams, wide, damping).map((x, i) =>
        asType(x, matrices[i]!.dtype),
      );
      return {
        theta: moved(rule, state.step, theta, velocity, { blocks, directions }),
        state: {
          ...{ step: advance(state.step), one: state.one },
          ...(isKept && { kept: next }),
          ...(state.velocity !== undefined && { velocity: velocity as Tree }),
        },
        loss: taps.loss,
        metrics: { conditionNumber: largestOf(conditionsOf(rule, state.step, used), dtype) },
      };
    },
    phaseAt: (step) => ({ fisher: step % rule.period === 0 }),
    registrationReport: (theta, objective) => reportOf(name, networkOf(name, objective), theta, rule.generic),
  };
}

const name = "naturalGradient";

function requireOptions(options: NaturalGradientOptions): Required<NaturalGradientOptions> {
  const rule = withDefaults(name, options, naturalGradientDefaults);
  requireLayerwise(name, rule);
  requireHyperparameter(name, "damping", rule.damping, positive);
  requireOneOf(name, "fisher", rule.fisher, fisherKinds);
  requireOneOf(name, "fisherBatch", rule.fisherBatch, ["previous", "same", "separate"]);
  requireOneOf(name, "precision", rule.precision, factorPrecisions);
  requireBoolean(name, "blockDiagonal", rule.blockDiagonal);
  requireInteger(name, "period", rule.period, 1);
  requirePositive(name, "memoryLimit", rule.memoryLimit);
  return rule;
}

function requireMemory(columns: number, limit: number): void {
  if (8 * columns * columns <= limit) return;
  throw new OptionError(
    name,
    "memoryLimit",
    limit,
    `at least ${8 * columns * columns} bytes for the ${columns}² products of ${columns} columns`,
    'Take a smaller batch for the Fisher information, or fisher: "mc".',
  );
}

function requireFisher<Theta>(fisher: Objective<Theta> | undefined): Objective<Theta> {
  if (fisher !== undefined) return fisher;
  throw new OptionError(
    name,
    "the step's `fisher`",
    undefined,
    'an objective where fisherBatch is "separate"',
    "Give the compiled step a batch for the Fisher information.",
  );
}
