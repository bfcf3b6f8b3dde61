/**
 * Layerwise step lengths: what LARS, LAMB and LANS share. A layer is a leaf of theta.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type LeafChoice, type LeafPredicate, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import type { Hyperparameter } from "../optimizer.ts";

/** Options of rules that set the length of each layer's step by the length of the layer. */
export interface LayerOptions {
  /** Part of theta that is added to the direction. Default 0.01. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
  /** Leaves whose length scales their steps; the others, say biases, have ratio 1. Default: all. */
  adapted?: LeafChoice;
}

/** Bounds on the length of a layer that counts. */
export type NormRange = readonly [low: number, high: number];

/** φ(weight) / update, and 1 where either norm is 0; φ holds the norm to `range` if there is one. */
export function trustRatio(weight: Tensor, update: Tensor, range: NormRange | null = null): Tensor {
  const isUsable = np.logicalAnd(weight.notEqual(0), update.notEqual(0));
  const one = np.onesLike(weight);
  const counted = range === null ? weight : np.minimum(np.maximum(weight, range[0]), range[1]);
  return np.where(isUsable, counted.div(np.where(isUsable, update, one)), one);
}

/** The predicates of layer options, and the check that theta has the leaves that they name. */
export function layerChoices(
  where: string,
  { decayed, adapted }: Required<LayerOptions>,
): { isDecayed: LeafPredicate; isAdapted: LeafPredicate; requireIn: (theta: unknown) => void } {
  return {
    requireIn(theta) {
      requireLeaves(where, "decayed", decayed, theta);
      requireLeaves(where, "adapted", adapted, theta);
    },
    isDecayed: leafPredicate(where, "decayed", decayed),
    isAdapted: leafPredicate(where, "adapted", adapted),
  };
}

/** Throws `OptionError` unless `range` is null or two numbers, 0 ≤ low ≤ high. */
export function requireNormRange(where: string, option: string, range: unknown): void {
  if (range === null) return;
  const [low, high] = (Array.isArray(range) ? range : []) as [unknown, unknown];
  const isPair = typeof low === "number" && typeof high === "number" && low >= 0 && high >= low;
  if (!isPair)
    throw new OptionError(where, option, range, "null, or two numbers [low, high], 0 ≤ low ≤ high");
}
