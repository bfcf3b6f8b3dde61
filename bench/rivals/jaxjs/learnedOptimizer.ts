/** W4 in jax-js: the compiled step of all particles, each under its own rule. */
import { jit, nn, numpy as np } from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import { batchCount, betas, classes, normals, timeScales } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { type Layers, constant, crossEntropy, flipped, residentBatches, startLayers } from "./network.ts";
import { repeat } from "./repeat.ts";

const [particles, steps, horizon] = [16, 20, 100];
const own = 2 + betas.length;

interface State {
  [name: string]: np.Array | Layers;
  layers: Layers;
  /** Per parameter tensor, [particles, 6, numbers]. */
  momenta: Layers;
  /** Summed over the window, [particles]. */
  loss: np.Array;
}

type Rule = [np.Array, np.Array, np.Array, np.Array, np.Array, np.Array];

export function learnedOptimizer({ hidden, restartEvery }: Workload): Runner {
  const data = residentBatches(64);
  const step = jit((state: State, rule: Layers, x: np.Array, targets: np.Array, times: np.Array): State => {
    const { layers, momenta } = state;
    const { loss, gradient } = networkGradient(layers, x, targets);
    const [first, bias, ...others] = rule as Rule;
    const timeBias = bias.add(np.matmul(times, first.ref.slice([], [own, 19])));
    const network = [first.slice([], [0, own]), timeBias, ...others];
    const beta = np.array([...betas]).reshape([1, betas.length, 1]);
    const flat = gradient.map((g) => g.reshape([particles, 1, -1]));
    const next = momenta.map((m, i) => m.mul(beta.ref).add(flat[i]!.ref.mul(np.subtract(1, beta.ref))));
    const moved = layers.map((p, i) => {
      const shape = p.shape;
      const features = np.concatenate([flat[i]!, p.ref.reshape([particles, 1, -1]), next[i]!.ref], 1);
      const change = rulePerParameter(
        network.map((leaf) => leaf.ref),
        features,
      );
      return p.sub(change.reshape(shape));
    });
    return { layers: moved, momenta: next, loss: state.loss.add(loss) };
  });
  const rules = startLayers([19, hidden, hidden, 2], particles, 21).map((leaf, i) => {
    const noise = constant(normals(leaf.size, 31 + i, 0.01), leaf.shape);
    return leaf.add(noise);
  });
  return repeat<State>({
    restartEvery,
    start() {
      const layers = startLayers([64, 32, classes], particles, 11);
      const momenta = layers.map(({ size }) => np.zeros([particles, betas.length, size / particles]));
      return { layers, momenta, loss: np.zeros([particles]) };
    },
    update(state, index) {
      state.loss.dispose();
      let next: State = { ...state, loss: np.zeros([particles]) };
      for (let k = 0; k < steps; k++) {
        const t = (index * steps + k) % horizon;
        const { x, targets } = data[t % batchCount]!;
        const times = np.array([timeScales.map((scale) => Math.tanh(t / scale - 1))]);
        const rule = rules.map((leaf) => leaf.ref);
        next = step(next, rule, x.ref, targets.ref, np.tile(times, [particles, 1, 1])) as State;
      }
      return next;
    },
  });
}

function networkGradient(
  layers: Layers,
  x: np.Array,
  targets: np.Array,
): { loss: np.Array; gradient: Layers } {
  const [w1, b1, w2, b2] = layers as [np.Array, np.Array, np.Array, np.Array];
  const inputs = np.broadcastTo(x, [particles, ...x.shape]);
  const h = nn.relu(np.matmul(inputs.ref, w1.ref).add(b1.ref));
  const { loss, slope } = crossEntropy(np.matmul(h.ref, w2.ref).add(b2.ref), targets);
  const back = np.where(h.ref.greater(0), np.matmul(slope.ref, flipped(w2.ref)), 0);
  return {
    loss,
    gradient: [
      np.matmul(flipped(inputs), back.ref),
      back.sum(1, { keepdims: true }),
      np.matmul(flipped(h), slope.ref),
      slope.sum(1, { keepdims: true }),
    ],
  };
}

/** The change of each parameter, [particles, numbers], from features [particles, 8, numbers]. */
function rulePerParameter(network: Layers, features: np.Array): np.Array {
  const [w1, b1, w2, b2, w3, b3] = network as Rule;
  const meanSquare = np.square(features.ref).mean(2, { keepdims: true });
  const scaled = features.mul(np.reciprocal(np.sqrt(meanSquare.add(1e-5))));
  const first = nn.relu(np.matmul(flipped(scaled), w1).add(b1));
  const second = nn.relu(np.matmul(first, w2).add(b2));
  const out = np.matmul(second, w3).add(b3);
  const magnitude = np.exp(out.ref.slice([], [], 1).mul(1e-3));
  return out.slice([], [], 0).mul(magnitude).mul(1e-3);
}
