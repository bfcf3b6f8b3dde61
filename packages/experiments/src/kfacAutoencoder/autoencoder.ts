/** A deep autoencoder of MNIST, the problem of K-FAC's paper at CPU size, and its training by any optimizer. */
import {
  type Key,
  type Layers,
  type Objective,
  type ObjectiveOptimizer,
  type Schedule,
  type Tensor,
  bernoulliLogits,
  compiled,
  compiledStep,
  firstOrder,
  nesterov,
  networkObjective,
  nn,
  np,
  plainLayers,
  random,
} from "unspool";
import { loadMnist, pixelMean, pixelStd } from "../shared/data/mnist.ts";

export interface AutoencoderTheta {
  layers: { weights: Tensor; bias: Tensor }[];
}

export interface Images {
  /** [images, pixels] in [0, 1]. */
  pixels: Tensor;
}

/** The first `count` training images of MNIST, blocks of 2 by 2 averaged: 196 pixels. */
export function autoencoderImages(count: number): Images {
  const { inputs } = loadMnist(2).train;
  const pixels = inputs.slice([0, count]).mul(pixelStd).add(pixelMean);
  return { pixels: np.clip(pixels, 0, 1) };
}

/** Glorot-uniform weights and zero biases for layers of these sizes. */
export function autoencoderTheta(sizes: readonly number[], key: Key): AutoencoderTheta {
  const layers = sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const uniform = random.uniform(random.foldIn(key, i), [inputs, outputs]);
    return { weights: uniform.mul(2 * limit).sub(limit), bias: np.zeros([outputs]) };
  });
  return { layers };
}

/** Logits of pixels: tanh between layers, but neither at the code in the middle nor at the end. */
export function autoencoder({ layers: theta }: AutoencoderTheta, pixels: Tensor, layers: Layers): Tensor {
  const linear = [theta.length / 2 - 1, theta.length - 1];
  return theta.reduce((h, layer, i) => {
    const s = layers.dense(layer, h);
    return linear.includes(i) ? s : np.tanh(s);
  }, pixels);
}

/** Cross-entropy summed over pixels, mean over images. */
export function autoencoderObjective({ pixels }: Images): Objective<AutoencoderTheta> {
  return networkObjective({
    network: autoencoder,
    likelihood: bernoulliLogits,
    inputs: pixels,
    targets: pixels,
  });
}

/** Nesterov momentum as the paper's baseline has it: 1 - 1/(2n) in the n-th 250 steps, at most `most`. */
export function baseline(learningRate: number, most = 0.99): ObjectiveOptimizer {
  const momentum: Schedule = (step, dtype = "float32") => {
    const n = np.floor(step.astype(dtype).div(250)).add(1);
    return np.minimum(np.reciprocal(n.mul(2)).neg().add(1), most);
  };
  return firstOrder(nesterov({ learningRate, momentum })) as ObjectiveOptimizer;
}

/** Squared error summed over pixels, mean over images: what the paper reports. */
export function reconstructionError({ pixels }: Images): (theta: AutoencoderTheta) => number {
  const error = compiled("reconstructionError", (theta: AutoencoderTheta, of: Tensor) => {
    const miss = nn.sigmoid(autoencoder(theta, of, plainLayers)).sub(of);
    return miss.mul(miss).sum(-1).mean();
  });
  return (theta) => error(theta, pixels).item();
}

export interface TrainingCurve {
  /** Steps after which the error was measured, from 0. */
  measured: number[];
  errors: number[];
  /** At every step. */
  losses: number[];
  /** Seconds until each step is done, from 0: a step counts with the median of those that did the same work, so compiling does not count. */
  seconds: number[];
  theta: AutoencoderTheta;
}

export interface TrainingOptions {
  start: AutoencoderTheta;
  steps: number;
  key: Key;
  /** Steps between measurements of the error, but the first are all measured. Default 1. */
  measureEvery?: number;
  /** Images in each step, drawn anew. Default: all. */
  batchSize?: number;
}

/** Training, compiled on the first run. Errors are those on all images. */
export function autoencoderTraining(
  optimizer: ObjectiveOptimizer,
  images: Images,
): (options: TrainingOptions) => TrainingCurve {
  const error = reconstructionError(images);
  const step = compiledStep(optimizer, autoencoderObjective);
  return ({ start, steps, key, measureEvery = 1, batchSize }) => {
    let theta = start;
    let state = optimizer.init(theta, autoencoderObjective(images), key);
    const curve: TrainingCurve = { measured: [0], errors: [error(theta)], losses: [], seconds: [0], theta };
    const kinds: string[] = [];
    const times: number[] = [];
    for (let i = 0; i < steps; i++) {
      const ownKey = random.foldIn(key, i);
      const batch = batchSize === undefined ? images : drawImages(images, ownKey, batchSize);
      const from = performance.now();
      const outcome = step(theta, state, batch, ownKey);
      curve.losses.push(outcome.loss.item());
      times.push((performance.now() - from) / 1000);
      kinds.push(JSON.stringify(optimizer.phaseAt?.(i) ?? null));
      ({ theta, state } = outcome);
      const done = i + 1;
      if (done <= Math.min(measureEvery, 10) || done % measureEvery === 0 || done === steps) {
        curve.measured.push(done);
        curve.errors.push(error(optimizer.evaluationTheta?.(state, theta) ?? theta));
      }
    }
    const typical = new Map(kinds.map((kind) => [kind, median(times.filter((_, i) => kinds[i] === kind))]));
    for (const kind of kinds) curve.seconds.push(curve.seconds.at(-1)! + typical.get(kind)!);
    return { ...curve, theta };
  };
}

function drawImages({ pixels }: Images, key: Key, count: number): Images {
  const order = random.permutation(random.foldIn(key, "images"), pixels.shape[0]!) as Tensor;
  return { pixels: np.take(pixels, order.slice([0, count]), 0) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length % 2 === 1
    ? sorted[sorted.length >> 1]!
    : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
}
