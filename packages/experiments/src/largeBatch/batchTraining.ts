/** The network of `large-batch`: 196 inputs, two hidden layers of 100, no biases, on images of MNIST. */
import { type NetworkTraining, type Optimizer, networkTraining } from "unspool";
import { z } from "zod";
import type { SmallMnist } from "../shared/data/mnist.ts";

/** For which the learning rate was tuned. */
export const tunedBatch = 50;
export const epochs = 5;

/** Learning rate that was tuned. */
export const base = 0.03;

/** Its training with batches of one size. */
export function batchTraining<Theta>(
  data: SmallMnist,
  batchSize: number,
  optimizer: (theta: Theta) => Optimizer,
): NetworkTraining<Theta> {
  const network = { classes: 10, hidden: [100, 100], hasBias: false, scoreBatchSize: 50 };
  return networkTraining({
    ...network,
    train: data.train,
    batchSize,
    horizon: stepsOf(batchSize, data.train.labels.shape[0]!),
    optimizer,
  });
}

/** Of all epochs. */
export function stepsOf(batchSize: number, images: number): number {
  return Math.round((epochs * images) / batchSize);
}

/** Training images, of all runs. */
export const imagesField: z.ZodDefault<z.ZodInt> = z
  .int()
  .min(50)
  .max(20_000)
  .multipleOf(50)
  .default(5_000)
  .describe("training images");
