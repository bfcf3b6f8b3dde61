/**
 * Large batches on a small network for MNIST: how the learning rate must follow the batch, growing the batch in place of
 * a falling learning rate, and controllers that choose the batch by measuring gradients.
 */
import {
  type BatchController,
  type Key,
  type LabelledData,
  type Network,
  type NetworkTraining,
  type NetworkTrainingState,
  type NoiseScale,
  type Optimizer,
  type Tensor,
  compiled,
  createBatchController,
  lamb,
  lars,
  linearScaling,
  momentum,
  networkTraining,
  noiseScaleMeter,
  np,
  random,
  sgd,
  squareRootScaling,
  tree,
  unroll,
  vmap,
} from "unspool";
import type { SmallMnist } from "../shared/data/mnist.ts";
import { mean } from "../shared/series.ts";
import { type GridOptions, type Trained, stack, trainGrid } from "../shared/trainedGrid.ts";

/** For which the learning rate was tuned. */
export const tunedBatch = 50;
export const epochs = 5;

/** Hyperparameters of one training run. */
export type BatchCell = { learningRate: number; warmupSteps: number };
type Hyperparameters = Record<keyof BatchCell, Tensor>;

/** Gradual warm-up to a learning rate, both learnable: rate · min(1, t / steps), t from 1. */
export function warmedUp({ learningRate, warmupSteps }: Hyperparameters) {
  return (step: Tensor): Tensor =>
    learningRate.mul(np.minimum(step.astype(learningRate.dtype).add(1).div(warmupSteps), 1));
}

/** The network of all runs: 196 inputs, two hidden layers of 100, no biases. */
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
    horizon: stepsOf(batchSize),
    optimizer,
  });
}

export function stepsOf(batchSize: number): number {
  return Math.round((epochs * 5_000) / batchSize);
}

/** One way to set the learning rate at a batch size. */
export interface ScalingRule {
  name: string;
  optimizer: "momentum" | "lars" | "lamb";
  learningRate(batchSize: number): number;
  hasWarmup: boolean;
}

/** Learning rate that was tuned. */
export const base = 0.03;
/** The same for LARS and LAMB. */
const [larsBase, lambBase] = [0.22, 0.006];
const both = (name: string, learningRate: (batchSize: number) => number): ScalingRule[] =>
  [false, true].map((hasWarmup) => ({
    name: hasWarmup ? `${name}, warm-up` : name,
    optimizer: "momentum",
    learningRate,
    hasWarmup,
  }));

export const rules: readonly ScalingRule[] = [
  ...both("unscaled", () => base),
  ...both("square root", (batchSize) =>
    squareRootScaling({ learningRate: base, tunedBatch, batch: batchSize }),
  ),
  ...both("linear", (batchSize) => linearScaling({ learningRate: base, tunedBatch, batch: batchSize })),
  {
    name: "LARS, square root, warm-up",
    optimizer: "lars",
    learningRate: (batchSize) => squareRootScaling({ learningRate: larsBase, tunedBatch, batch: batchSize }),
    hasWarmup: true,
  },
  {
    name: "LAMB, square root, warm-up",
    optimizer: "lamb",
    learningRate: (batchSize) => squareRootScaling({ learningRate: lambBase, tunedBatch, batch: batchSize }),
    hasWarmup: true,
  },
];

const optimizers: Readonly<Record<ScalingRule["optimizer"], (theta: Hyperparameters) => Optimizer>> = {
  momentum: (theta) => momentum({ learningRate: warmedUp(theta), momentum: 0.9 }),
  lars: (theta) => lars({ learningRate: warmedUp(theta), trust: 0.02, weightDecay: 0 }),
  lamb: (theta) => lamb({ learningRate: warmedUp(theta), weightDecay: 0 }),
};

/** Share of the steps in which the learning rate warms up. */
const warmupShare = 0.2;

/** Each rule at each batch size, the same number of epochs: by batch size, in the order of `rules`. */
export function scalingStudy(batchSizes: readonly number[], options: GridOptions): Trained[][] {
  return batchSizes.map((batchSize) => {
    const cellOf = (rule: ScalingRule): BatchCell => ({
      learningRate: rule.learningRate(batchSize),
      warmupSteps: rule.hasWarmup ? warmupShare * stepsOf(batchSize) : 1,
    });
    const found = new Map<ScalingRule, Trained>();
    for (const name of Object.keys(optimizers) as ScalingRule["optimizer"][]) {
      const own = rules.filter(({ optimizer }) => optimizer === name);
      const training = batchTraining<Hyperparameters>(options.data, batchSize, optimizers[name]);
      trainGrid(training, own.map(cellOf), options).forEach((trained, i) => found.set(own[i]!, trained));
    }
    return rules.map((rule) => found.get(rule)!);
  });
}

/** A run of several networks in phases, each with a batch size and a learning rate of its own; plain SGD. */
class PhasedRun {
  #state: unknown;
  #updates = 0;
  readonly #data: SmallMnist;
  readonly #key: Key;
  readonly #seeds: number;
  readonly #trainings = new Map<number, NetworkTraining<RateTheta>>();

  constructor({ data, key, seeds }: GridOptions) {
    this.#data = data;
    this.#key = key;
    this.#seeds = seeds;
  }

  /** `updates` more. Every phase begins an epoch. */
  go(batchSize: number, learningRate: number, updates: number): void {
    const { problem } = this.#at(batchSize);
    const { state } = unroll(problem, stack(rates(learningRate, this.#seeds)), {
      // Fresh orders for every phase.
      key: random.foldIn(this.#key, this.#updates),
      isThetaBatched: true,
      steps: updates,
      ...(this.#state !== undefined && { state: this.#state }),
    });
    this.#state = state;
    this.#updates += updates;
  }

  get updates(): number {
    return this.#updates;
  }

  networks(): Network {
    return (this.#state as NetworkTrainingState).network;
  }

  /** Means over networks: loss on the training set, accuracy on the test set. */
  measure(): { loss: number; accuracy: number } {
    const { loss, error } = this.#at(tunedBatch);
    const { train, test } = this.#data;
    const measure = compiled(
      "measurePhases",
      vmap((network: Network) => ({ loss: loss(network, train), error: error(network, test) })),
    );
    const found = measure(this.networks());
    return { loss: mean([...found.loss.data]), accuracy: 1 - mean([...found.error.data]) };
  }

  #at(batchSize: number): NetworkTraining<RateTheta> {
    const known = this.#trainings.get(batchSize);
    if (known !== undefined) return known;
    const made = batchTraining<RateTheta>(this.#data, batchSize, (theta) => sgd({ ...theta }));
    this.#trainings.set(batchSize, made);
    return made;
  }
}

type RateTheta = { learningRate: Tensor };

const rates = (learningRate: number, count: number) =>
  Array.from({ length: count }, () => ({ learningRate }));

/** One of the two ways to calm the noise. */
export interface Growth {
  updates: number;
  loss: number;
  accuracy: number;
  /** Loss on the training set by epochs. */
  curve: { epochs: number[]; loss: number[] };
}

/**
 * Three epochs with batches of 50 at learning rate 0.3; then three more with a quarter of the rate, or with batches four
 * times as large.
 */
export function growOrDecay(options: GridOptions): { decay: Growth; grow: Growth } {
  const branch = (batchSize: number, learningRate: number): Growth => {
    const run = new PhasedRun(options);
    const curve = { epochs: [] as number[], loss: [] as number[] };
    for (let epoch = 0; epoch < 6; epoch++) {
      const size = epoch < 3 ? tunedBatch : batchSize;
      run.go(size, epoch < 3 ? 0.3 : learningRate, 5_000 / size);
      curve.epochs.push(epoch + 1);
      curve.loss.push(run.measure().loss);
    }
    return { updates: run.updates, ...run.measure(), curve };
  };
  return { decay: branch(tunedBatch, 0.075), grow: branch(4 * tunedBatch, 0.3) };
}

/** One epoch of a run whose batch a controller sets. */
export interface ControlledEpoch extends NoiseScale {
  batchSize: number;
  updates: number;
  loss: number;
}

export interface Controlled {
  name: string;
  epochs: ControlledEpoch[];
  accuracy: number;
}

const controlledRate = 0.3;
const controllers: readonly BatchController<unknown>[] = [
  createBatchController("doubleEvery", { start: tunedBatch, every: 2, most: 800 }),
  createBatchController("cabs", { least: 50, most: 800, multipleOf: 50, kept: 0.5 }),
  createBatchController("followNoiseScale", { least: 50, most: 800, multipleOf: 50, kept: 0.5 }),
];

/** Training with each controller, which is asked before every epoch for its batch; statistics of the first network. */
export function controlledRuns(options: GridOptions, count = 8): Controlled[] {
  const { data } = options;
  const batches = batchesOf(data.train);
  const { loss } = batchTraining(data, tunedBatch, () => sgd());
  const meter = noiseScaleMeter((network: Network, batch: LabelledData) => loss(network, batch), tunedBatch);
  return controllers.map((controller) => {
    const run = new PhasedRun(options);
    let state = controller.init();
    let batchSize = tunedBatch;
    const done: ControlledEpoch[] = [];
    for (let epoch = 0; epoch < count; epoch++) {
      run.go(batchSize, controlledRate, Math.ceil(5_000 / batchSize));
      const first = tree.map((leaf) => leaf.slice(0), run.networks());
      const measured = meter(first, batches);
      const { loss: now } = run.measure();
      done.push({ batchSize, updates: run.updates, loss: now, ...measured });
      const statistics = { epochs: epoch + 1, loss: now, learningRate: controlledRate, ...measured };
      ({ batchSize, state } = controller.next(state, statistics));
    }
    return { name: controller.name, epochs: done, accuracy: run.measure().accuracy };
  });
}

/** All examples in batches of 50. */
function batchesOf({ inputs, labels }: LabelledData): LabelledData {
  const [count, features] = inputs.shape as [number, number];
  const shape = [count / tunedBatch, tunedBatch];
  return { inputs: inputs.reshape([...shape, features]), labels: labels.reshape(shape) };
}
