/**
 * A network that weighs training examples by their loss, so that wrong labels do not count: trained by what the weighted
 * training does on a few clean examples.
 *
 *     f = Σ_i ω_i ℓ_i(w) / n,   ω_i = 2 sigmoid(V(ℓ_i)),   V a network of one hidden layer;      F = mean ℓ on clean examples
 *
 * The loss that V looks at has no derivative. Data are drawn: two classes of points, a share of the training labels
 * turned over. Shu, Xie, Yi, Zhao, Zhou, Xu and Meng 2019 (Meta-Weight-Net).
 */
import { type Key, type Tensor, lax, nn, np, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Layer, applyMlp, initMlp } from "../../networks/index.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";

export interface DataWeightingOptions {
  /** Training examples. Default 400. */
  examples?: number;
  /** Clean examples of the outer loss. Default 40. */
  clean?: number;
  /** Share of training labels that are turned over, below 1. Default 0.4. */
  flipped?: number;
  /** Inputs. Default 10. */
  features?: number;
  /** Hidden units of the model. Default 32. */
  hidden?: number;
  /** Hidden units of the network that weighs. Default 16. */
  weighing?: number;
  /** Of the data. Default 0. */
  seed?: number;
}

export interface DataWeighting extends BilevelProblem<Layer[], Layer[]> {
  start(key: Key): Layer[];
  theta(key: Key): { outer: Layer[]; weights: Layer[] };
  /** ω of every training example, [examples]. */
  exampleWeights(outer: Layer[], weights: Layer[]): Tensor;
  /** 1 where a training label was turned over, [examples]. */
  isFlipped: Tensor;
  /** Share of 2,000 clean test examples that are classified right. */
  accuracy(weights: Layer[]): Tensor;
}

/** The problem: with ω = 1 everywhere a model of this size learns many of the wrong labels by heart. */
export function dataWeighting(options: DataWeightingOptions = {}): DataWeighting {
  const where = "dataWeighting";
  requireKnownOptions(where, options, [
    "examples",
    "clean",
    "flipped",
    "features",
    "hidden",
    "weighing",
    "seed",
  ]);
  const {
    examples = 400,
    clean = 40,
    flipped = 0.4,
    features = 10,
    hidden = 32,
    weighing = 16,
    seed = 0,
  } = options;
  for (const [name, value] of Object.entries({ examples, clean, features, hidden, weighing })) {
    requireInteger(where, name, value, 1);
  }
  if (typeof flipped !== "number" || !(flipped >= 0 && flipped < 1)) {
    throw new OptionError(where, "flipped", flipped, "at least 0 and below 1");
  }
  const key = random.key(seed);
  const direction = random.normal(random.foldIn(key, "direction"), [features]);
  const part = (name: string, count: number) => {
    const x = random.normal(random.foldIn(key, name), [count, features]);
    // The classes lie on two sides of a plane, with no margin.
    return { x, y: np.matmul(x, direction).greater(0).astype("float32") };
  };
  const [train, outer, test] = [part("train", examples), part("clean", clean), part("test", 2000)];
  const isFlipped = random.uniform(random.foldIn(key, "flips"), [examples]).less(flipped).astype("float32");
  const labels = train.y.add(isFlipped).sub(train.y.mul(isFlipped).mul(2));
  const logits = (w: Layer[], x: Tensor): Tensor => applyMlp(w, x).reshape([-1]);
  const lossOf = (w: Layer[], x: Tensor, y: Tensor): Tensor => {
    const z = logits(w, x);
    return nn.softplus(z).sub(z.mul(y));
  };
  const weigh = (v: Layer[], losses: Tensor): Tensor => {
    const seen = lax.stopGradient(losses) as Tensor;
    return nn.sigmoid(applyMlp(v, seen.reshape([-1, 1])).reshape([-1])).mul(2);
  };
  const start = (own: Key): Layer[] => initMlp(own, [features, hidden, 1]);
  return {
    name: where,
    isFlipped,
    start,
    inner(v, w) {
      const losses = lossOf(w, train.x, labels);
      return weigh(v, losses).mul(losses).mean();
    },
    outer: (_, w) => lossOf(w, outer.x, outer.y).mean(),
    theta(own) {
      const v = initMlp(random.foldIn(own, "weighing"), [1, weighing, 1]);
      // ω = 1 everywhere: the last layer starts at 0.
      const outerStart = v.map((layer, i) => (i === 1 ? tree.zerosLike(layer) : layer));
      return { outer: outerStart, weights: start(random.foldIn(own, "weights")) };
    },
    exampleWeights: (v, w) => weigh(v, lossOf(w, train.x, labels)),
    accuracy: (w) => logits(w, test.x).greater(0).astype("float32").equal(test.y).astype("float32").mean(),
  };
}
