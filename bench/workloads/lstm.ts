/** W5: the gradient of all weights of an LSTM on the copy task by backpropagation through 100 steps. */
import {
  type CheckpointPolicy,
  type Executor,
  type Problem,
  type Setup,
  type Tensor,
  bptt,
  defineProblem,
  nn,
  np,
  pes,
  sgd,
} from "unspool";
import { batchSize, classes, copyTask, normals } from "./data.ts";
import type { Workload } from "./table.ts";

interface Theta {
  /** [10, 4 units]: gates input, forget, cell, output. */
  inputWeights: Tensor;
  /** [units, 4 units]. */
  stateWeights: Tensor;
  bias: Tensor;
  /** [units, 10]. */
  readWeights: Tensor;
  readBias: Tensor;
}

export interface LstmOptions {
  units: number;
  steps: number;
  /** Of backpropagation. */
  checkpoints?: CheckpointPolicy;
  /** PES instead of backpropagation. */
  pes?: { pairs: number; truncation: number };
  executor?: Executor;
}

export function lstm({ hidden, restartEvery }: Workload, executor?: Executor): Setup {
  return { ...lstmSetup({ units: hidden, steps: 100, ...(executor && { executor }) }), steps: restartEvery };
}

export function lstmSetup(options: LstmOptions): Setup {
  const { units, steps, checkpoints = "all", executor } = options;
  const matrix = (rows: number, columns: number, seed: number): Tensor =>
    np.array(normals(rows * columns, seed, 1 / Math.sqrt(units)), { shape: [rows, columns] });
  const theta: Theta = {
    inputWeights: matrix(classes, 4 * units, 5),
    stateWeights: matrix(units, 4 * units, 6),
    bias: np.zeros([4 * units]),
    readWeights: matrix(units, classes, 7),
    readBias: np.zeros([classes]),
  };
  const problem = lstmProblem(units, steps);
  const common = executor && { executor };
  const estimator =
    options.pes === undefined
      ? bptt(problem, { checkpoints, ...common })
      : pes(problem, { sigma: 0.01, ...options.pes, ...common });
  return { theta, estimator, optimizer: sgd({ learningRate: 1e-3 }), steps: 1 } as unknown as Setup;
}

export function lstmProblem(
  units: number,
  steps: number,
): Problem<Theta, { h: Tensor; c: Tensor }, undefined> {
  const task = copyTask(steps);
  const symbols = np.array(task.symbols, { shape: [steps, batchSize] });
  const wanted = np.array(task.wanted, { shape: [steps, batchSize] });
  return defineProblem({
    name: "lstm",
    horizon: steps,
    init: () => ({ h: np.zeros([batchSize, units]), c: np.zeros([batchSize, units]) }),
    step(theta: Theta, { h, c }, { t }) {
      const x = nn.oneHot(np.take(symbols, t, 0), classes);
      const gates = np.matmul(x, theta.inputWeights).add(np.matmul(h, theta.stateWeights)).add(theta.bias);
      const gate = (i: number): Tensor => gates.slice([], [i * units, (i + 1) * units]);
      const cell = nn
        .sigmoid(gate(1))
        .mul(c)
        .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
      const hidden = nn.sigmoid(gate(3)).mul(np.tanh(cell));
      const logits = np.matmul(hidden, theta.readWeights).add(theta.readBias);
      return {
        state: { h: hidden, c: cell },
        loss: nn.softmaxCrossEntropy(logits, np.take(wanted, t, 0)),
      };
    },
  });
}
