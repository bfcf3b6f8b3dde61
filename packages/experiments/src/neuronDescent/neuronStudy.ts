/**
 * Networks on MNIST trained by first-order methods, natural gradients, K-FAC in its variants and FOOF: training curves,
 * and what K-FAC's and FOOF's directions are worth and have in common along one trajectory.
 */
import {
  type Key,
  type KfacSimpleOptions,
  type Layers,
  type Objective,
  type ObjectiveOptimizer,
  type Tensor,
  type Tree,
  categoricalLogits,
  compiled,
  compiledStep,
  kfacSimple,
  factorMean,
  networkObjective,
  nn,
  np,
  plainLayers,
  random,
  relativeDecrease,
  updateCosine,
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

export interface TrainingOptions {
  /** Batches seen before training by optimizers that measure factors. Default 0. */
  burnIn?: number;
  /** Updates from one measurement to the next. Default: at the end only. */
  every?: number;
}

/** A network trained from a key: start and order of images depend on it alone, so that methods can be compared. */
export type Trainer = (key: Key) => Run;

/** Compiles once; train from as many keys as wanted. */
export function trainer(task: Task, optimizer: Trained, options: TrainingOptions = {}): Trainer {
  const { burnIn = 0, every = task.updates } = options;
  const objective = objectiveOf(task);
  const step = compiledStep(optimizer, objective);
  const { init, observe } = startOf(task, optimizer);
  const lossOf = wholeLoss(task);
  return (key) => {
    const batches = batchesOf(task, random.foldIn(key, "batches"));
    let theta = initNetwork(random.foldIn(key, "weights"), task.sizes);
    let state = init(theta, batches[0]!, random.foldIn(key, "first"));
    if (observe !== undefined) {
      const seen = batchesOf({ ...task, updates: burnIn }, random.foldIn(key, "burn-in"));
      seen.forEach((batch, i) => {
        state = observe(theta, state, batch, random.foldIn(random.foldIn(key, "observe"), i));
      });
    }
    const run: Run = { losses: [lossOf(theta)], updates: [0], times: [0], finalLoss: 0 };
    const steps = random.foldIn(key, "steps");
    // Compiling is no part of training: the first two steps have what later ones have.
    let ahead = { theta, state };
    for (const batch of batches.slice(0, 2)) ahead = step(ahead.theta, ahead.state, batch, steps);
    let elapsed = 0;
    batches.forEach((batch, i) => {
      const start = performance.now();
      ({ theta, state } = step(theta, state, batch, random.foldIn(steps, i)));
      elapsed += performance.now() - start;
      if ((i + 1) % every !== 0 && i + 1 < task.updates) return;
      run.losses.push(lossOf(theta));
      run.updates.push(i + 1);
      run.times.push(elapsed);
    });
    return { ...run, finalLoss: run.losses.at(-1)! };
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

/** What the directions of K-FAC and of FOOF with K-FAC's λ_A are at the points of one trajectory of K-FAC. */
export interface Comparison {
  /** Cosine of the two, in the inner product of FOOF; by step. */
  cosines: number[];
  /** Part of the loss of the batch that K-FAC's step takes away. */
  kfac: number[];
  /** The same for FOOF's step, scaled in each layer to the norm of K-FAC's. */
  foof: number[];
}

/** A trajectory of K-FAC, and both directions at each of its points. */
export function compareDirections(
  task: Task,
  options: KfacSimpleOptions & { learningRate: number },
  key: Key,
): Comparison {
  const kfac = kfacSimple(options);
  const objective = objectiveOf(task);
  // Both measure the same factors, and differ in the direction that they take with them.
  const foof = kfacSimple({ ...options, dampingMode: "heuristic", dropE: true, matchNorm: "kfac" });
  const [kfacStep, foofStep] = [compiledStep(kfac, objective), compiledStep(foof, objective)];
  const start = compiled("start", (theta: Network, batch: Batch, firstKey: Key) => {
    const at = objective(batch);
    return [kfac.init(theta, at, firstKey), foof.init(theta, at, firstKey)] as const;
  });
  const measure = compiled("measure", (theta: Network, steps: Steps, factors: Tensor[], batch: Batch) => {
    const { loss } = objective(batch);
    const moves = (to: Network) => theta.map((weights, i) => weights.sub(to[i]!));
    return {
      cosine: updateCosine(factors, moves(steps.kfac), moves(steps.foof)),
      kfac: relativeDecrease(loss, theta, steps.kfac),
      foof: relativeDecrease(loss, theta, steps.foof),
    };
  });
  const batches = batchesOf(task, random.foldIn(key, "batches"));
  const keys = random.foldIn(key, "steps");
  let theta = initNetwork(random.foldIn(key, "weights"), task.sizes);
  let [kfacState, foofState] = start(theta, batches[0]!, random.foldIn(key, "first"));
  const found: Comparison = { cosines: [], kfac: [], foof: [] };
  batches.forEach((batch, i) => {
    const by = kfacStep(theta, kfacState, batch, random.foldIn(keys, i));
    const other = foofStep(theta, foofState, batch, random.foldIn(keys, i));
    const factors = by.state.layers.map(({ inputs }) => factorMean(inputs));
    const measured = measure(theta, { kfac: by.theta, foof: other.theta }, factors, batch);
    [theta, kfacState, foofState] = [by.theta, by.state, other.state];
    found.cosines.push(measured.cosine.item());
    found.kfac.push(measured.kfac.item());
    found.foof.push(measured.foof.item());
  });
  return found;
}

interface Steps {
  kfac: Network;
  foof: Network;
}
