/**
 * Training a fully connected classifier with any optimizer, as an inner problem: hyperparameters are theta, and one
 * inner step is one update on the next minibatch.
 *
 *     w, s ← optimizer(theta).step(w, s, loss on the batch);   loss of the step = measure(w̄; scored batch)
 *
 * w̄ are the parameters that the optimizer evaluates (Lookahead's slow weights, a mean of iterates), else w. Since
 * every particle may have a theta of its own, `unroll` trains a whole grid of hyperparameters in one program.
 *
 * An epoch visits every example once: the i-th is (a · i + b) mod n, with a prime to n and b drawn anew for every
 * epoch. Such an order costs two integers of state where a permutation would cost n. The last batch of an epoch is
 * filled up from its beginning.
 */
import { type DenseWeights, type Key, type Layers, type Tensor, type Tree } from "../array/index.ts";
import { nn, np, plainLayers, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requireKnownOptions } from "../errors.ts";
import { initMlp } from "../networks/index.ts";
import { type ObjectiveOptimizer, type Optimizer } from "../optimizers/index.ts";
import { categoricalLogits, firstOrder, networkObjective } from "../optimizers/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import type { LabelledData } from "./scheduleTuning.ts";
import { requireLabelled } from "./labelledData.ts";
import { minibatch } from "./scheduleTuning.ts";

export interface NetworkTrainingOptions<Theta> {
  /** What the network is trained on: inputs [n, features] with int32 labels [n]. */
  train: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /**
   * The rule that trains, with hyperparameters from theta: one of gradients, or one that evaluates the objective. Its
   * structure must not depend on theta's values.
   */
  optimizer: (theta: Theta) => Optimizer | ObjectiveOptimizer;
  /** Where tuning starts. */
  theta?: Theta;
  /** Sizes of hidden layers. Default [32]. */
  hidden?: readonly number[];
  /** Between layers. Default "relu". */
  activation?: "relu" | "tanh";
  /** Whether layers add a bias. Default true. */
  hasBias?: boolean;
  /** Default 64. */
  batchSize?: number;
  /** Updates, T. Default 200. */
  horizon?: number;
  /** What the loss of a step is measured on. Default: `train`. */
  scored?: LabelledData;
  /** Examples of it that are drawn per step. Default: `batchSize`. */
  scoreBatchSize?: number;
  /** Examples that the final loss is measured on. Default 1000. */
  finalBatchSize?: number;
  /** What is minimised. "error" is the share of wrong answers, which has no derivative. Default "cross-entropy". */
  measure?: "cross-entropy" | "error";
}

/** Parameters of a network. */
export type Network = readonly DenseWeights[];

export interface NetworkTrainingState {
  network: Network;
  /** State of the optimizer: a tree. */
  optimizer: unknown;
  /** a and b of the epoch: int32. */
  order: { factor: Tensor; shift: Tensor };
}

/** The problem, and what is needed to look at networks that it trained. */
export interface NetworkTraining<Theta> {
  problem: Problem<Theta, NetworkTrainingState, LabelledData>;
  /** Outputs [batch, classes] for inputs [batch, features]. */
  apply(network: Network, inputs: Tensor): Tensor;
  /** Mean cross-entropy on labelled data. */
  loss(network: Network, data: LabelledData): Tensor;
  /** Share of labelled data that the network gets wrong. */
  error(network: Network, data: LabelledData): Tensor;
  /** w̄: the network to evaluate. */
  evaluated(theta: Theta, state: NetworkTrainingState): Network;
}

/**
 * A training run as an inner problem, for tuning its hyperparameters by any estimator and for grids by `unroll`.
 *
 * @example
 * const { problem } = networkTraining({
 *   train,
 *   classes: 10,
 *   optimizer: (theta: { logRate: Tensor }) => momentum({ learningRate: np.exp(theta.logRate) }),
 * });
 */
export function networkTraining<Theta>(options: NetworkTrainingOptions<Theta>): NetworkTraining<Theta> {
  requireKnownOptions("networkTraining", options, [
    "train",
    "classes",
    "optimizer",
    "theta",
    "hidden",
    "activation",
    "hasBias",
    "batchSize",
    "horizon",
    "scored",
    "scoreBatchSize",
    "finalBatchSize",
    "measure",
  ]);
  const { train, classes, optimizer, hidden = [32], activation = "relu", hasBias = true } = options;
  const { batchSize = 64, horizon = 200, scored = train, measure = "cross-entropy", theta: start } = options;
  const { scoreBatchSize = batchSize, finalBatchSize = 1000 } = options;
  for (const [name, size] of Object.entries({ classes, batchSize, scoreBatchSize, finalBatchSize })) {
    requireInteger("networkTraining", name, size, 1);
  }
  hidden.forEach((size, i) => requireInteger("networkTraining", `hidden[${i}]`, size, 1));
  requireOneOf("networkTraining", "activation", activation, ["relu", "tanh"]);
  requireOneOf("networkTraining", "measure", measure, ["cross-entropy", "error"]);
  if (typeof optimizer !== "function") {
    throw new OptionError(
      "networkTraining",
      "optimizer",
      optimizer,
      "a function of theta that returns an optimizer",
    );
  }
  requireLabelled("networkTraining", "train", train, classes);
  const sizes = [train.inputs.shape[1]!, ...hidden, classes];
  const between = activation === "relu" ? nn.relu : np.tanh;
  const apply = (network: Network, inputs: Tensor, layers: Layers = plainLayers): Tensor =>
    network.reduce((x, layer, i) => {
      const y = layers.dense(layer, x);
      return i < network.length - 1 ? between(y) : y;
    }, inputs.astype(network[0]!.weights.dtype));
  const loss = (network: Network, { inputs, labels }: LabelledData): Tensor =>
    nn.softmaxCrossEntropy(apply(network, inputs), labels);
  const error = (network: Network, { inputs, labels }: LabelledData): Tensor =>
    np.argmax(apply(network, inputs), -1).notEqual(labels).astype("float32").mean();
  const rule = (theta: Theta): ObjectiveOptimizer => {
    const given = optimizer(theta);
    return "step" in given ? given : firstOrder(given);
  };
  const objective = ({ inputs, labels }: LabelledData) =>
    networkObjective<Network>({
      network: apply,
      likelihood: categoricalLogits,
      inputs,
      targets: labels,
    });
  const evaluated = (theta: Theta, state: NetworkTrainingState): Network =>
    rule(theta).evaluationTheta?.(state.optimizer as Tree, state.network) ?? state.network;
  const epochs = epochsOf(train, batchSize);
  const measured = measure === "error" ? error : loss;
  const problem = defineProblem({
    name: "networkTraining",
    horizon,
    ...(start !== undefined && { theta: start }),
    isDifferentiable: measure !== "error",
    init(theta: Theta, key): NetworkTrainingState {
      const network = tree.map(
        (leaf) => leaf.astype(tree.floatType(theta)),
        initNetwork(key, sizes, hasBias),
      );
      const firstKey = random.foldIn(key, "optimizer");
      const { batch } = epochs.next(epochs.none, tree.scalar(0, "int32"), firstKey);
      const start = rule(theta).init(network, objective(batch), firstKey);
      return { network, optimizer: start, order: epochs.none };
    },
    data: (key) => minibatch(scored, key, scoreBatchSize),
    step(theta: Theta, before, { t, key, batch: score }) {
      const network = before.network as Network;
      const { order, batch } = epochs.next(before.order, t, key);
      const moved = rule(theta).step(network, before.optimizer as Tree, objective(batch), { key });
      const after = { network: moved.theta, optimizer: moved.state as unknown, order };
      return { state: after, loss: measured(evaluated(theta, after), score) };
    },
    finalLoss: (theta: Theta, state, score) => measured(evaluated(theta, state), score),
    finalData: (key) => minibatch(scored, key, finalBatchSize),
  });
  return { problem, apply, loss, error, evaluated };
}

/** Layers of the given sizes: weights He-normal, N(0, 2 / inputs); biases 0. */
function initNetwork(key: Key, sizes: readonly number[], hasBias: boolean): Network {
  const layers = initMlp(key, sizes);
  return hasBias ? layers : layers.map(({ weights }) => ({ weights }));
}

type Order = NetworkTrainingState["order"];

/** Minibatches of `size` examples, without repetition within an epoch. */
function epochsOf(
  { inputs, labels }: LabelledData,
  size: number,
): { none: Order; next(order: Order, t: Tensor, key: Key): { order: Order; batch: LabelledData } } {
  const count = labels.shape[0]!;
  const steps = Math.ceil(count / size);
  const factors = np.array(Int32Array.from(primeTo(count)));
  const integer = (value: number): Tensor => tree.scalar(value, "int32");
  return {
    none: { factor: integer(1), shift: integer(0) },
    next({ factor, shift }, t, key) {
      const phase = t.mod(integer(steps));
      const isFirst = phase.equal(integer(0));
      const draw = (name: string, below: number): Tensor =>
        random.randint(random.foldIn(key, name), [], 0, below);
      const order = {
        factor: np.where(isFirst, np.take(factors, draw("factor", factors.size), 0), factor),
        shift: np.where(isFirst, draw("shift", count), shift),
      };
      const places = np
        .arange(size)
        .add(phase.mul(integer(size)))
        .mod(integer(count));
      const picks = places.mul(order.factor).add(order.shift).mod(integer(count));
      return { order, batch: { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) } };
    },
  };
}

/** Numbers without a common divisor with `count`, so small that products with numbers below it fit int32. */
function primeTo(count: number): number[] {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const limit = Math.max(2, Math.min(count, Math.floor((2 ** 31 - 1) / count) - 1));
  return Array.from({ length: limit - 1 }, (_, i) => i + 1).filter((a) => divisor(count, a) === 1);
}
