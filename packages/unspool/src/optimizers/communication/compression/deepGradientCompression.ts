/**
 * Deep gradient compression (Lin, Han, Mao, Wang & Dally, ICLR 2018): top-k of gradients that have been accumulated
 * with momentum.
 *
 *     g ← g · min(1, clipNorm / (√workers ‖g‖))         local clipping
 *     u ← momentum · u + g,   v ← v + u                 momentum correction
 *     decoded = v at the k largest |v|, else 0
 *     u, v ← 0 where sent                               momentum factor masking
 *
 * The share that is sent falls from 1/4 by a factor of 4 per stage of the warm-up to `fraction`: 75, 93.75, 98.4,
 * 99.6, 99.9 % are held back. Stands before plain SGD, which must have no momentum of its own.
 */
import { type Tensor, type Tree, np, tree } from "../../../array/index.ts";
import { requireInteger, requirePositive } from "../../../errors.ts";
import { asType, belowOne, requireHyperparameter, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, globalNorm, mapFloats, zeros } from "../../leaves.ts";
import type { Compressor } from "./compressor.ts";
import { bytesPerIndex, bytesPerNumber, flat, leafwise } from "./leafwise.ts";
import { keptOf, largest, requireFraction } from "./selection.ts";

export interface DeepGradientCompressionOptions {
  /** Share of each leaf that is sent after the warm-up, in (0, 1]. Default 0.001. */
  fraction?: number;
  /** Of u. Default 0.9. */
  momentum?: number;
  /** Steps of each stage of the warm-up; 0: none. Default 0. */
  warmupStageSteps?: number;
  /** Longest gradient of all workers together; null: no clipping. Default null. */
  clipNorm?: number | null;
  /** Workers that send, for the clipping. Default 4. */
  workers?: number;
}

export type DeepGradientCompressionState = {
  step: Tensor;
  /** u. */
  velocity: Tree;
  /** v: what has not been sent. */
  unsent: Tree;
};

export const deepGradientCompressionDefaults: Required<DeepGradientCompressionOptions> = {
  fraction: 0.001,
  momentum: 0.9,
  warmupStageSteps: 0,
  clipNorm: null,
  workers: 4,
};

/**
 * Its memory is an error feedback of its own. The size falls during the warm-up. Cost: two copies of the gradient; one
 * number and one index (4 bytes) per element that is sent.
 */
export function deepGradientCompression(
  options: DeepGradientCompressionOptions = {},
): Compressor<DeepGradientCompressionState> {
  const where = "deepGradientCompression";
  const rule = withDefaults(where, options, deepGradientCompressionDefaults);
  const { fraction, momentum, warmupStageSteps, clipNorm, workers } = rule;
  requireFraction(where, fraction);
  requireHyperparameter(where, "momentum", momentum, belowOne);
  requireInteger(where, "warmupStageSteps", warmupStageSteps, 0);
  requireInteger(where, "workers", workers, 1);
  if (clipNorm !== null) requirePositive(where, "clipNorm", clipNorm);
  return {
    name: where,
    isUnbiased: false,
    init: (like) => ({ step: counter(), velocity: zeros(like), unsent: zeros(like) }),
    compress(gradient, state) {
      const local = clipNorm === null ? gradient : clipped(gradient, clipNorm / Math.sqrt(workers));
      const velocity = mapFloats((u, g) => u.mul(momentum).add(g), state.velocity, local);
      const unsent = mapFloats((v, u) => v.add(u), state.unsent, velocity);
      const isSent: Tensor[] = [];
      const whole = mapFloats((_g, v) => v!, gradient, unsent);
      const sent = leafwise(whole, (leaf) => {
        const k = keptAt(state.step, leaf.size, fraction, warmupStageSteps);
        const row = flat(leaf);
        const mask = largest(np.abs(row) as Tensor, k).reshape([...leaf.shape]);
        isSent.push(mask);
        const decoded = np.where(mask, leaf, np.zerosLike(leaf));
        const bytesEach = bytesPerNumber(leaf) + bytesPerIndex;
        const bytes = typeof k === "number" ? k * bytesEach : k.astype("float64").mul(bytesEach);
        return { message: { mask, values: decoded }, decoded, bytes };
      });
      const left = <T>(of: T): T => {
        let next = 0;
        return mapFloats(
          (leaf) => (leaf.size === 0 ? leaf : np.where(isSent[next++]!, np.zerosLike(leaf), leaf)),
          of,
        );
      };
      return {
        message: sent.message,
        decoded: sent.decoded,
        bytes: sent.bytes,
        state: { step: advance(state.step), velocity: left(velocity), unsent: left(unsent) },
      };
    },
  };
}

function clipped<Gradient>(gradient: Gradient, longest: number): Gradient {
  const norm = globalNorm(gradient);
  const scale = np.reciprocal(np.maximum(norm, longest)).mul(longest);
  return mapFloats((g) => g.mul(asType(scale, g.dtype)), gradient);
}

/** Elements of a leaf that are sent at a step: a number where there is no warm-up. */
function keptAt(step: Tensor, size: number, fraction: number, stageSteps: number): number | Tensor {
  const kept = keptOf(size, fraction);
  if (stageSteps === 0) return kept;
  let chosen = tree.scalar(kept, "int32");
  // The stages that send more than the last, latest first: an earlier one that is not over yet takes its place.
  const stages = Math.max(0, Math.ceil(Math.log(1 / fraction) / Math.log(4)) - 1);
  for (let stage = stages - 1; stage >= 0; stage--) {
    const during = tree.scalar(keptOf(size, 0.25 ** (stage + 1)), "int32");
    chosen = np.where(step.less(tree.scalar((stage + 1) * stageSteps, "int32")), during, chosen);
  }
  return chosen;
}
