/** One network of `neuron-descent`, trained by one method; and one trajectory on which directions are compared. */
import { type Experiment, type Key, defineExperiment, random } from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { directionDescent } from "./directionDescent.ts";
import { type Network, type Task, initNetwork, networkDescent } from "./networkDescent.ts";
import { methodNames, methods } from "./neuronMethods.ts";

const task = {
  images: z.int().min(200).max(50_000).default(2000).describe("training images, the first of MNIST"),
  hidden: z.array(z.int().min(1)).min(1).default([100, 100, 100]).describe("sizes of the hidden layers"),
};

const trainingConfig = z.strictObject({
  method: z.enum(methodNames).default("foof").describe("trains the network"),
  steps: z.int().min(1).default(200).describe("updates"),
  every: z.int().min(1).default(10).describe("updates between measurements on all images"),
  burnIn: z.int().min(0).default(50).describe("batches that enter the factors before training"),
  ...task,
});

const directionsConfig = z.strictObject({
  learningRate: z.number().positive().default(0.03),
  damping: z.number().positive().default(0.01),
  dampingMode: z.enum(["heuristic", "standard"]).default("heuristic"),
  inversePeriod: z.int().min(1).default(1).describe("steps between inverses"),
  steps: z.int().min(1).default(60).describe("updates"),
  ...task,
});

const batchSize = 100;

export const neuronTraining: Experiment<unknown, Network> = defineExperiment<
  z.infer<typeof trainingConfig>,
  Network
>({
  name: "neuron-training",
  summary: "one network on MNIST trained by natural gradients, K-FAC in parts, FOOF or a first-order method",
  paper: "Benzing (ICML 2022), Figures 1A, 2B, 3A and 4, at CPU size",
  config: trainingConfig,
  setup({ method, every, burnIn, ...settings }, key: Key) {
    const on = taskOf(settings);
    return {
      theta: initNetwork(random.foldIn(key, "weights"), on.sizes),
      method: networkDescent(on, methods[method].optimizer(), { burnIn, every }),
      steps: settings.steps,
    };
  },
});

export const neuronDirections: Experiment<unknown, Network> = defineExperiment<
  z.infer<typeof directionsConfig>,
  Network
>({
  name: "neuron-directions",
  summary: "the directions of K-FAC and of FOOF at the points of one trajectory of K-FAC",
  paper: "Benzing (ICML 2022), Figures 3B and 4C, at CPU size",
  config: directionsConfig,
  setup({ images, hidden, steps, ...options }, key: Key) {
    const on = taskOf({ images, hidden, steps });
    return {
      theta: initNetwork(random.foldIn(key, "weights"), on.sizes),
      method: directionDescent(on, options),
      steps,
    };
  },
});

function taskOf({ images, hidden, steps }: { images: number; hidden: number[]; steps: number }): Task {
  const { train, features } = loadMnist(2);
  return {
    inputs: train.inputs.slice([0, images]),
    labels: train.labels.slice([0, images]),
    sizes: [features, ...hidden, 10],
    batchSize,
    updates: steps,
  };
}
