/**
 * Networks on MNIST trained by first-order methods, natural gradients, K-FAC in its variants and FOOF: training curves,
 * and what K-FAC's and FOOF's directions are worth and have in common along one trajectory.
 */
import {
  type Key,
  type Layers,
  type Objective,
  type ObjectiveOptimizer,
  type Tensor,
  type Tree,
  categoricalLogits,
  compiled,
  compiledStep,
  networkObjective,
  nn,
  np,
  random,
} from "unspool";

/** Weights [inputs, outputs] by layer; no biases, as in the paper. */
export type Network = readonly Tensor[];

/** What is trained on: images, and how often which of them are seen. */
export interface Task {
  /** [images, features]. */
  inputs: Tensor;
  /** int32 [images]. */
  labels: Tensor;
  /** Sizes of the layers, from inputs to classes. */
  sizes: readonly number[];
  batchSize: number;
  updates: number;
}

export interface Batch {
  /** int32 [batch]: numbers of images. */
  images: Tensor;
}

/** He-normal weights. */
export function initNetwork(key: Key, sizes: readonly number[]): Network {
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    return random.normal(random.foldIn(key, i), [inputs, outputs]).mul(Math.sqrt(2 / inputs));
  });
}

/** Logits; ReLU between layers. */
export function applyNetwork(network: Network, inputs: Tensor, layers: Layers): Tensor {
  return network.reduce((x, weights, i) => {
    const y = layers.dense({ weights }, x);
    return i < network.length - 1 ? nn.relu(y) : y;
  }, inputs);
}

/** The mean cross-entropy of the images of a batch. */
export function objectiveOf(task: Task): (batch: Batch) => Objective<Network> {
  return ({ images }) =>
    networkObjective({
      network: applyNetwork,
      likelihood: categoricalLogits,
      inputs: np.take(task.inputs, images, 0),
      targets: np.take(task.labels, images, 0),
    });
}

/** Numbers of the images of each update: every epoch is a new order of all images. */
export function batchesOf(task: Task, key: Key): Batch[] {
  const { batchSize, updates, labels } = task;
  const perEpoch = Math.floor(labels.size / batchSize);
  const batches: Batch[] = [];
  for (let epoch = 0; batches.length < updates; epoch++) {
    const order = random.permutation(random.foldIn(key, epoch), labels.size).data as Int32Array;
    for (let i = 0; i < perEpoch && batches.length < updates; i++) {
      batches.push({ images: np.array(Int32Array.from(order.slice(i * batchSize, (i + 1) * batchSize))) });
    }
  }
  return batches;
}

/** An optimizer, and what it does before training: see `observe` of the optimizers that measure factors. */
export type Trained = ObjectiveOptimizer<Tree> & {
  observe?(theta: Network, state: Tree, objective: Objective<Network>, key: Key): Tree;
};

export interface Run {
  /** Mean loss over all images after `updates[i]` updates. */
  losses: number[];
  updates: number[];
  /** Wall time of training up to there, in milliseconds. */
  times: number[];
  finalLoss: number;
}
