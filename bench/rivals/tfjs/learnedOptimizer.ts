/** W4 in TensorFlow.js: batched products over particles, gradient of the small network by hand. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "../../contestant.ts";
import { batchCount, batchSize, betas, classes, normals, timeScales } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { backward, crossEntropy, residentBatches, startLayers } from "./network.ts";
import { repeat } from "./repeat.ts";

const [particles, steps, horizon] = [16, 20, 100];
const own = 2 + betas.length;

type Rule = [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];

export function learnedOptimizer({ hidden, restartEvery }: Workload): Runner {
  const data = residentBatches(64);
  const beta = tf.tensor3d([...betas], [1, betas.length, 1]);
  const rest = tf.sub(1, beta);
  const rule = startLayers([19, hidden, hidden, 2], particles, 21).map((leaf, i) =>
    tf.add(leaf, tf.tensor3d(normals(leaf.size, 31 + i, 0.01), leaf.shape)),
  ) as Rule;
  const firstWeights = tf.slice(rule[0], [0, 0, 0], [particles, own, hidden]);
  const timeWeights = tf.slice(rule[0], [0, own, 0], [particles, timeScales.length, hidden]);

  const step = (layers: tf.Tensor3D[], momenta: tf.Tensor3D[], t: number) => {
    const { x, targets } = data[t % batchCount]!;
    const { loss, gradient } = networkGradient(layers, x, targets);
    const times = tf.tensor3d([[timeScales.map((scale) => Math.tanh((t % horizon) / scale - 1))]]);
    const bias = tf.add(rule[1], tf.matMul(tf.tile(times, [particles, 1, 1]), timeWeights));
    const network = [firstWeights, bias, ...rule.slice(2)] as Rule;
    const flat = gradient.map((g) => tf.reshape(g, [particles, 1, -1]));
    const next: tf.Tensor3D[] = momenta.map((m, i) => tf.add(tf.mul(m, beta), tf.mul(flat[i]!, rest)));
    const moved: tf.Tensor3D[] = layers.map((p, i) => {
      const features = tf.concat([flat[i]!, tf.reshape(p, [particles, 1, -1]), next[i]!], 1) as tf.Tensor3D;
      return tf.sub(p, tf.reshape(rulePerParameter(network, features), p.shape));
    });
    return { layers: moved, momenta: next, loss };
  };
  return repeat({
    restartEvery,
    start() {
      const layers = startLayers([64, 32, classes], particles, 11);
      const momenta = layers.map(({ size }) => tf.zeros([particles, betas.length, size / particles]));
      return [tf.zeros([particles]), ...layers, ...momenta];
    },
    update([, ...start], index) {
      let loss: tf.Tensor = tf.zeros([particles]);
      let [layers, momenta] = [start.slice(0, 4), start.slice(4)] as [tf.Tensor3D[], tf.Tensor3D[]];
      for (let k = 0; k < steps; k++) {
        const next = step(layers, momenta, index * steps + k);
        ({ layers, momenta } = next);
        loss = tf.add(loss, next.loss);
      }
      return [loss, ...layers, ...momenta];
    },
  });
}

function networkGradient(
  layers: tf.Tensor3D[],
  x: tf.Tensor2D,
  targets: tf.Tensor2D,
): { loss: tf.Tensor; gradient: tf.Tensor3D[] } {
  const [w1, b1, w2, b2] = layers as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const inputs = tf.reshape(x, [1, batchSize, -1]) as tf.Tensor3D;
  const h: tf.Tensor3D = tf.relu(tf.add(tf.matMul(inputs, w1), b1));
  const { loss, slope } = crossEntropy(tf.add(tf.matMul(h, w2), b2), targets);
  const back = backward(slope, w2, h);
  return {
    loss,
    gradient: [
      tf.matMul(inputs, back, true),
      tf.sum(back, 1, true),
      tf.matMul(h, slope, true),
      tf.sum(slope, 1, true),
    ],
  };
}

/** The change of each parameter, [particles, numbers], from features [particles, 8, numbers]. */
function rulePerParameter([w1, b1, w2, b2, w3, b3]: Rule, features: tf.Tensor3D): tf.Tensor {
  const meanSquare = tf.mean(tf.square(features), 2, true);
  const scaled: tf.Tensor3D = tf.mul(features, tf.rsqrt(tf.add(meanSquare, 1e-5)));
  const first: tf.Tensor3D = tf.relu(tf.add(tf.matMul(scaled, w1, true), b1));
  const second: tf.Tensor3D = tf.relu(tf.add(tf.matMul(first, w2), b2));
  const out = tf.add(tf.matMul(second, w3), b3);
  const [direction, magnitude] = tf.unstack(out, 2) as [tf.Tensor, tf.Tensor];
  return tf.mul(tf.mul(direction, tf.exp(tf.mul(magnitude, 1e-3))), 1e-3);
}
