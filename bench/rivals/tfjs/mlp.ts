/** W3 in TensorFlow.js: first layers of all particles as one matrix [784, particles · hidden]. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "../../contestant.ts";
import { batchCount, batchSize, classes, normals } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { backward, crossEntropy, residentBatches, startLayers } from "./network.ts";
import { repeat } from "./repeat.ts";

const [particles, steps] = [32, 10];

type Layers = [tf.Tensor2D, tf.Tensor2D, tf.Tensor3D, tf.Tensor3D];

export function mlp({ hidden, restartEvery }: Workload): Runner {
  const data = residentBatches(784);
  const width = particles * hidden;
  const noise = normals(2 * particles, 9, 0.1);
  const of = (i: number, centre: number) =>
    Float32Array.from({ length: particles }, (_, p) => centre + noise[2 * p + i]!);
  const log = tf.tensor3d(of(0, Math.log(0.01)), [particles, 1, 1]);
  const decay = tf.exp(tf.tensor3d(of(1, Math.log(0.5)), [particles, 1, 1]));
  const sideBySide = (x: tf.Tensor3D, rows: number) => tf.reshape(tf.transpose(x, [1, 0, 2]), [rows, width]);
  const step = (layers: Layers, t: number): { layers: Layers; loss: tf.Tensor } => {
    const [w1, b1, w2, b2] = layers;
    const { x, targets } = data[t % batchCount]!;
    const flat = tf.relu(tf.add(tf.matMul(x, w1), b1));
    const h: tf.Tensor3D = tf.transpose(tf.reshape(flat, [batchSize, particles, hidden]), [1, 0, 2]);
    const { loss, slope } = crossEntropy(tf.add(tf.matMul(h, w2), b2), targets);
    const rate = tf.exp(tf.sub(log, tf.mul(decay, Math.log(1 + t / 100))));
    const scaled: tf.Tensor3D = tf.mul(slope, rate);
    const back = sideBySide(backward(scaled, w2, h), batchSize) as tf.Tensor2D;
    return {
      layers: [
        tf.sub(w1, tf.matMul(x, back, true)),
        tf.sub(b1, tf.sum(back, 0, true)),
        tf.sub(w2, tf.matMul(h, scaled, true)),
        tf.sub(b2, tf.sum(scaled, 1, true)),
      ],
      loss,
    };
  };
  return repeat({
    restartEvery,
    start() {
      const [w1, b1, w2, b2] = startLayers([784, hidden, classes], particles, 11);
      return [tf.zeros([particles]), sideBySide(w1!, 784), sideBySide(b1!, 1), w2!, b2!];
    },
    update([, ...start], index) {
      let loss: tf.Tensor = tf.zeros([particles]);
      let layers = start as Layers;
      for (let k = 0; k < steps; k++) {
        const next = step(layers, index * steps + k);
        layers = next.layers;
        loss = tf.add(loss, next.loss);
      }
      return [loss, ...layers];
    },
  });
}
