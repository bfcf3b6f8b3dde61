/** What is compared on a small network for MNIST: Lookahead, averages and plain SGD, over a grid of settings. */
import {
  type NetworkTraining,
  type Optimizer,
  type Tensor,
  emaAverage,
  lookahead,
  momentum,
  networkTraining,
  polyakAverage,
} from "unspool";
import type { SmallMnist } from "../shared/data/mnist.ts";

/** Hyperparameters of one training run. */
export type Setting = { learningRate: number; momentum: number };
export type Hyperparameters = Record<keyof Setting, Tensor>;

/** The grid: learning rates without momentum, and with momentum 0.9. */
export const settings: readonly Setting[] = [
  ...[0.03, 0.1, 0.3, 0.6, 1].map((learningRate) => ({ learningRate, momentum: 0 })),
  ...[0.01, 0.03, 0.1, 0.2].map((learningRate) => ({ learningRate, momentum: 0.9 })),
];

export const k = 5;

export const heavyBall = (theta: Hyperparameters): Optimizer => momentum({ ...theta });

export const methodNames = [
  "plain",
  "Lookahead 0.5",
  "Lookahead 0.8",
  "Lookahead 0.5, k = 10",
  "SWA of epoch ends",
  "EMA 0.98",
] as const;
export type Method = (typeof methodNames)[number];

/** What is compared; all around the same heavy ball. Averages evaluate other weights than they train. */
export const methods: Readonly<Record<Method, (theta: Hyperparameters) => Optimizer>> = {
  plain: heavyBall,
  "Lookahead 0.5": (theta) => lookahead(heavyBall(theta), { k, alpha: 0.5 }),
  "Lookahead 0.8": (theta) => lookahead(heavyBall(theta), { k, alpha: 0.8 }),
  "Lookahead 0.5, k = 10": (theta) => lookahead(heavyBall(theta), { k: 10, alpha: 0.5 }),
  // One epoch of 5,000 images in batches of 50 is 100 updates.
  "SWA of epoch ends": (theta) => polyakAverage(heavyBall(theta), { start: 200, every: 100 }),
  "EMA 0.98": (theta) => emaAverage(heavyBall(theta), { decay: 0.98 }),
};

/** The network of all runs: 196 inputs, one hidden layer, no biases; 500 updates with batches of 50. */
export function smallTraining<Theta>(
  data: SmallMnist,
  optimizer: (theta: Theta) => Optimizer,
  horizon = 500,
): NetworkTraining<Theta> {
  const network = { classes: 10, hidden: [100], hasBias: false, batchSize: 50 };
  return networkTraining({ ...network, train: data.train, horizon, optimizer });
}
