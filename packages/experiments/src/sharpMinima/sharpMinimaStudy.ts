/** Networks trained with batches of several sizes and with SAM, and how sharp the minima are that they end in. */
import {
  type Key,
  type LabelledData,
  type Layer,
  type Objective,
  type Tensor,
  applyMlp,
  categoricalLogits,
  compiled,
  crossEntropy,
  defineProblem,
  epsSharpness,
  errorRate,
  initMlp,
  minibatch,
  networkObjective,
  np,
  random,
  sam,
  sgd,
  sharpness,
  tree,
  unroll,
} from "unspool";
import { grid, mean } from "../shared/series.ts";

export interface TrainingSettings {
  hidden: readonly number[];
  learningRate: number;
  /** Updates of each network. */
  steps: number;
}

export interface StudySettings extends TrainingSettings {
  batchSizes: readonly number[];
  /** Radii of SAM, at the smallest batch. */
  rhos: readonly number[];
  /** Networks per setting. */
  seeds: number;
}

export interface Minimum {
  batchSize: number;
  /** 0: without SAM. */
  rho: number;
  seed: number;
  layers: Layer[];
  /** Largest eigenvalue of the Hessian of the training loss. */
  lambda: number;
  trace: number;
  /** Keskar's measure, in percent. */
  epsSharpness: number;
  trainingLoss: number;
  testAccuracy: number;
}

export interface LinePoint {
  /** 0: small batches, 1: large ones. */
  position: number;
  trainingLoss: number;
  testLoss: number;
  trainingAccuracy: number;
  testAccuracy: number;
}

type Data = { train: LabelledData; test: LabelledData };
/** Radius of SAM. */
type Theta = { rho: Tensor };

/** The first `count` examples. */
export function firstOf({ inputs, labels }: LabelledData, count: number): LabelledData {
  return { inputs: inputs.slice([0, count]), labels: labels.slice([0, count]) };
}

/** The objective on labelled data. */
export function objectiveOn({ inputs, labels }: LabelledData): Objective<Layer[]> {
  return networkObjective({
    network: (layers: Layer[], x: Tensor, on) => applyMlp(layers, x, on),
    likelihood: categoricalLogits,
    inputs,
    targets: labels,
  });
}

export const classes = 10;

/** Networks [runs, …] at the end of their training: one for each radius; 0 is SGD. The seed fixes start and batches. */
export function trainNetworks(
  train: LabelledData,
  settings: TrainingSettings & { batchSize: number },
  rhos: readonly number[],
  key: Key,
): Layer[] {
  const { hidden, learningRate, steps, batchSize } = settings;
  const sizes = [train.inputs.shape[1]!, ...hidden, classes];
  const isPlain = rhos.every((rho) => rho === 0);
  const problem = defineProblem({
    name: "sharpMinima",
    horizon: steps,
    init: (_theta: Theta, trajectory) => ({ layers: initMlp(trajectory, sizes) }),
    data: (draw: Key) => minibatch(train, draw, batchSize),
    step({ rho }: Theta, { layers }, { batch }) {
      const optimizer = sam(sgd({ learningRate }), { rho: isPlain ? 0 : rho });
      const network = layers as Layer[];
      const start = optimizer.init(network, objectiveOn(batch), random.key(0));
      const { theta, loss } = optimizer.step(network, start, objectiveOn(batch), { key: random.key(0) });
      return { state: { layers: theta }, loss };
    },
  });
  const theta = { rho: np.array([...rhos], { dtype: "float32" }) };
  const { state } = unroll(problem, theta, {
    key,
    particles: rhos.length,
    isThetaBatched: true,
    isCommon: true,
  });
  return (state as { layers: Layer[] }).layers;
}

/** Minima of all batch sizes without SAM, and of all radii at the smallest batch. */
export function minimaOf(data: Data, settings: StudySettings, key: Key): Minimum[] {
  const measure = measures(data);
  const { batchSizes, rhos, seeds } = settings;
  const small = Math.min(...batchSizes);
  return Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) => {
    const trajectory = random.foldIn(key, seed);
    return batchSizes.flatMap((batchSize) => {
      const radii = batchSize === small ? [...new Set([0, ...rhos])] : [0];
      const networks = trainNetworks(data.train, { ...settings, batchSize }, radii, trajectory);
      return radii.map((rho, i): Minimum => {
        const layers = tree.map((x) => x.slice(i), networks);
        return { batchSize, rho, seed, layers, ...measure(layers, random.foldIn(trajectory, "probes")) };
      });
    });
  });
}

type Measured = Pick<Minimum, "lambda" | "trace" | "epsSharpness" | "trainingLoss" | "testAccuracy">;

/** Measures one network. */
export function measures({ train, test }: Data): (layers: Layer[], key: Key) => Measured {
  const loss = (layers: Layer[]): Tensor => crossEntropy(layers, train);
  const hessian = sharpness(loss, { probes: 4, tolerance: 5e-3, iterations: 100 });
  const box = epsSharpness(loss, { steps: 10 });
  const wrong = compiled("wrong", (layers: Layer[]) => errorRate(layers, test));
  return (layers, key) => {
    const { largest, trace } = hessian(layers, key);
    const { sharpness: percent, loss: trainingLoss } = box(layers);
    return {
      lambda: largest,
      trace,
      epsSharpness: percent,
      trainingLoss,
      testAccuracy: 1 - wrong(layers).item(),
    };
  };
}

/** Mean of a measure over seeds. */
export function over(
  minima: readonly Minimum[],
  { batchSize, rho }: Pick<Minimum, "batchSize" | "rho">,
  measure: keyof Measured = "lambda",
): number {
  return mean(
    minima.filter((m) => m.batchSize === batchSize && m.rho === rho).map((minimum) => minimum[measure]),
  );
}

/** Losses and accuracies along the straight line through two networks, from -1 to 2. */
export function lineBetween({ train, test }: Data, small: Layer[], large: Layer[], points = 31): LinePoint[] {
  const at = compiled("line", (from: Layer[], to: Layer[], position: Tensor) => {
    const layers = tree.map((a, b) => a.add(b!.sub(a).mul(position)), from, to);
    return {
      trainingLoss: crossEntropy(layers, train),
      testLoss: crossEntropy(layers, test),
      trainingError: errorRate(layers, train),
      testError: errorRate(layers, test),
    };
  });
  return grid(-1, 2, points).map((position) => {
    const found = at(small, large, np.array(position, { dtype: "float32" }));
    return {
      position,
      trainingLoss: found.trainingLoss.item(),
      testLoss: found.testLoss.item(),
      trainingAccuracy: 1 - found.trainingError.item(),
      testAccuracy: 1 - found.testError.item(),
    };
  });
}
