/** A deep autoencoder of MNIST, the problem of K-FAC's paper at CPU size. */
import {
  glorotUniform,
  initMlp,
  type Key,
  type Layers,
  type Objective,
  type ObjectiveOptimizer,
  type Schedule,
  type Tensor,
  bernoulliLogits,
  compiled,
  firstOrder,
  nesterov,
  networkObjective,
  nn,
  np,
  plainLayers,
} from "unspool";
import { mnistPart, pixelMean, pixelStd } from "../shared/data/mnist.ts";

export interface AutoencoderTheta {
  layers: { weights: Tensor; bias: Tensor }[];
}

export interface Images {
  /** [images, pixels] in [0, 1]. */
  pixels: Tensor;
}

/** The first `count` training images of MNIST, blocks of 2 by 2 averaged: 196 pixels. */
export function autoencoderImages(count: number): Images {
  const { inputs } = mnistPart("train", [0, count], 2);
  const pixels = inputs.mul(pixelStd).add(pixelMean);
  return { pixels: np.clip(pixels, 0, 1) };
}

/** Glorot-uniform weights and zero biases for layers of these sizes. */
export function autoencoderTheta(sizes: readonly number[], key: Key): AutoencoderTheta {
  return { layers: initMlp(key, sizes, { weights: glorotUniform }) };
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
