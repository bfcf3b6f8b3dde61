/** The network that all workers train, its data and its objective. */
import {
  type Key,
  type LabelledData,
  type Layer,
  type ShardedObjective,
  applyMlp,
  categoricalLogits,
  initMlp,
  networkObjective,
  np,
  random,
  shardedObjective,
} from "unspool";
import { z } from "zod";
import { mnistPart } from "../shared/data/mnist.ts";

interface TrainingFields {
  steps: z.ZodDefault<z.ZodInt>;
  learningRate: z.ZodDefault<z.ZodNumber>;
  workers: z.ZodDefault<z.ZodInt>;
  batchSize: z.ZodDefault<z.ZodInt>;
  hidden: z.ZodDefault<z.ZodArray<z.ZodInt>>;
  examples: z.ZodDefault<z.ZodInt>;
}

/** What all runs have in common. */
export const trainingFields: TrainingFields = {
  steps: z.int().min(1).default(400),
  learningRate: z.number().positive().default(0.2).describe("of SGD"),
  workers: z.int().min(1).default(4),
  batchSize: z.int().min(1).default(25).describe("examples of each worker in a step"),
  hidden: z.array(z.int().min(1)).default([100, 100]).describe("sizes of the hidden layers"),
  examples: z.int().min(1).max(50_000).default(5000).describe("training images"),
};

export function workersData(examples: number): LabelledData {
  return mnistPart("train", [0, examples], 2);
}

/** The loss of the network on the batch of a step, in parts. */
export function objectiveOf(workers: number): (batch: LabelledData) => ShardedObjective<Layer[]> {
  return (batch) =>
    shardedObjective({
      batch: { ...batch },
      workers,
      objective: ({ inputs, labels }: LabelledData) =>
        networkObjective({ network: applyMlp, likelihood: categoricalLogits, inputs, targets: labels }),
    });
}

/** `size` examples, drawn with replacement. */
export function drawBatch({ inputs, labels }: LabelledData, key: Key, size: number): LabelledData {
  const picks = random.randint(key, [size], 0, labels.shape[0]!);
  return { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) };
}

export function networkOf(key: Key, data: LabelledData, hidden: readonly number[]): Layer[] {
  return initMlp(key, [data.inputs.shape[1]!, ...hidden, 10]);
}
