/**
 * Short runs of PES whose theta is compared between hosts, bit for bit: gradient descent on a surface, and the training
 * of a small network on a resident data set. Runs in Node and in a page.
 */
import {
  type Setup,
  adam,
  compiledExecutor,
  initTraining,
  np,
  pes,
  random,
  scheduleTuning,
  toyRegression,
  trainSteps,
  tree,
} from "unspool";
import { hasRelaxedSimd, sharedPool } from "unspool/engine";

export interface Run {
  problem: "surface" | "network";
  portableBits: boolean;
  threads: number;
  /** The words of theta after the last outer step. */
  theta: number[];
  /** Of the first outer step: trace, compile, run. */
  firstCallMs: number;
}

export interface Outcome {
  hasRelaxedSimd: boolean;
  /** Threads that took part in the runs of two. */
  ready: number;
  runs: Run[];
}

const outerSteps = 12;

/** Numbers are spelled out: a host's `Math.log` may differ from another's. */
function setupOf(problem: Run["problem"], threads: number, portableBits: boolean): Setup {
  const estimator = {
    sigma: 0.1,
    pairs: 41,
    truncation: 5,
    executor: compiledExecutor({ threads, portableBits }),
  };
  const optimizer = adam({ learningRate: 0.05 });
  if (problem === "surface") {
    const theta = { logLearningRate: np.array([-4.6, -3.5]) };
    return { theta, estimator: pes(toyRegression(), estimator) as never, optimizer, steps: outerSteps };
  }
  const [count, features] = [2048, 40];
  const inputs = Float32Array.from(
    { length: count * features },
    (_, i) => ((i * 7 + (i >> 5) ** 2) % 200) / 78.57 - 1 / 3,
  );
  const labels = Int32Array.from({ length: count }, (_, i) => (i * i) % 7);
  const train = { inputs: np.array(inputs, { shape: [count, features] }), labels: np.array(labels) };
  const task = scheduleTuning({ train, classes: 7, hidden: [12], batchSize: 16, horizon: 30 });
  const theta = { logLearningRate: np.array(-3), logDecay: np.array(-0.5) };
  return { theta, estimator: pes(task, estimator) as never, optimizer, steps: outerSteps };
}

function run(problem: Run["problem"], threads: number, portableBits: boolean): Run {
  const setup = setupOf(problem, threads, portableBits);
  const startedAt = performance.now();
  let { state } = trainSteps(setup, initTraining(setup, random.key(7)), 1);
  const firstCallMs = performance.now() - startedAt;
  while (state.step < outerSteps) ({ state } = trainSteps(setup, state, outerSteps - state.step));
  const theta = tree.leaves(state.theta).flatMap(({ data }) => [...new Uint32Array(data.slice().buffer)]);
  return { problem, portableBits, threads, theta, firstCallMs };
}

/** All runs of this host. Call it once the workers of the pool had time to start. */
export async function sameBits(): Promise<Outcome> {
  const pool = sharedPool();
  while (pool.ready < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const problems = ["surface", "network"] as const;
  const runs = [true, false].flatMap((portableBits) =>
    problems.flatMap((problem) => [1, 2].map((threads) => run(problem, threads, portableBits))),
  );
  return { hasRelaxedSimd: hasRelaxedSimd(), ready: pool.ready, runs };
}
