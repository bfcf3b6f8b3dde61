/**
 * Kinds of tasks that are not in the pool: other data (spirals, test images in other sizes, other text), other losses and
 * other layers. Learned optimizers are judged on them.
 */
import {
  type Key,
  type Layer,
  type TaskFamily,
  type Tensor,
  applyMlp,
  autoencoding,
  classification,
  imageClassification,
  initMlp,
  markovText,
  networks,
  np,
  quadratics,
  random,
  recurrentLanguageModel,
  residualClassification,
  singleTask,
  transformerLanguageModel,
  visionTransformer,
} from "unspool";
import { drawSpirals } from "../deepEquilibrium/spirals.ts";
import { loadMnist } from "../shared/data/mnist.ts";
import { type JudgedTask, rescaled } from "./judgedTask.ts";
import { inputsAs } from "./poolFamilies.ts";

export const heldOutTasks: readonly JudgedTask[] = [
  {
    ...named("spirals", "two spirals, tanh network 2-32-32-2", 500, Math.log(2)),
    family: () =>
      classification({
        data: drawSpirals(random.key(1), 1000, 0.02),
        ...{ classes: 2, hidden: [32, 32], activation: "tanh", batchSize: 64 },
      }) as TaskFamily,
  },
  {
    ...named("autoencoder", "autoencoder 196-64-16-64-196, pixels from 0 to 1", 200, 0.1),
    family: () =>
      autoencoding({
        inputs: inputsAs(loadMnist(2).test.inputs, "unit"),
        hidden: [64, 16, 64],
        batchSize: 32,
      }) as TaskFamily,
  },
  {
    ...named("convolution", "convolutions of 8 and 16 channels, 14x14 images", 200, Math.log(10)),
    family: () =>
      imageClassification({ data: loadMnist(2).test, classes: 10, channels: [8, 16] }) as TaskFamily,
  },
  {
    ...named("residual", "residual network of 2 blocks, 4 channels, 7x7 images", 200, Math.log(10)),
    family: () => residualClassification({ data: loadMnist(4).test, classes: 10, channels: 4 }) as TaskFamily,
  },
  {
    ...named("gru", "characters by a GRU of 24 units", 300, Math.log(27)),
    family: () =>
      recurrentLanguageModel({ ...text(), length: 16, embedding: 8, units: 24, batchSize: 8 }) as TaskFamily,
  },
  {
    ...named("lstm", "characters by an LSTM of 24 units", 300, Math.log(27)),
    family: () =>
      recurrentLanguageModel({
        ...text(),
        ...{ length: 16, embedding: 8, units: 24, batchSize: 8, cell: "lstm" },
      }) as TaskFamily,
  },
  {
    ...named("transformer", "characters by a transformer of 16 features", 300, Math.log(27)),
    family: () =>
      transformerLanguageModel({ ...text(), length: 16, features: 16, batchSize: 8 }) as TaskFamily,
  },
  {
    ...named("vision-transformer", "vision transformer of 16 features, 14x14 images", 200, Math.log(10)),
    family: () =>
      visionTransformer({ data: loadMnist(2).test, classes: 10, patch: 7, features: 16 }) as TaskFamily,
  },
  {
    ...named("quadratics", "quadratic bowls of 10 dimensions", 300, 100),
    family: () => rescaled(quadratics({ dimensions: 10 }) as TaskFamily, 1, 1e4),
  },
  {
    ...named("scaled-regression", "regression 5-32-32-1, loss times 1e-4", 500, 1e-4),
    family: () => rescaled(friedman([32, 32], 32), 1e-4),
  },
  {
    ...named("raw-pixels", "784-64-10, pixels from 0 to 1", 200, Math.log(10)),
    family() {
      const { test } = loadMnist(1);
      const data = { ...test, inputs: inputsAs(test.inputs, "unit") };
      return classification({ data, classes: 10, hidden: [64], batchSize: 64 }) as TaskFamily;
    },
  },
  {
    ...named("factorisation", "a 40x40 matrix of rank 4 as a product", 300, 1),
    family: () => factorisation(40, 4),
  },
];

function named(
  name: string,
  words: string,
  horizon: number,
  unit: number,
): Pick<JudgedTask, "name" | "words" | "horizon" | "unit"> {
  return { name, words, horizon, unit };
}

const text = (): { text: Int32Array } => ({
  text: markovText({ length: 20_000, structure: 1.5, key: random.key(5) }).text,
});

/** Friedman's first function of five inputs in [0, 1] (Annals of Statistics 1991), to mean 0 and deviation 1, about. */
function friedman(hidden: readonly number[], batchSize: number): TaskFamily {
  const column = (x: Tensor, i: number): Tensor => x.slice([], i);
  const wanted = (x: Tensor): Tensor =>
    np
      .sin(column(x, 0).mul(column(x, 1)).mul(Math.PI))
      .mul(10)
      .add(np.square(column(x, 2).sub(0.5)).mul(20))
      .add(column(x, 3).mul(10))
      .add(column(x, 4).mul(5))
      .sub(14.4)
      .div(4.9);
  return singleTask({
    name: `friedman ${[5, ...hidden, 1].join("-")}`,
    init: (key) => initMlp(key, [5, ...hidden, 1], { weights: networks.fanInNormal }),
    data: (key) => random.uniform(key, [batchSize, 5]),
    loss(layers: Layer[], batch: Tensor) {
      const inputs = batch.astype(layers[0]!.weights.dtype);
      return np.square(applyMlp(layers, inputs).reshape([batchSize]).sub(wanted(inputs))).mean();
    },
    ceiling: 10,
  }) as TaskFamily;
}

/** Mean square of A B' - U V' for random A and B of unit entries, drawn for each run, at U and V of N(0, 1/4). */
function factorisation(side: number, rank: number): TaskFamily {
  type Factors = { left: Tensor; right: Tensor };
  const draw = (key: Key, sigma: number): Factors => ({
    left: random.normal(random.foldIn(key, "left"), [side, rank]).mul(sigma),
    right: random.normal(random.foldIn(key, "right"), [side, rank]).mul(sigma),
  });
  const product = ({ left, right }: Factors): Tensor => np.matmul(left, np.transpose(right));
  const family: TaskFamily<Factors, Factors, undefined> = {
    name: `factorisation ${side} ${rank}`,
    sample: (key) => draw(key, 1 / Math.sqrt(Math.sqrt(rank))),
    init: (_wanted, key) => draw(key, 0.25),
    loss: (wanted, at) => np.square(product(at).sub(product(wanted))).mean(),
    ceiling: 10,
  };
  return family as TaskFamily;
}
