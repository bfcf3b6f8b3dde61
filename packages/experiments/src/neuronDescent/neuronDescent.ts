/**
 * What makes K-FAC work: networks on MNIST trained by first-order methods, exact natural gradients of subsampled data,
 * K-FAC in variants, and FOOF. The run trains one network by one of them; the study trains with all.
 */
import {
  type Experiment,
  type Key,
  adam,
  defineExperiment,
  firstOrder,
  foof,
  kfacSimple,
  momentum,
  naturalGradient,
  objectiveDescent,
  random,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { type Compared, type Curves, neuronFigures } from "./neuronDescentFigures.ts";
import { type Batch, type Network, type Task, type Trained } from "./neuronStudy.ts";
import { compareDirections, initNetwork, objectiveOf, trainer, wholeLoss } from "./neuronStudy.ts";

interface Method {
  title: string;
  optimizer(): Trained;
}

/** Learning rates and dampings are the best of grids, each for its method's final training loss. */
const methods = {
  momentum: {
    title: "SGD with momentum",
    optimizer: () => firstOrder(momentum({ learningRate: 0.03 })),
  },
  adam: { title: "Adam", optimizer: () => firstOrder(adam({ learningRate: 0.003 })) },
  natural: {
    title: "natural gradient",
    optimizer: () => naturalGradient({ learningRate: 0.3, damping: 1 }),
  },
  naturalBlock: {
    title: "natural gradient by blocks",
    optimizer: () => naturalGradient({ learningRate: 0.03, damping: 0.1, blockDiagonal: true }),
  },
  kfac: { title: "K-FAC", optimizer: () => kfacSimple({ learningRate: 0.3, damping: 0.1 }) },
  kfacSubsampled: {
    title: "K-FAC, last batch's factors",
    optimizer: () => kfacSimple({ learningRate: 0.03, damping: 0.01, ema: 0 }),
  },
  kfacStandard: {
    title: "K-FAC, standard damping",
    // Eigenvectors are slow: every tenth step.
    optimizer: () =>
      kfacSimple({ learningRate: 0.1, damping: 0.1, dampingMode: "standard", inversePeriod: 10 }),
  },
  foof: {
    title: "FOOF",
    optimizer: () => foof({ learningRate: 3, damping: 1, factorBatch: "same" }),
  },
} satisfies Record<string, Method>;

type MethodName = keyof typeof methods;
const names = Object.keys(methods) as [MethodName, ...MethodName[]];

const config = z.strictObject({
  method: z.enum(names).default("foof").describe("trains the network of the run"),
  steps: z.int().min(20).default(200).describe("updates of each network"),
  seeds: z.int().min(1).default(1).describe("networks per method in the study"),
  images: z.int().min(200).max(50_000).default(2000).describe("training images, the first of MNIST"),
  hidden: z.array(z.int().min(1)).min(1).default([100, 100, 100]).describe("sizes of the hidden layers"),
  compared: z
    .int()
    .min(10)
    .default(60)
    .describe("updates of the trajectories on which directions are compared"),
});

type Config = z.infer<typeof config>;

const batchSize = 100;
/** Batches that enter the factors before training. */
const burnIn = 50;
const dampings = [1e-4, 1e-2, 1e-1];

export const neuronDescent: Experiment<unknown, Network> = defineExperiment<Config, Network>({
  name: "neuron-descent",
  summary: "natural gradients, K-FAC in parts, and FOOF on MNIST: why K-FAC works",
  paper: "Benzing (ICML 2022), Figures 1A, 2B, 3A, 3B and 4, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const task = taskOf(settings);
    const theta = initNetwork(random.foldIn(key, "weights"), task.sizes);
    let found: { curves: Curves[]; compared: Compared[] } | undefined;
    const study = () =>
      (found ??= { curves: trainAll(task, settings, key), compared: compareAll(task, settings, key) });
    return {
      theta,
      method: objectiveDescent<Network, Batch, never>({
        optimizer: methods[settings.method].optimizer() as never,
        objective: objectiveOf(task),
        data: (drawn) => ({ images: random.randint(drawn, [batchSize], 0, settings.images) }),
      }),
      steps: settings.steps,
      evaluate: (trained) => evaluation(wholeLoss(task)(trained), settings, study().curves),
      figures: () => neuronFigures(study().curves, study().compared),
    };
  },
});

function taskOf({ images, hidden, steps }: Config): Task {
  const { train, features } = loadMnist(2);
  return {
    inputs: train.inputs.slice([0, images]),
    labels: train.labels.slice([0, images]),
    sizes: [features, ...hidden, 10],
    batchSize,
    updates: steps,
  };
}

function trainAll(task: Task, { seeds, steps }: Config, key: Key): Curves[] {
  const every = Math.max(1, Math.round(steps / 20));
  return names.map((name) => {
    const train = trainer(task, methods[name].optimizer(), { burnIn, every });
    const runs = Array.from({ length: seeds }, (_, seed) =>
      train(random.foldIn(random.foldIn(key, "study"), seed)),
    );
    return { name: methods[name].title, runs };
  });
}

function compareAll(task: Task, { compared }: Config, key: Key): Compared[] {
  const short = { ...task, updates: compared };
  // Steps short enough for the trajectory to last.
  const learningRateOf = (damping: number) => Math.min(0.03, 0.3 * Math.sqrt(damping));
  const along = (damping: number, dampingMode: "heuristic" | "standard", inversePeriod: number) =>
    compareDirections(
      short,
      { learningRate: learningRateOf(damping), damping, dampingMode, inversePeriod },
      random.foldIn(key, "compared"),
    );
  return dampings.map((damping) => ({
    damping,
    heuristic: along(damping, "heuristic", 1),
    ...(damping === dampings.at(-1) && { standard: along(damping, "standard", 10) }),
  }));
}

function evaluation(loss: number, { method, steps }: Config, curves: readonly Curves[]) {
  const sorted = curves.map(({ runs }) => runs.map((run) => run.finalLoss).toSorted((a, b) => a - b));
  const median = (values: readonly number[]) => values[values.length >> 1]!;
  const medians = Object.fromEntries(names.map((name, i) => [`${name} final loss`, median(sorted[i]!)]));
  return {
    metrics: { loss, ...medians },
    table: {
      title: `Training loss after ${steps} updates, over seeds (this run, ${methods[method].title}: ${loss.toExponential(2)})`,
      columns: ["method", "median", "smallest", "largest", "ms per update"],
      rows: curves.map(({ name, runs }, i) => [
        name,
        median(sorted[i]!),
        sorted[i]![0]!,
        sorted[i]!.at(-1)!,
        runs.at(-1)!.times.at(-1)! / steps,
      ]),
    },
  };
}
