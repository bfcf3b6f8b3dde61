/**
 * W4: PES on the weights of a learned optimizer, 8 pairs, windows of 20 of 100 steps. Each parameter p of a small
 * network moves by p -= 1e-3 · out0 · exp(1e-3 · out1), where (out0, out1) is a network of 8 features of that
 * parameter (gradient, value, six momenta, each scaled to unit mean square over its tensor) and 11 of the time.
 */
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
  random,
  tree,
  valueAndGrad,
} from "unspool";
import { batchCount, batchSize, batches, betas, classes, timeScales } from "./data.ts";
import type { Workload } from "./table.ts";

interface Theta {
  layers: Layer[];
}

interface State {
  layers: Layer[];
  /** Per parameter tensor, [6, …]. */
  momenta: Layer[];
}

export function learnedOptimizer({ hidden, restartEvery }: Workload, executor?: Executor): Setup {
  const estimator = pes(learnedOptimizerProblem(), {
    sigma: 0.01,
    pairs: 8,
    truncation: 20,
    objective: "sum",
    trajectories: "common",
    ...(executor && { executor }),
  });
  return {
    theta: { layers: initMlp(random.key(4), [19, hidden, hidden, 2]) },
    estimator,
    optimizer: adam({ learningRate: 1e-3 }),
    steps: restartEvery,
  } as Setup;
}

export function learnedOptimizerProblem(): Problem<Theta, State, undefined> {
  const data = batches(64);
  const inputs = np.array(data.inputs, { shape: [batchCount, batchSize, 64] });
  const labels = np.array(data.labels, { shape: [batchCount, batchSize] });
  const scales = np.array(timeScales.map((scale) => 1 / scale));
  return defineProblem({
    name: "learnedOptimizer",
    horizon: 100,
    init(_theta, key) {
      const layers = initMlp(key, [64, 32, classes]);
      return { layers, momenta: tree.map((w) => np.zeros([betas.length, ...w.shape]), layers) };
    },
    step({ layers: rule }: Theta, state, { t }) {
      const [layers, momenta] = [state.layers as Layer[], state.momenta as Layer[]];
      const batch = t.mod(batchCount);
      const [x, y] = [np.take(inputs, batch, 0), np.take(labels, batch, 0)];
      const [loss, gradient] = valueAndGrad((moved: Layer[]) =>
        nn.softmaxCrossEntropy(applyMlp(moved, x), y),
      )(layers);
      const times = np.tanh(t.astype("float32").mul(scales).sub(1));
      const network = withTimes(rule, times);
      const next = tree.map(momentum, momenta, gradient as Layer[]);
      return {
        state: {
          layers: tree.map((p, g, m) => moved(network, p, g, m), layers, gradient as Layer[], next),
          momenta: next,
        },
        loss,
      };
    },
  });
}

/** The rule's network as one of the 8 features that differ between parameters: the others go into its bias. */
function withTimes([first, ...others]: Layer[], times: Tensor): Layer[] {
  const { weights, bias } = first!;
  const own = 2 + betas.length;
  return [
    { weights: weights.slice([0, own]), bias: bias.add(np.matmul(times, weights.slice([own, 19]))) },
    ...others,
  ];
}

/** m ← beta m + (1 - beta) g for all betas: [6, …]. */
function momentum(m: Tensor, g: Tensor): Tensor {
  const beta = np.array([...betas], { shape: [betas.length, ...g.shape.map(() => 1)] });
  return m.mul(beta).add(g.mul(np.array(1).sub(beta)));
}

/** The parameter tensor after the step. */
function moved(network: Layer[], p: Tensor, g: Tensor, m: Tensor): Tensor {
  const features = np.concatenate([np.stack([g, p]), m], 0).reshape([2 + betas.length, p.size]);
  const meanSquare = features.mul(features).mean(1, { keepdims: true });
  const scaled = features.mul(np.reciprocal(np.sqrt(meanSquare.add(1e-5))));
  const out = applyMlp(network, scaled.transpose());
  const [direction, magnitude] = [out.slice([], 0), out.slice([], 1)];
  const change = direction.mul(np.exp(magnitude.mul(1e-3))).mul(1e-3);
  return p.sub(change.reshape([...p.shape]));
}
