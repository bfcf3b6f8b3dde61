/**
 * Networks in jax-js: data, parameters per particle, and the gradient by hand with batched products. (Its `vmap` of a
 * product, and so `vmap(grad(…))`, ran ten times slower than the batched product itself.)
 */
import { nn, numpy as np } from "@jax-js/jax";
import { batchCount, batchSize, batches, classes, normals, oneHot } from "../../workloads/data.ts";

/** Weights [particles, inputs, outputs] and bias [particles, 1, outputs] of each layer, in turn. */
export type Layers = np.Array[];

/** The same He-normal start for all particles. */
export function startLayers(sizes: readonly number[], particles: number, seed: number): Layers {
  return sizes.slice(1).flatMap((outputs, i) => {
    const inputs = sizes[i]!;
    const weights = constant(normals(inputs * outputs, seed + i, Math.sqrt(2 / inputs)), [
      1,
      inputs,
      outputs,
    ]);
    return [np.tile(weights, [particles, 1, 1]), np.zeros([particles, 1, outputs])];
  });
}

/** What the last layer's loss gives: mean cross-entropy [particles], and its gradient by the logits. */
export function crossEntropy(logits: np.Array, targets: np.Array): { loss: np.Array; slope: np.Array } {
  const logs = nn.logSoftmax(logits, -1);
  const loss = logs.ref
    .mul(targets.ref)
    .sum([1, 2])
    .mul(-1 / batchSize);
  return {
    loss,
    slope: np
      .exp(logs)
      .sub(targets)
      .mul(1 / batchSize),
  };
}

/** Transposes the last two of three axes. */
export function flipped(x: np.Array): np.Array {
  return x.transpose([0, 2, 1]);
}

/** The resident minibatches: inputs [batch, features] and one-hot targets [batch, classes] of each. */
export function residentBatches(features: number): { x: np.Array; targets: np.Array }[] {
  const { inputs, labels } = batches(features);
  const targets = oneHot(labels);
  return Array.from({ length: batchCount }, (_, i) => {
    const part = (data: Float32Array, width: number) =>
      constant(data.slice(i * batchSize * width, (i + 1) * batchSize * width), [batchSize, width]);
    return { x: part(inputs, features), targets: part(targets, classes) };
  });
}

export function constant(data: Float32Array, shape: number[]): np.Array {
  return np.array(data as Float32Array<ArrayBuffer>, { shape });
}
