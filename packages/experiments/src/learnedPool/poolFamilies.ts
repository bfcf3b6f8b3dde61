/**
 * The four kinds of tasks of the pool that a learned optimizer is trained on: images classified by dense layers, two
 * moons, the outputs of a random network (regression), and characters predicted from the three before them (embedding,
 * norm, dense layers). Two more serve to choose between recipes: the fields of a checkerboard, and a linear map that a
 * linear network finds from all data at once.
 */
import {
  type Key,
  type LabelledData,
  type Layer,
  type TaskFamily,
  type Tensor,
  applyMlp,
  classification,
  initMlp,
  markovText,
  moons,
  networks,
  nn,
  np,
  plainLayers,
  random,
  singleTask,
} from "unspool";
import { loadMnist, pixelMean, pixelStd } from "../shared/data/mnist.ts";

export interface DenseShape {
  hidden: readonly number[];
  activation: "relu" | "tanh";
  batchSize: number;
}

export interface ImageShape extends DenseShape {
  /** Pixels averaged per side. */
  pool: 1 | 2 | 4 | 7;
  /** Pixels of mean 0 and deviation 1, from 0 to 1, or ten times the standardised ones plus 5. */
  inputs: "standardised" | "unit" | "shifted";
}

/** The training images of MNIST. */
export function imagesTask({ pool, inputs, ...shape }: ImageShape): TaskFamily {
  const { train } = loadMnist(pool);
  const data: LabelledData = { ...train, inputs: inputsAs(train.inputs, inputs) };
  return classification({ data, classes: 10, ...shape }) as TaskFamily;
}

/** Standardised pixels in another scale. */
export function inputsAs(pixels: Tensor, which: ImageShape["inputs"]): Tensor {
  if (which === "standardised") return pixels;
  return which === "unit" ? pixels.mul(pixelStd).add(pixelMean) : pixels.mul(10).add(5);
}

/** Batches of 1000 points of two half circles. */
export function moonsTask(shape: DenseShape): TaskFamily {
  const { inputs, labels } = moons(1000, 0.1, random.key(7));
  const data = { inputs: inputs.astype("float32"), labels: labels.astype("int32") };
  return classification({ data, classes: 2, ...shape }) as TaskFamily;
}

/** Batches of 1000 points of the unit square, whose 3 by 3 fields are of two classes in turn. */
export function checkersTask(shape: DenseShape): TaskFamily {
  const inputs = random.uniform(random.key(8), [1000, 2]);
  const fields = np.floor(inputs.mul(3)).sum(1);
  const labels = fields.sub(np.floor(fields.div(2)).mul(2)).astype("int32");
  return classification({ data: { inputs, labels }, classes: 2, ...shape }) as TaskFamily;
}

/** Inputs and outputs of the linear map. */
const [mapInputs, mapOutputs] = [8, 4];

/**
 * Mean squared error of a linear network on as many inputs N(0, I) as a batch has, always the same, whose outputs are
 * those of a random map: losses fall to 0 along valleys of products of matrices.
 */
export function mapsTask({ hidden, batchSize }: DenseShape): TaskFamily {
  type Data = { inputs: Tensor; outputs: Tensor };
  const family: TaskFamily<Data, Layer[], undefined> = {
    name: `maps ${[mapInputs, ...hidden, mapOutputs].join("-")}`,
    sample(key) {
      const inputs = random.normal(random.foldIn(key, "inputs"), [batchSize, mapInputs]);
      const map = random.normal(random.foldIn(key, "map"), [mapInputs, mapOutputs]);
      return { inputs, outputs: np.matmul(inputs, map).div(Math.sqrt(mapInputs)) };
    },
    init: (_data, key) => initMlp(key, [mapInputs, ...hidden, mapOutputs], { weights: networks.fanInNormal }),
    loss: ({ inputs, outputs }, layers) =>
      np.square(applyMlp(layers, inputs, plainLayers, (x) => x).sub(outputs)).mean(),
    ceiling: 10,
  };
  return family as TaskFamily;
}

/** Inputs of the random network. */
const teacherInputs = 8;

/** Squared error of an output of a random network of 16 tanh units, drawn for each run, at inputs N(0, I). */
export function teacherTask({ hidden, activation, batchSize }: DenseShape): TaskFamily {
  const between = activation === "relu" ? nn.relu : np.tanh;
  const layers = (key: Key, sizes: readonly number[]): Layer[] =>
    initMlp(key, sizes, { weights: networks.fanInNormal });
  const family: TaskFamily<Layer[], Layer[], Tensor> = {
    name: `teacher ${[teacherInputs, ...hidden, 1].join("-")}`,
    sample: (key) => layers(key, [teacherInputs, 16, 1]),
    init: (_teacher, key) => layers(key, [teacherInputs, ...hidden, 1]),
    data: (key) => random.normal(key, [batchSize, teacherInputs]),
    loss(teacher, student, batch) {
      const inputs = batch.astype(student[0]!.weights.dtype);
      const miss = applyMlp(student, inputs, plainLayers, between).sub(
        applyMlp(teacher, inputs.mul(2), plainLayers, np.tanh).mul(2),
      );
      return np.square(miss).mean();
    },
    ceiling: 10,
  };
  return family as TaskFamily;
}

const symbols = 27;
const context = 3;
const features = 8;

type CharacterNetwork = {
  embedding: { table: Tensor };
  norm: networks.LayerNormWeights;
  layers: Layer[];
};

/** Characters of a Markov chain from the three before them. */
export function charactersTask({ hidden, activation, batchSize }: DenseShape): TaskFamily {
  const { text } = markovText({ length: 20_000, key: random.key(11) });
  const characters = np.array(text);
  const places = np.array(Int32Array.from({ length: context + 1 }, (_, i) => i)).reshape([1, -1]);
  const between = activation === "relu" ? nn.relu : np.tanh;
  const width = context * features;
  return singleTask({
    name: `characters ${[width, ...hidden, symbols].join("-")}`,
    init: (key): CharacterNetwork => ({
      embedding: networks.initEmbedding(random.foldIn(key, "embedding"), {
        entries: symbols,
        features,
        sigma: 0.1,
      }),
      norm: networks.initLayerNorm(width),
      layers: initMlp(key, [width, ...hidden, symbols], { weights: networks.fanInNormal }),
    }),
    data: (key) =>
      np.take(characters, random.randint(key, [batchSize, 1], 0, text.length - context).add(places), 0),
    loss({ embedding, norm, layers }: CharacterNetwork, batch: Tensor) {
      const before = plainLayers.embedding(embedding, batch.slice([], [0, context]));
      const seen = networks.layerNorm(norm, before.reshape([-1, width]));
      const logits = applyMlp(layers, seen, plainLayers, between);
      return nn.softmaxCrossEntropy(logits, batch.slice([], context));
    },
    ceiling: 1.5 * Math.log(symbols),
  }) as TaskFamily;
}
