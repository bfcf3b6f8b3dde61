/** Networks in TensorFlow.js: data, parameters per particle, and gradients by hand. */
import * as tf from "@tensorflow/tfjs-core";
import { batchCount, batchSize, batches, classes, normals, oneHot } from "../../workloads/data.ts";

/** The same He-normal start for all particles: weights [particles, in, out], bias [particles, 1, out] in turn. */
export function startLayers(sizes: readonly number[], particles: number, seed: number): tf.Tensor3D[] {
  return sizes.slice(1).flatMap((outputs, i) => {
    const inputs = sizes[i]!;
    const data = normals(inputs * outputs, seed + i, Math.sqrt(2 / inputs));
    const weights = tf.tile(tf.tensor3d(data, [1, inputs, outputs]), [particles, 1, 1]);
    return [weights, tf.zeros<tf.Rank.R3>([particles, 1, outputs])];
  });
}

/** The resident minibatches: inputs [batch, features], one-hot targets [batch, classes]. */
export function residentBatches(features: number): { x: tf.Tensor2D; targets: tf.Tensor2D }[] {
  const { inputs, labels } = batches(features);
  const targets = oneHot(labels);
  return Array.from({ length: batchCount }, (_, i) => {
    const part = (data: Float32Array, width: number) =>
      tf.tensor2d(data.slice(i * batchSize * width, (i + 1) * batchSize * width), [batchSize, width]);
    return { x: part(inputs, features), targets: part(targets, classes) };
  });
}

/** Mean cross-entropy [particles] of logits [particles, batch, classes], and its gradient by the logits. */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): { loss: tf.Tensor; slope: tf.Tensor3D } {
  const shifted = tf.sub(logits, tf.max(logits, 2, true));
  const exponentials = tf.exp(shifted);
  const total = tf.sum(exponentials, 2, true);
  const logs = tf.sub(shifted, tf.log(total));
  return {
    loss: tf.mul(tf.sum(tf.mul(logs, targets), [1, 2]), -1 / batchSize),
    slope: tf.mul(tf.sub(tf.div(exponentials, total), targets), 1 / batchSize),
  };
}

/** Hidden layer's slope: through the second weights and the ReLU. */
export function backward(slope: tf.Tensor3D, weights: tf.Tensor3D, hidden: tf.Tensor3D): tf.Tensor3D {
  return tf.mul(tf.matMul(slope, weights, false, true), tf.step(hidden));
}
