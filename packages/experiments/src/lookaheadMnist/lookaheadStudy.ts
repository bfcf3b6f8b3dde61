/**
 * Lookahead beside plain SGD on a small network for MNIST: a sweep over learning rates with and without momentum, and
 * the loss after each inner step of a window and after the pull.
 */
import {
  type Key,
  type NetworkTraining,
  type NetworkTrainingState,
  type Optimizer,
  type Problem,
  type Tensor,
  defineProblem,
  emaAverage,
  lookahead,
  momentum,
  networkTraining,
  np,
  polyakAverage,
  random,
  unroll,
} from "unspool";
import type { SmallMnist } from "../shared/data/mnist.ts";
import { type GridOptions, type Trained, stack, trainGrid } from "../shared/trainedGrid.ts";

/** Hyperparameters of one training run. */
export type Cell = { learningRate: number; momentum: number };
type Hyperparameters = Record<keyof Cell, Tensor>;

/** The grid: learning rates without momentum, and with momentum 0.9. */
export const cells: readonly Cell[] = [
  ...[0.03, 0.1, 0.3, 0.6, 1].map((learningRate) => ({ learningRate, momentum: 0 })),
  ...[0.01, 0.03, 0.1, 0.2].map((learningRate) => ({ learningRate, momentum: 0.9 })),
];

export const k = 5;

const heavyBall = (theta: Hyperparameters): Optimizer => momentum({ ...theta });

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
const methods: Readonly<Record<Method, (theta: Hyperparameters) => Optimizer>> = {
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

/** Each method at each cell. */
export function sweep(
  options: GridOptions,
  names: readonly Method[] = methodNames,
): Record<Method, Trained[]> {
  const trained = names.map((name) => {
    const training = smallTraining<Hyperparameters>(options.data, methods[name]);
    return [name, trainGrid(training, cells, options)] as const;
  });
  return Object.fromEntries(trained) as Record<Method, Trained[]>;
}

/** Loss on the whole training set after inner steps 1 to k, before the pull, and after it. */
export interface Profile {
  fast: number[];
  slow: number;
}

export interface ProfileOptions extends Cell {
  data: SmallMnist;
  key: Key;
  seeds: number;
  alpha: number;
  /** Updates before the windows that are measured. Default 300. */
  before?: number;
  /** Windows that are measured. Default 40: 200 updates. */
  windows?: number;
}

/** Means over the last windows of runs, and over seeds. */
export function innerLoopProfile(options: ProfileOptions): Profile {
  const { data, key, seeds, alpha, before = 300, windows = 40, ...cell } = options;
  const training = smallTraining<Hyperparameters>(data, (theta) => lookahead(heavyBall(theta), { k, alpha }));
  const theta = stack(Array.from({ length: seeds }, () => cell));
  const shared = { key: random.foldIn(key, "profile"), isThetaBatched: true };
  const { state: training0 } = unroll(training.problem, theta, { ...shared, steps: before });
  const sums = np.zeros([seeds, k + 1]);
  const { state } = unroll(windowProblem(training, data, alpha), theta, {
    ...shared,
    key: random.foldIn(key, "windows"),
    steps: windows,
    state: { training: training0, sums },
  });
  const means = (state as WindowState).sums.mean(0).div(windows).data;
  return { fast: [...means.slice(0, k)], slow: means[k]! };
}

interface WindowState {
  training: unknown;
  /** [k + 1]: losses after each inner step and after the pull, summed over windows. */
  sums: Tensor;
}

/** Training whose step is one window. The last fast weights are found again from the pull: φ + (φ⁺ - φ) / alpha. */
function windowProblem(
  { problem, loss }: NetworkTraining<Hyperparameters>,
  { train }: SmallMnist,
  alpha: number,
): Problem<Hyperparameters, WindowState, undefined> {
  return defineProblem<Hyperparameters, WindowState>({
    name: "lookaheadWindow",
    horizon: Infinity,
    init: (theta, key) => ({ training: problem.init(theta, key), sums: np.zeros([k + 1]) }),
    step(theta, state, { t, key }) {
      const start = state.training as NetworkTrainingState;
      const losses: Tensor[] = [];
      let training = start;
      for (let i = 0; i < k; i++) {
        const here = random.foldIn(key, i);
        const context = { t: t.mul(k).add(i), key: here, batch: problem.data!(here) };
        training = problem.step(theta, training, context).state as NetworkTrainingState;
        if (i < k - 1) losses.push(loss(training.network, train));
      }
      const fast = start.network.map(({ weights }, layer) => ({
        weights: weights.add(training.network[layer]!.weights.sub(weights).div(alpha)),
      }));
      losses.push(loss(fast, train), loss(training.network, train));
      return { state: { training, sums: state.sums.add(np.stack(losses)) }, loss: losses.at(-1)! };
    },
  });
}
