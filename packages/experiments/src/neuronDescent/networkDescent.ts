/** Networks on MNIST, and their training by any optimizer of objectives as a method. */
import {
  initMlp,
  type Key,
  type Layers,
  type Method,
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
  plainLayers,
  random,
  shapes,
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
  return initMlp(key, sizes).map(({ weights }) => weights);
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

/**
 * The batch of an update, by a key and the number of the update: every epoch is a new order of all images. The order of
 * the epoch last asked for is kept.
 */
export function batchesOf(task: Task): (key: Key, update: number) => Batch {
  const { batchSize, labels } = task;
  const perEpoch = Math.floor(labels.size / batchSize);
  let known: { of: string; order: Int32Array } | undefined;
  return (key, update) => {
    const epoch = Math.floor(update / perEpoch);
    const of = `${key.data.join()} ${epoch}`;
    if (known?.of !== of) {
      known = { of, order: random.permutation(random.foldIn(key, epoch), labels.size).data as Int32Array };
    }
    const from = (update % perEpoch) * batchSize;
    return { images: np.array(Int32Array.from(known.order.slice(from, from + batchSize))) };
  };
}

/** An optimizer, and what it does before training: see `observe` of the optimizers that measure factors. */
export type Trained = ObjectiveOptimizer<Tree> & {
  observe?(theta: Network, state: Tree, objective: Objective<Network>, key: Key): Tree;
};

/** What the method carries from update to update. */
export interface NetworkState {
  /** The key of the run, which orders the images. uint32[2] */
  key: Key;
  /** Updates done. */
  updates: number;
  optimizer: Tree;
}

export interface NetworkDescentOptions {
  /** Batches seen before training by optimizers that measure factors. Default 0. */
  burnIn?: number;
  /** Updates from one measurement of the loss on all images to the next. Default: at the end only. */
  every?: number;
}

/**
 * Training of a network as a method: one outer step is one update on the next batch of an epoch. The metric
 * `trainingLoss` is the mean over all images after every `every` updates and after the last, `initialLoss` that before
 * the first.
 */
export function networkDescent(
  task: Task,
  optimizer: Trained,
  options: NetworkDescentOptions = {},
): Method<Network, NetworkState> {
  const { burnIn = 0, every = task.updates } = options;
  const objective = objectiveOf(task);
  const step = compiledStep(optimizer, objective);
  const { init, observe } = startOf(task, optimizer);
  const lossOf = wholeLoss(task);
  const batchAt = batchesOf(task);
  return {
    name: "networkDescent",
    recipe: (theta, { optimizer: state }) => ({
      task: { sizes: [...task.sizes], images: task.labels.size, batchSize: task.batchSize },
      optimizer: { name: optimizer.name, state: shapes(state), burnIn, every },
      theta: shapes(theta),
    }),
    init(theta, key) {
      let state = init(theta, batchAt(random.foldIn(key, "batches"), 0), random.foldIn(key, "first"));
      if (observe === undefined) return { key, updates: 0, optimizer: state };
      for (let i = 0; i < burnIn; i++) {
        const batch = batchAt(random.foldIn(key, "burn-in"), i);
        state = observe(theta, state, batch, random.foldIn(random.foldIn(key, "observe"), i));
      }
      return { key, updates: 0, optimizer: state };
    },
    step(theta, { key, updates, optimizer: state }, stepKey) {
      const batch = batchAt(random.foldIn(key, "batches"), updates);
      const next = step(theta, state, batch, stepKey);
      const done = updates + 1;
      const isMeasured = done % every === 0 || done === task.updates;
      return {
        theta: next.theta,
        state: { key, updates: done, optimizer: next.state },
        loss: next.loss.item(),
        metrics: {
          innerSteps: 1,
          ...(updates === 0 && { initialLoss: lossOf(theta) }),
          ...(isMeasured && { trainingLoss: lossOf(next.theta) }),
        },
      };
    },
  };
}

export interface Run {
  /** Mean loss over all images after `updates[i]` updates. */
  losses: number[];
  updates: number[];
  finalLoss: number;
}

/** A run of `networkDescent` from its records. */
export function runOf(records: readonly Partial<Record<string, unknown>>[]): Run {
  const run: Run = { losses: [], updates: [], finalLoss: NaN };
  records.forEach(({ initialLoss, trainingLoss }, i) => {
    if (typeof initialLoss === "number") {
      run.losses.push(initialLoss);
      run.updates.push(0);
    }
    if (typeof trainingLoss !== "number") return;
    run.losses.push(trainingLoss);
    run.updates.push(i + 1);
  });
  return { ...run, finalLoss: run.losses.at(-1) ?? NaN };
}

/** A network trained from a key: start and order of images depend on it alone, so that methods can be compared. */
export type Trainer = (key: Key) => Run;

/** Compiles once; train from as many keys as wanted. */
export function trainer(task: Task, optimizer: Trained, options: NetworkDescentOptions = {}): Trainer {
  const method = networkDescent(task, optimizer, options);
  return (key) => {
    let theta = initNetwork(random.foldIn(key, "weights"), task.sizes);
    let state = method.init(theta, key);
    const records = Array.from({ length: task.updates }, (_, i) => {
      const next = method.step(theta, state, random.foldIn(random.foldIn(key, "steps"), i));
      ({ theta, state } = next);
      return next.metrics;
    });
    return runOf(records);
  };
}

/** Mean cross-entropy over all images of the task, as a compiled function. */
export function wholeLoss(task: Task): (network: Network) => number {
  const loss = compiled("training loss", (network: Network) => {
    const outputs = applyNetwork(network, task.inputs, plainLayers);
    return categoricalLogits.loss(outputs, task.labels).mean();
  });
  return (network) => loss(network).item();
}

/** What an optimizer does before training, as compiled functions. */
function startOf(task: Task, optimizer: Trained) {
  const objective = objectiveOf(task);
  const { observe } = optimizer;
  return {
    init: compiled(`${optimizer.name}.init`, (theta: Network, batch: Batch, key: Key) =>
      optimizer.init(theta, objective(batch), key),
    ),
    observe:
      observe &&
      compiled(`${optimizer.name}.observe`, (theta: Network, state: Tree, batch: Batch, key: Key) =>
        observe(theta, state, objective(batch), key),
      ),
  };
}
