/** W5 in TensorFlow.js: the unrolled loop under its own automatic differentiation. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import type { Runner } from "../../contestant.ts";
import { batchSize, classes, copyTask, normals, oneHot } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { repeat } from "./repeat.ts";

const steps = 100;

export function lstm({ hidden: units, restartEvery }: Workload): Runner {
  const matrix = (rows: number, columns: number, seed: number): tf.Tensor2D =>
    tf.tensor2d(normals(rows * columns, seed, 1 / Math.sqrt(units)), [rows, columns]);
  const task = copyTask(steps);
  const [inputs, wanted] = [task.symbols, task.wanted].map((labels) =>
    tf.unstack(tf.tensor3d(oneHot(labels), [steps, batchSize, classes])),
  ) as [tf.Tensor2D[], tf.Tensor2D[]];
  const weights: tf.Tensor[] = [
    matrix(classes, 4 * units, 5),
    matrix(units, 4 * units, 6),
    tf.zeros([4 * units]),
    matrix(units, classes, 7),
    tf.zeros([classes]),
  ];
  const loss = (...theta: tf.Tensor[]): tf.Scalar => {
    const [inputWeights, stateWeights, bias, readWeights, readBias] = theta as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor1D,
      tf.Tensor2D,
      tf.Tensor1D,
    ];
    let [h, c]: tf.Tensor2D[] = [tf.zeros([batchSize, units]), tf.zeros([batchSize, units])];
    let total: tf.Tensor = tf.scalar(0);
    for (let t = 0; t < steps; t++) {
      const gates = tf.add(tf.add(tf.matMul(inputs[t]!, inputWeights), tf.matMul(h!, stateWeights)), bias);
      const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      c = tf.add(tf.mul(tf.sigmoid(f), c!), tf.mul(tf.sigmoid(i), tf.tanh(g)));
      h = tf.mul(tf.sigmoid(o), tf.tanh(c));
      const logits = tf.add(tf.matMul(h, readWeights), readBias);
      const logs = tf.logSoftmax(logits);
      total = tf.add(total, tf.sum(tf.mul(logs, wanted[t]!)));
    }
    return tf.mul(total, -1 / (steps * batchSize));
  };
  const gradient = tf.grads(loss);
  return repeat({ restartEvery, start: () => [tf.scalar(0)], update: () => gradient(weights) });
}
