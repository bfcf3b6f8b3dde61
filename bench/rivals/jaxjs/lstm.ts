/** W5 in jax-js: the gradient of the whole unrolled loop as one compiled function. Its first call takes long. */
import { grad, jit, nn, numpy as np } from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import { batchSize, classes, copyTask, normals, oneHot } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { constant } from "./network.ts";
import { repeat } from "./repeat.ts";

const steps = 100;

export function lstm({ hidden: units, restartEvery }: Workload): Runner {
  const matrix = (rows: number, columns: number, seed: number): np.Array =>
    constant(normals(rows * columns, seed, 1 / Math.sqrt(units)), [rows, columns]);
  const task = copyTask(steps);
  const [inputs, wanted] = [task.symbols, task.wanted].map((labels) =>
    constant(oneHot(labels), [steps, batchSize, classes]),
  ) as [np.Array, np.Array];
  const weights = [
    matrix(classes, 4 * units, 5),
    matrix(units, 4 * units, 6),
    np.zeros([4 * units]),
    matrix(units, classes, 7),
    np.zeros([classes]),
  ];
  const loss = (theta: np.Array[], symbols: np.Array, targets: np.Array): np.Array => {
    const [inputWeights, stateWeights, bias, readWeights, readBias] = theta as [
      np.Array,
      np.Array,
      np.Array,
      np.Array,
      np.Array,
    ];
    let [h, c] = [np.zeros([batchSize, units]), np.zeros([batchSize, units])];
    let total = np.zeros([]);
    for (let t = 0; t < steps; t++) {
      const gates = np
        .matmul(symbols.ref.slice(t), inputWeights.ref)
        .add(np.matmul(h, stateWeights.ref))
        .add(bias.ref);
      const gate = (i: number): np.Array => gates.ref.slice([], [i * units, (i + 1) * units]);
      c = nn
        .sigmoid(gate(1))
        .mul(c)
        .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
      h = nn.sigmoid(gate(3)).mul(np.tanh(c.ref));
      gates.dispose();
      const logits = np.matmul(h.ref, readWeights.ref).add(readBias.ref);
      total = total.add(nn.logSoftmax(logits).mul(targets.ref.slice(t)).sum());
    }
    for (const leaf of [h, c, ...theta, symbols, targets]) leaf.dispose();
    return total.mul(-1 / (steps * batchSize));
  };
  const gradient = jit(grad(loss) as unknown as typeof loss) as unknown as (
    ...args: Parameters<typeof loss>
  ) => np.Array[];
  return repeat<np.Array[]>({
    restartEvery,
    start: () => [np.zeros([])],
    update(last) {
      for (const leaf of last) leaf.dispose();
      return gradient(
        weights.map((leaf) => leaf.ref),
        inputs.ref,
        wanted.ref,
      );
    },
  });
}
