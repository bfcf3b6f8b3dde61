/**
 * A learned augmentation: how training images are changed, chosen by what a classifier trained on the changed ones does on
 * images as they are.
 *
 *     inner  cross-entropy at (s_y · x + m_y, y) over training batches;      outer  cross-entropy at (x, y) over other data
 *
 * Outer parameters are an image m_y [features] and a factor s_y for each class: a small stand-in for the augmentation
 * network of Vicol et al. 2022, section 5.
 */
import { type Key, type Tensor, nn, np, random } from "../../array/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import { type Layer, applyMlp, fanInNormal, heNormal, initMlp } from "../../networks/index.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";
import type { Examples } from "./distillation.ts";

export interface LearnedAugmentationOptions {
  /** What the classifier is trained on, changed. */
  train: Examples;
  /** What the outer loss is of. */
  validation: Examples;
  /** Labels are below this. */
  classes: number;
  /** Units of the hidden layers. Default [64]. */
  hidden?: readonly number[];
  /** Examples of an inner step and of an outer one. Default 128. */
  batchSize?: number;
  /** Standard deviation of the added images to start from. Default 1. */
  deviation?: number;
}

export interface ClassAugmentation {
  /** [classes, features] */
  added: Tensor;
  /** [classes] */
  factors: Tensor;
}

export interface LearnedAugmentation extends BilevelProblem<ClassAugmentation, Layer[], Examples> {
  start(key: Key): Layer[];
  /** Drawn images and factors 1, and weights to start from. */
  theta(key: Key): { outer: ClassAugmentation; weights: Layer[] };
  /** Share of examples, as they are, that are classified right. */
  accuracy(weights: Layer[], examples: Examples): Tensor;
}

/** The problem of an MLP with ReLU, as in `distillation`. */
export function learnedAugmentation(options: LearnedAugmentationOptions): LearnedAugmentation {
  const where = "learnedAugmentation";
  requireKnownOptions(where, options, ["train", "validation", "classes", "hidden", "batchSize", "deviation"]);
  const { train, validation, classes, hidden = [64], batchSize = 128, deviation = 1 } = options;
  requireInteger(where, "classes", classes, 2);
  requireInteger(where, "batchSize", batchSize, 1);
  requirePositive(where, "deviation", deviation);
  const features = train.inputs.shape[1]!;
  const sizes = [features, ...hidden, classes];
  const last = sizes.length - 2;
  return {
    name: where,
    inner({ added, factors }, weights, { inputs, labels }) {
      // By the one-hot matrix, whose derivative is a product too.
      const classOf = nn.oneHot(labels, classes);
      const changed = inputs.mul(np.matmul(classOf, factors.reshape([-1, 1]))).add(np.matmul(classOf, added));
      return nn.softmaxCrossEntropy(applyMlp(weights, changed), labels);
    },
    outer: (_, weights, { inputs, labels }) => nn.softmaxCrossEntropy(applyMlp(weights, inputs), labels),
    start(key) {
      const [layers, ends] = [heNormal, fanInNormal].map((weights) => initMlp(key, sizes, { weights }));
      return layers!.map((layer, i) => (i === last ? ends![i]! : layer));
    },
    data(key, level) {
      const { inputs, labels } = level === "inner" ? train : validation;
      const rows = random.randint(key, [batchSize], 0, labels.shape[0]!);
      return { inputs: np.take(inputs, rows, 0), labels: np.take(labels, rows, 0) };
    },
    theta(key) {
      const added = random.normal(random.foldIn(key, "added"), [classes, features]).mul(deviation);
      return {
        outer: { added, factors: np.ones([classes]) },
        weights: this.start(random.foldIn(key, "weights")),
      };
    },
    accuracy: (weights, { inputs, labels }) =>
      np.argmax(applyMlp(weights, inputs), 1).equal(labels).astype("float32").mean(),
  };
}
