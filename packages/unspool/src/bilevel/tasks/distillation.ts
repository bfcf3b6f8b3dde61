/**
 * Dataset distillation: a few images, learned so that a network trained on them alone does well on many.
 *
 *     outer parameters  images [n, features] (and labels [n, classes], as logits);    weights  a network
 *     inner  cross-entropy on the learned images;      outer  cross-entropy on batches of the data
 *
 * Wang, Zhu, Torralba and Efros 2018; Vicol et al. 2022, section 5. Softmax losses of networks that fit all images have no
 * response left: label smoothing keeps one.
 */
import { type Key, type Tensor, nn, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import { type Layer, applyMlp, fanInNormal, heNormal, initMlp } from "../../networks/index.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";

/** Inputs [n, features] and labels [n] (int32). */
export interface Examples {
  inputs: Tensor;
  labels: Tensor;
}

export interface DistillationOptions {
  /** The data that the images stand for. */
  data: Examples;
  /** Labels are below this. */
  classes: number;
  /** Learned images; their labels are 0, 1, … in turn. Default one of each class. */
  images?: number;
  /** Whether labels are learned as well. Default false. */
  learnLabels?: boolean;
  /** Units of the hidden layers. Default [64]. */
  hidden?: readonly number[];
  /** Examples of an outer step. Default 128. */
  batchSize?: number;
  /** Standard deviation of the images to start from. Default 0.5. */
  deviation?: number;
  /** Share of every label that goes to all classes alike. Default 0. */
  smoothing?: number;
}

export interface Distilled {
  /** [n, features] */
  images: Tensor;
  /** [n, classes], where they are learned. */
  logits?: Tensor;
}

export interface Distillation extends BilevelProblem<Distilled, Layer[], Examples> {
  start(key: Key): Layer[];
  /** Images and weights to start from. */
  theta(key: Key): { outer: Distilled; weights: Layer[] };
  /** Share of examples that are classified right. */
  accuracy(weights: Layer[], examples: Examples): Tensor;
}

/** The problem of an MLP with ReLU: weights of He's variance, 1 / inputs in the last layer. */
export function distillation(options: DistillationOptions): Distillation {
  const where = "distillation";
  requireKnownOptions(where, options, [
    "data",
    "classes",
    "images",
    "learnLabels",
    "hidden",
    "batchSize",
    "deviation",
    "smoothing",
  ]);
  const { data, classes, learnLabels = false, hidden = [64] } = options;
  const { images = classes, batchSize = 128, deviation = 0.5, smoothing = 0 } = options;
  requireInteger(where, "classes", classes, 2);
  requireInteger(where, "images", images, 1);
  requireInteger(where, "batchSize", batchSize, 1);
  requirePositive(where, "deviation", deviation);
  if (typeof smoothing !== "number" || !(smoothing >= 0 && smoothing < 1)) {
    throw new OptionError(where, "smoothing", smoothing, "at least 0 and below 1");
  }
  const [count, features] = data.inputs.shape as [number, number];
  const sizes = [features, ...hidden, classes];
  const turn = Int32Array.from({ length: images }, (_, i) => i % classes);
  const fixed = nn.oneHot(np.array(turn), classes);
  const targetsOf = ({ logits }: Distilled): Tensor => {
    const sharp = logits === undefined ? fixed : nn.softmax(logits);
    return smoothing === 0 ? sharp : sharp.mul(1 - smoothing).add(smoothing / classes);
  };
  const crossEntropy = (outputs: Tensor, targets: Tensor): Tensor =>
    nn.logSoftmax(outputs).mul(targets).sum(-1).mean().neg();
  const last = sizes.length - 2;
  return {
    name: where,
    inner: (outer, weights) => crossEntropy(applyMlp(weights, outer.images), targetsOf(outer)),
    outer: (_, weights, batch) =>
      crossEntropy(applyMlp(weights, batch.inputs), nn.oneHot(batch.labels, classes)),
    start(key) {
      const layers = initMlp(key, sizes, { weights: heNormal });
      const ends = initMlp(key, sizes, { weights: fanInNormal });
      return layers.map((layer, i) => (i === last ? ends[i]! : layer));
    },
    data(key, level) {
      // The inner loss reads learned images only.
      if (level === "inner")
        return { inputs: np.zeros([1, features]), labels: np.zeros([1], { dtype: "int32" }) };
      const rows = random.randint(key, [batchSize], 0, count);
      return { inputs: np.take(data.inputs, rows, 0), labels: np.take(data.labels, rows, 0) };
    },
    theta(key) {
      const drawn = random.normal(random.foldIn(key, "images"), [images, features]).mul(deviation);
      return {
        outer: learnLabels ? { images: drawn, logits: fixed.mul(labelLogit) } : { images: drawn },
        weights: this.start(random.foldIn(key, "weights")),
      };
    },
    accuracy: (weights, { inputs, labels }) =>
      np.argmax(applyMlp(weights, inputs), 1).equal(labels).astype("float32").mean(),
  };
}

/** Learned labels start at a probability of about 0.95 of ten classes. */
const labelLogit = 5;
