/** W3: PES on the learning-rate schedule of a network's training, 16 pairs, windows of 10 of 1000 steps. */
import {
  type Executor,
  type Layer,
  type Problem,
  type Setup,
  type Tensor,
  adam,
  applyMlp,
  defineProblem,
  initMlp,
  nn,
  np,
  pes,
  tree,
  valueAndGrad,
} from "unspool";
import { batchCount, batchSize, batches, classes } from "./data.ts";
import type { Workload } from "./table.ts";

interface Theta {
  logRate: Tensor;
  logDecay: Tensor;
}

export function mlp({ hidden, restartEvery }: Workload, executor?: Executor): Setup {
  const estimator = pes(mlpProblem(hidden), {
    sigma: 0.1,
    pairs: 16,
    truncation: 10,
    objective: "sum",
    trajectories: "common",
    ...(executor && { executor }),
  });
  return {
    theta: { logRate: np.array(Math.log(0.01)), logDecay: np.array(Math.log(0.5)) },
    estimator,
    optimizer: adam({ learningRate: 1e-2 }),
    steps: restartEvery,
  } as Setup;
}

/** SGD with rate e^θ0 (1 + t / 100)^(-e^θ1); the loss is that of the minibatch before the step. */
export function mlpProblem(hidden: number): Problem<Theta, { layers: Layer[] }, undefined> {
  const data = batches(784);
  const inputs = np.array(data.inputs, { shape: [batchCount, batchSize, 784] });
  const labels = np.array(data.labels, { shape: [batchCount, batchSize] });
  return defineProblem({
    name: "mlp",
    horizon: 1000,
    init: (_theta, key) => ({ layers: initMlp(key, [784, hidden, classes]) }),
    step({ logRate, logDecay }: Theta, { layers }, { t }) {
      const batch = t.mod(batchCount);
      const [x, y] = [np.take(inputs, batch, 0), np.take(labels, batch, 0)];
      const [loss, gradient] = valueAndGrad((moved: Layer[]) =>
        nn.softmaxCrossEntropy(applyMlp(moved, x), y),
      )(layers as Layer[]);
      const growth = np.log(t.astype(logRate.dtype).mul(0.01).add(1));
      const rate = np.exp(logRate.sub(np.exp(logDecay).mul(growth)));
      const next = tree.map((w, g) => w.sub(g.mul(rate)), layers as Layer[], gradient as Layer[]);
      return { state: { layers: next }, loss };
    },
  });
}
