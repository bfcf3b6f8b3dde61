/** Training runs of a network on MNIST by workers that compress or skip what they send, all seeds of a run at once. */
import {
  type Compressor,
  type Key,
  type LabelledData,
  type Layer,
  type ObjectiveOptimizer,
  type ShardedObjective,
  type Tensor,
  type Tree,
  applyMlp,
  categoricalLogits,
  compiled,
  createCompressor,
  crossEntropy,
  dataParallel,
  defineProblem,
  initMlp,
  localSgd,
  networkObjective,
  np,
  random,
  sgd,
  shardedObjective,
  unroll,
  vmap,
} from "unspool";

export interface StudySettings {
  data: LabelledData;
  hidden: readonly number[];
  workers: number;
  /** Examples of each worker in a step. */
  batchSize: number;
  learningRate: number;
  steps: number;
  seeds: number;
}

/** What workers send: a compressor, alone or with error feedback, and its learning rate over that of the others. */
export interface Scheme {
  name: string;
  label: string;
  compressor: Compressor;
  hasFeedback: boolean;
  rateFactor: number;
}

export interface TrainedRun {
  label: string;
  /** Mean over seeds of the loss on the batch of each step, before it. */
  curve: number[];
  /** On all training images after the last step, one per seed. */
  finalLosses: number[];
  /** Sent by one worker in a step, mean over steps and seeds. */
  bytesPerStep: number;
}

interface SchemeOptions extends Record<string, unknown> {
  rateFactor?: number;
}

/**
 * By name of the compressor. Steps of one size (majority vote) need a rate of their own, and a momentum of 0.9 makes
 * steps ten times as long.
 */
const alone: Readonly<Record<string, SchemeOptions>> = {
  noCompression: {},
  topK: { fraction: 0.01 },
  scaledSign: {},
  powerSgd: { rank: 2 },
  oneBit: {},
  randomK: { fraction: 0.1 },
  aboveThreshold: { threshold: 0.02 },
  qsgd: { levels: 4 },
  ternGrad: {},
  naturalCompression: {},
  majorityVote: { rateFactor: 0.005 },
  deepGradientCompression: { fraction: 0.01, warmupStageSteps: 20, rateFactor: 0.2 },
};

/** With error feedback, for those that are biased; what is left out must not be sent larger than it is. */
const withFeedback: Readonly<Record<string, SchemeOptions>> = {
  topK: { fraction: 0.01 },
  scaledSign: {},
  powerSgd: { rank: 2 },
  oneBit: {},
  randomK: { fraction: 0.1, isScaled: false },
  aboveThreshold: { threshold: 0.004 },
};

export const schemeNames: readonly string[] = Object.keys(alone);

/** The schemes of these compressors. */
export function schemesOf(names: readonly string[]): Scheme[] {
  const make = (
    name: string,
    { rateFactor = 1, ...options }: SchemeOptions,
    hasFeedback: boolean,
  ): Scheme => ({
    name,
    label: hasFeedback ? `${name}, error feedback` : name,
    compressor: createCompressor({ name, ...options, errorFeedback: hasFeedback }),
    hasFeedback,
    rateFactor,
  });
  return names.flatMap((name) => [
    ...(name in withFeedback ? [make(name, withFeedback[name]!, true)] : []),
    make(name, alone[name]!, false),
  ]);
}

/** The loss of the network on the batch of a step, in parts. */
export function objectiveOf(workers: number): (batch: LabelledData) => ShardedObjective<Layer[]> {
  return (batch) =>
    shardedObjective({
      batch: { ...batch },
      workers,
      objective: ({ inputs, labels }: LabelledData) =>
        networkObjective({ network: applyMlp, likelihood: categoricalLogits, inputs, targets: labels }),
    });
}

/** `size` examples, drawn with replacement. */
export function drawBatch({ inputs, labels }: LabelledData, key: Key, size: number): LabelledData {
  const picks = random.randint(key, [size], 0, labels.shape[0]!);
  return { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) };
}

export function networkOf(key: Key, { data, hidden }: Pick<StudySettings, "data" | "hidden">): Layer[] {
  return initMlp(key, [data.inputs.shape[1]!, ...hidden, 10]);
}

export function runScheme(scheme: Scheme, settings: StudySettings, key: Key): TrainedRun {
  const { workers, learningRate } = settings;
  const optimizer = dataParallel({
    workers,
    optimizer: sgd({ learningRate: learningRate * scheme.rateFactor }),
    compressor: scheme.compressor,
  });
  return trainedRun(scheme.label, optimizer, settings, key);
}

export function runLocal(localSteps: number, settings: StudySettings, key: Key): TrainedRun {
  const { workers, learningRate } = settings;
  const optimizer = localSgd({ workers, localSteps, optimizer: sgd({ learningRate }) });
  return trainedRun(`H = ${localSteps}`, optimizer, settings, key);
}

interface State {
  layers: Layer[];
  optimizer: Tree;
  bytes: Tensor;
}

/** All seeds side by side as particles of one program. */
function trainedRun(
  label: string,
  optimizer: ObjectiveOptimizer,
  settings: StudySettings,
  key: Key,
): TrainedRun {
  const { data, workers, batchSize, steps, seeds } = settings;
  const objective = objectiveOf(workers);
  // The state of an optimizer is any tree: its type would send the compiler in circles.
  const problem = defineProblem<Tensor, object, LabelledData>({
    name: label,
    horizon: steps,
    init(_theta, seed): object {
      const layers = networkOf(random.foldIn(seed, "layers"), settings);
      const first = objective(drawBatch(data, seed, workers));
      return { layers, optimizer: optimizer.init(layers, first, seed), bytes: np.zeros([]) };
    },
    data: (seed) => drawBatch(data, seed, workers * batchSize),
    step(_theta, given, { key: own, batch }) {
      const state = given as State;
      const next = optimizer.step(state.layers, state.optimizer, objective(batch), { key: own });
      const bytes = state.bytes.add(next.metrics["bytesSent"]!.astype("float32"));
      return { state: { layers: next.theta, optimizer: next.state, bytes }, loss: next.loss };
    },
  });
  const { losses, state } = unroll(problem, np.zeros([]), { key, particles: seeds });
  const { layers, bytes } = state as State;
  const measure = compiled(
    "measure",
    vmap((each: Layer[]) => crossEntropy(each, data)),
  );
  return {
    label,
    curve: [...losses.mean(1).data],
    finalLosses: [...measure(layers).data],
    bytesPerStep: bytes.mean().item() / steps,
  };
}
