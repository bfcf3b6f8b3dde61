/**
 * How learning rate and warm-up follow the size of the batch, with B the batch and B₀ that for which they were tuned.
 *
 *     linearScaling:      η = η₀ · B / B₀        (Goyal et al., arXiv 1706.02677, 2017)
 *     squareRootScaling:  η = η₀ · √(B / B₀)     (Krizhevsky, arXiv 1404.5997, 2014)
 *     legw:               η = η₀ · √(B / B₀), and warm-up for B / B₀ times as many epochs
 *
 * LEGW is linear-epoch gradual warm-up (You, Hseu, Ying, Demmel, Keutzer & Hsieh, SC 2019).
 */
import { requirePositive } from "../../errors.ts";

/** What was tuned, and the batch that is wanted: `batch` and `tunedBatch` are examples per update. */
export interface BatchScaling {
  learningRate: number;
  tunedBatch: number;
  batch: number;
}

/** The learning rate whose steps per example are as long as those that were tuned. */
export function linearScaling(scaling: BatchScaling): number {
  return scaling.learningRate * ratioOf("linearScaling", scaling);
}

/** The learning rate with which the noise of a step is as large as that which was tuned. */
export function squareRootScaling(scaling: BatchScaling): number {
  return scaling.learningRate * Math.sqrt(ratioOf("squareRootScaling", scaling));
}

export interface LegwScaling extends BatchScaling {
  /** Epochs of warm-up at `tunedBatch`. */
  warmupEpochs: number;
  /** Examples per epoch. */
  examples: number;
}

/**
 * Learning rate and warm-up. There are as many steps of warm-up as were tuned, up to rounding: each sees B / B₀ times
 * as many examples.
 *
 * @example
 * const tuned = { learningRate: 0.1, tunedBatch: 128, warmupEpochs: 0.5, examples: 60_000 };
 * const { learningRate, warmupSteps } = legw({ ...tuned, batch: 1024 });
 * const rate = warmup({ of: learningRate, steps: warmupSteps });
 */
export function legw(scaling: LegwScaling): {
  learningRate: number;
  warmupEpochs: number;
  /** At least 1. */
  warmupSteps: number;
} {
  requirePositive("legw", "warmupEpochs", scaling.warmupEpochs);
  requirePositive("legw", "examples", scaling.examples);
  const ratio = ratioOf("legw", scaling);
  const warmupEpochs = scaling.warmupEpochs * ratio;
  const warmupSteps = Math.max(1, Math.round((warmupEpochs * scaling.examples) / scaling.batch));
  return { learningRate: scaling.learningRate * Math.sqrt(ratio), warmupEpochs, warmupSteps };
}

function ratioOf(where: string, { learningRate, tunedBatch, batch }: BatchScaling): number {
  requirePositive(where, "learningRate", learningRate);
  requirePositive(where, "tunedBatch", tunedBatch);
  requirePositive(where, "batch", batch);
  return batch / tunedBatch;
}
