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
import { type Key, type Tensor, type Tree, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import { atStep, positive, requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
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
  /** Parameters outside of layers: "error", or "sgd" for their plain gradient. Default "error". */
  generic?: Generic;
  /** Bytes that the matrix GᵀG, 8 C², may have. Default 536870912. */
  memoryLimit?: number;
}

export type NaturalGradientState = {
  step: Tensor;
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
  generic: "error",
  memoryLimit: 2 ** 29,
};

/**
 * Exact natural gradient on mini-batches. Small damping needs float64: see `fisherVectorSolve`. Cost: one gradient and
 * one more reverse pass ("full": one per output of the network); C² (inputs + outputs) per layer for GᵀG, C³ / 3 for the
 * system; C² numbers, and the activations of the batch of F.
 *
 * @example
 * const step = compiledStep(naturalGradient({ learningRate: 0.3, damping: 1 }), objectiveOf);
 */
export function naturalGradient(
  options: NaturalGradientOptions = {},
): ObjectiveOptimizer<NaturalGradientState> {
  const rule = requireOptions(options);
  const isKept = rule.fisherBatch === "previous" || rule.period > 1;
  const measured = <Theta>(taps: LayerTaps<Theta>, objective: Objective<Theta>, key: Key): KeptFisher => {
    const { layers } = columnsOf(networkOf(name, objective), taps, { fisher: rule.fisher, key });
    for (const layer of layers) requireMemory(columnCount(layer), rule.memoryLimit);
    return { columns: layers, grams: grams(layers, rule.blockDiagonal) };
  };
  return {
    name,
    init: (theta, objective, key) =>
      compiledOutside(
        `${name}.init`,
        (at: typeof theta, draw: Key) => {
          const taps = layerTaps(networkOf(name, objective), at);
          requireRegistered(name, at, taps.registration, rule.generic);
          return {
            step: counter(),
            ...(isKept && { kept: measured(taps, objective, draw) }),
            ...startVelocity(rule, at),
          };
        },
        tree.tensors(theta) as typeof theta,
        key,
      ),
    step(theta, state, objective, { key, phase, fisher }) {
      const taps = layerTaps(networkOf(name, objective), theta);
      const { blocks } = taps.registration;
      const due = phase?.["fisher"] ?? dueEvery(rule.period, state.step);
      const fresh = (): KeptFisher => {
        if (rule.fisherBatch !== "separate") return measured(taps, objective, key);
        const other = requireFisher(fisher);
        return measured(layerTaps(networkOf(name, other), theta), other, key);
      };
      const next = isKept ? when(due, fresh, state.kept!) : fresh();
      const used = rule.fisherBatch === "previous" ? state.kept! : next;
      const velocity = nextVelocity(rule, state, taps.gradient);
      const damping = atStep(rule.damping, state.step)(used.grams[0]!);
      const directions = woodbury(used.columns, used.grams, blockMatrices(blocks, velocity), damping);
      return {
        theta: moved(rule, state.step, theta, velocity, { blocks, directions }),
        state: {
          step: advance(state.step),
          ...(isKept && { kept: next }),
          ...(state.velocity !== undefined && { velocity: velocity as Tree }),
        },
        loss: taps.loss,
        metrics: {},
      };
    },
    phaseAt: (step) => ({ fisher: step % rule.period === 0 }),
  };
}

const name = "naturalGradient";

function requireOptions(options: NaturalGradientOptions): Required<NaturalGradientOptions> {
  const rule = withDefaults(name, options, naturalGradientDefaults);
  requireLayerwise(name, rule);
  requireHyperparameter(name, "damping", rule.damping, positive);
  requireOneOf(name, "fisher", rule.fisher, fisherKinds);
  requireOneOf(name, "fisherBatch", rule.fisherBatch, ["previous", "same", "separate"]);
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
