/** W1 in TensorFlow.js: particles are columns, the matrix is dense. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "../../contestant.ts";
import { influenceMatrix, influenceSigns } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { repeat } from "./repeat.ts";

const [pairs, sigma, rate] = [1000, 0.1, 1e-4];

export function influence({ restartEvery }: Workload): Runner {
  const matrix = tf.tensor2d(influenceMatrix(0), [23, 23]);
  const signs = tf.tensor2d(influenceSigns, [23, 1]);
  return repeat({
    restartEvery,
    start: () => [tf.scalar(0.5), tf.zeros([pairs]), tf.ones([23, 2 * pairs])],
    update([theta, xi, s]) {
      const eps = tf.randomNormal([pairs], 0, sigma);
      const sum = tf.add(xi!, eps);
      const both = tf.reshape(tf.concat([tf.add(theta!, eps), tf.sub(theta!, eps)]), [1, 2 * pairs]);
      const next = tf.add(tf.matMul(matrix, s as tf.Tensor2D), tf.mul(signs, both));
      const distance = tf.sub(tf.reshape(tf.slice(next, [0, 0], [1, 2 * pairs]), [-1]), 1);
      const loss = tf.mul(tf.square(distance), 0.5);
      const difference = tf.sub(tf.slice(loss, 0, pairs), tf.slice(loss, pairs, pairs));
      const gradient = tf.mul(tf.mean(tf.mul(sum, difference)), 1 / (2 * sigma ** 2));
      return [tf.sub(theta!, tf.mul(gradient, rate)), sum, next];
    },
  });
}
