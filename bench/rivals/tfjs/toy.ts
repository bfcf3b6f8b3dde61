/** W2 in TensorFlow.js: two vectors of all particles, the gradient of the surface by hand. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "../../contestant.ts";
import type { Workload } from "../../workloads/table.ts";
import { repeat } from "./repeat.ts";

const [pairs, sigma, horizon, steps] = [500, 0.1, 100, 10];
const [rate, beta1, beta2, eps] = [1e-2, 0.99, 0.999, 1e-8];

const { add, sub, mul, div, square, sqrt, exp, sin, cos, sign, abs } = tf;

export function toy({ restartEvery }: Workload): Runner {
  const fresh = () => [tf.zeros([2, pairs]), tf.ones([2 * pairs]), tf.ones([2 * pairs])];
  return repeat({
    restartEvery,
    start: () => [
      tf.tensor2d([Math.log(0.01), Math.log(0.01)], [2, 1]),
      tf.zeros([2, 1]),
      tf.zeros([2, 1]),
      ...fresh(),
    ],
    update(state, index) {
      const [theta, first, second, xi] = state as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      let [x0, x1] = state.slice(4) as [tf.Tensor, tf.Tensor];
      const noise = tf.randomNormal([2, pairs], 0, sigma);
      const sum = add(xi, noise);
      const rates = exp(tf.concat([add(theta, noise), sub(theta, noise)], 1));
      const [from, to] = tf.unstack(rates) as [tf.Tensor, tf.Tensor];
      const t = (index * steps) % horizon;
      let loss: tf.Tensor = tf.zeros([2 * pairs]);
      for (let k = 0; k < steps; k++) {
        const progress = (t + k) / horizon;
        const lr = add(mul(from, 1 - progress), mul(to, progress));
        [x0, x1] = descend(x0, x1, lr);
        loss = add(loss, surface(x0, x1));
      }
      const difference = sub(tf.slice(loss, 0, pairs), tf.slice(loss, pairs, pairs));
      const gradient = mul(tf.mean(mul(sum, difference), 1, true), 1 / (2 * sigma ** 2));
      const m = add(mul(first, beta1), mul(gradient, 1 - beta1));
      const s = add(mul(second, beta2), mul(square(gradient), 1 - beta2));
      const step = div(div(m, 1 - beta1 ** (index + 1)), add(sqrt(div(s, 1 - beta2 ** (index + 1))), eps));
      const kept = t + steps < horizon ? [sum, x0, x1] : fresh();
      return [sub(theta, mul(step, rate)), m, s, ...kept];
    },
  });
}

function descend(x0: tf.Tensor, x1: tf.Tensor, lr: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const wave = sin(x1);
  const bell = exp(mul(square(x0), -5));
  const d0 = sub(div(x0, sqrt(add(square(x0), 5))), mul(mul(mul(square(wave), bell), x0), 10));
  const d1 = add(mul(mul(mul(wave, cos(x1)), bell), 2), mul(sign(sub(x1, 100)), 0.25));
  return [sub(x0, mul(lr, d0)), sub(x1, mul(lr, d1))];
}

function surface(x0: tf.Tensor, x1: tf.Tensor): tf.Tensor {
  const bowl = sub(sqrt(add(square(x0), 5)), Math.sqrt(5));
  const ridge = mul(square(sin(x1)), exp(mul(square(x0), -5)));
  return add(add(bowl, ridge), mul(abs(sub(x1, 100)), 0.25));
}
