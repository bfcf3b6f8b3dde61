/**
 * Training in phases of an epoch, each with a batch size and a learning rate of its own, which a plan or a controller
 * sets: one phase is one outer step. Plain SGD.
 */
import {
  type BatchController,
  type Experiment,
  type LabelledData,
  type Method,
  type Network,
  type NetworkTraining,
  type NetworkTrainingState,
  type Tensor,
  compiled,
  createBatchController,
  defineExperiment,
  noiseScaleMeter,
  random,
  sgd,
  tree,
  unroll,
  vmap,
} from "unspool";
import { z } from "zod";
import { type SmallMnist, loadSmallMnist } from "../shared/data/mnist.ts";
import { mean } from "../shared/series.ts";
import { stack } from "../shared/trainedGrid.ts";
import { batchTraining, imagesField, tunedBatch } from "./batchTraining.ts";

/** Plans: three epochs at learning rate 0.3, then a quarter of it, or batches four times as large. */
export const plans = ["decay", "grow"] as const;
/** Controllers, asked after every epoch for the batch of the next. */
export const controllerNames = ["doubleEvery", "cabs", "followNoiseScale"] as const;

const config = z.strictObject({
  batches: z
    .enum([...plans, ...controllerNames])
    .default("decay")
    .describe("what sets them"),
  epochs: z.int().min(1).default(6),
  images: imagesField,
  networks: z.int().min(1).default(1),
});

type Theta = { learningRate: Tensor };

export const phasedTraining: Experiment<unknown, Theta> = defineExperiment<z.infer<typeof config>, Theta>({
  name: "phased-training",
  summary: "training whose batches change from epoch to epoch",
  config,
  setup: ({ batches, epochs, images, networks }, key) => ({
    theta: rates(firstRate, networks),
    method: phases(schedules[batches](), loadSmallMnist(images), random.foldIn(key, "study"), networks),
    steps: epochs,
  }),
});

const firstRate = 0.3;

const rates = (learningRate: number, count: number): Theta =>
  stack(Array.from({ length: count }, () => ({ learningRate })));

/** Sets batch size and learning rate; it sees what was measured after the epoch before. */
interface Schedule {
  name: string;
  /** Whether it looks at the noise of gradients: a measurement. */
  isMeasured: boolean;
  init(): unknown;
  next(
    state: unknown,
    statistics: Record<string, number>,
  ): { batchSize: number; learningRate: number; state: unknown };
}

const schedules: Readonly<Record<z.infer<typeof config>["batches"], () => Schedule>> = {
  decay: () => plan("decay", tunedBatch, firstRate / 4),
  grow: () => plan("grow", 4 * tunedBatch, firstRate),
  doubleEvery: () =>
    controlled(createBatchController("doubleEvery", { start: tunedBatch, every: 2, most: 800 })),
  cabs: () => controlled(createBatchController("cabs", { least: 50, most: 800, multipleOf: 50, kept: 0.5 })),
  followNoiseScale: () =>
    controlled(
      createBatchController("followNoiseScale", { least: 50, most: 800, multipleOf: 50, kept: 0.5 }),
    ),
};

function plan(name: string, batchSize: number, learningRate: number): Schedule {
  return {
    name,
    isMeasured: false,
    init: () => null,
    next: (state, { epochs }) =>
      epochs! < 3
        ? { batchSize: tunedBatch, learningRate: firstRate, state }
        : { batchSize, learningRate, state },
  };
}

function controlled(controller: BatchController<unknown>): Schedule {
  return {
    name: controller.name,
    isMeasured: true,
    init: () => controller.init(),
    next: (state, statistics) => ({ ...controller.next(state, statistics), learningRate: firstRate }),
  };
}

interface PhaseState {
  /** Of the networks; null before the first phase. */
  inner: unknown;
  updates: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  schedule: unknown;
}

/**
 * The loss of a step is that on the training set after the epoch, its metrics are `accuracy` on the test set, the
 * `batchSize` of the epoch, all `updates` so far, and of the first network the noise of the gradient: `noiseScale`.
 */
function phases(
  schedule: Schedule,
  data: SmallMnist,
  key: Tensor,
  networks: number,
): Method<Theta, PhaseState> {
  const trainings = new Map<number, NetworkTraining<Theta>>();
  const trainingOf = (batchSize: number): NetworkTraining<Theta> => {
    const known =
      trainings.get(batchSize) ?? batchTraining<Theta>(data, batchSize, (theta) => sgd({ ...theta }));
    trainings.set(batchSize, known);
    return known;
  };
  const { loss, error } = trainingOf(tunedBatch);
  const measure = compiled(
    "measurePhases",
    vmap((network: Network) => ({ loss: loss(network, data.train), error: error(network, data.test) })),
  );
  const meter = noiseScaleMeter((network: Network, batch: LabelledData) => loss(network, batch), tunedBatch);
  const batches = batchesOf(data.train);
  return {
    name: "phases",
    recipe: () => ({ phases: { schedule: schedule.name, networks } }),
    init: () => ({
      ...{ inner: null, updates: 0, epochs: 0, schedule: schedule.init() },
      ...{ batchSize: tunedBatch, learningRate: firstRate },
    }),
    step(theta, { inner, updates: before, epochs: done, batchSize, learningRate, schedule: own }) {
      const steps = Math.ceil(data.train.labels.shape[0]! / batchSize);
      const { state } = unroll(trainingOf(batchSize).problem, rates(learningRate, networks), {
        // Fresh orders for every phase.
        key: random.foldIn(key, before),
        isThetaBatched: true,
        steps,
        ...(inner !== null && { state: inner }),
      });
      const { network } = state as NetworkTrainingState;
      const found = measure(network);
      const now = mean([...found.loss.data]);
      const noise = schedule.isMeasured
        ? meter(
            tree.map((leaf) => leaf.slice(0), network),
            batches,
          )
        : undefined;
      const statistics = { epochs: done + 1, loss: now, learningRate, ...noise };
      const { state: after, ...next } = schedule.next(own, statistics);
      const updates = before + steps;
      return {
        theta,
        state: { inner: state, updates, epochs: done + 1, schedule: after, ...next },
        loss: now,
        metrics: {
          innerSteps: steps * networks,
          ...{ batchSize, updates, accuracy: 1 - mean([...found.error.data]) },
          ...(noise && { noiseScale: noise.noiseScale }),
        },
      };
    },
  };
}

/** All examples in batches of 50. */
function batchesOf({ inputs, labels }: LabelledData): LabelledData {
  const [count, features] = inputs.shape as [number, number];
  const shape = [count / tunedBatch, tunedBatch];
  return { inputs: inputs.reshape([...shape, features]), labels: labels.reshape(shape) };
}
