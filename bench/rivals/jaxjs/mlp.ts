/** W3 in jax-js: the compiled SGD step of all particles, whose first layers are one matrix [784, particles · hidden]. */
import { jit, nn, numpy as np } from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import { batchCount, batchSize, classes, normals } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { type Layers, constant, crossEntropy, flipped, residentBatches, startLayers } from "./network.ts";
import { repeat } from "./repeat.ts";

const [particles, steps] = [32, 10];

interface State {
  [name: string]: np.Array | Layers;
  /** Weights and bias of the first layer side by side, then those of the second [particles, …]. */
  layers: Layers;
  /** Summed over the window, [particles]. */
  loss: np.Array;
}

export function mlp({ hidden, restartEvery }: Workload): Runner {
  const data = residentBatches(784);
  const width = particles * hidden;
  const step = jit(
    ({ layers, loss }: State, x: np.Array, targets: np.Array, growth: np.Array, theta: np.Array): State => {
      const [w1, b1, w2, b2] = layers as [np.Array, np.Array, np.Array, np.Array];
      const flat = nn.relu(np.matmul(x.ref, w1.ref).add(b1.ref));
      const h = flat.reshape([batchSize, particles, hidden]).transpose([1, 0, 2]);
      const out = crossEntropy(np.matmul(h.ref, w2.ref).add(b2.ref), targets);
      const [log, decay] = [theta.ref.slice([], 0), theta.slice([], 1)];
      const rate = np.exp(log.sub(np.exp(decay).mul(growth))).reshape([particles, 1, 1]);
      const slope = out.slope.mul(rate);
      const back = np.where(h.ref.greater(0), np.matmul(slope.ref, flipped(w2.ref)), 0);
      const backFlat = back.transpose([1, 0, 2]).reshape([batchSize, width]);
      return {
        layers: [
          w1.sub(np.matmul(x.transpose(), backFlat.ref)),
          b1.sub(backFlat.sum(0, { keepdims: true })),
          w2.sub(np.matmul(flipped(h), slope.ref)),
          b2.sub(slope.sum(1, { keepdims: true })),
        ],
        loss: loss.add(out.loss),
      };
    },
  );
  const [noise, centre] = [normals(2 * particles, 9, 0.1), [Math.log(0.01), Math.log(0.5)]];
  const thetas = constant(
    noise.map((eps, i) => eps + centre[i % 2]!),
    [particles, 2],
  );
  return repeat<State>({
    restartEvery,
    start() {
      const [w1, b1, ...second] = startLayers([784, hidden, classes], particles, 11) as [np.Array, np.Array];
      const sideBySide = (x: np.Array, rows: number) => x.transpose([1, 0, 2]).reshape([rows, width]);
      return {
        layers: [sideBySide(w1, 784), sideBySide(b1, 1), ...second],
        loss: np.zeros([particles]),
      };
    },
    update(state, index) {
      state.loss.dispose();
      let next: State = { layers: state.layers, loss: np.zeros([particles]) };
      for (let k = 0; k < steps; k++) {
        const t = index * steps + k;
        const { x, targets } = data[t % batchCount]!;
        next = step(next, x.ref, targets.ref, np.array(Math.log(1 + t / 100)), thetas.ref) as State;
      }
      return next;
    },
  });
}
