/** Reverse mode of the compiled engine against the reference executor, on the shipped problems. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, nn, np, random, tree } from "../array/index.ts";
import { type GradientEstimator, bptt, tbptt } from "../estimators/index.ts";
import {
  type CheckpointPolicy,
  type Executor,
  type Problem,
  compiledExecutor,
  defineProblem,
  referenceExecutor,
} from "../unroll/index.ts";
import { influenceBalancing, linearSystem, scheduleTuning, toyRegression } from "./index.ts";

type FloatType = "float32" | "float64";
type Erased = Problem<unknown, unknown, unknown>;

interface Case {
  problem: Erased;
  theta(dtype: FloatType): unknown;
  /** A window for truncated backpropagation. */
  truncation: number;
  /** Set if theta in float64 does not make everything float64. */
  relative?: number;
}

const data = (count: number) => ({
  inputs: random.normal(random.key(5), [count, 6]),
  labels: np.array(Int32Array.from({ length: count }, (_, i) => (i * i) % 3)),
});

/** A recurrent network on a batch with gates, softmax and gathers: two-dimensional states, transposed products. */
const recurrent = defineProblem({
  name: "recurrent",
  horizon: 6,
  init: (theta: { state: Tensor; read: Tensor }) => ({ h: np.zeros([5, 7], { dtype: theta.state.dtype }) }),
  step(theta: { state: Tensor; read: Tensor }, { h }: { h: Tensor }, { t, key }: { t: Tensor; key: Key }) {
    const symbols = random.randint(random.foldIn(key, "symbols"), [5], 0, 4);
    const x = np.concatenate([h, nn.oneHot(symbols, 4).astype(h.dtype)], 1);
    const [gate, candidate] = np.split(np.matmul(x, theta.state), 2, 1) as [Tensor, Tensor];
    const open = nn.sigmoid(gate);
    const next = open.mul(h).add(open.neg().add(1).mul(np.tanh(candidate)));
    const loss = nn.softmaxCrossEntropy(np.matmul(next, theta.read), symbols.add(t).mod(4));
    return { state: { h: next }, loss };
  },
});

const cases: Record<string, Case> = {
  influenceBalancing: {
    problem: influenceBalancing({ horizon: 12 }) as never,
    theta: (dtype) => ({ theta: np.array(0.3, { dtype }) }),
    truncation: 4,
  },
  linearSystem: {
    problem: linearSystem({
      transition: [[0.9, 0.2], [-0.1, 0.7]], // prettier-ignore
      control: [[1, 0], [0.5, -1]], // prettier-ignore
      start: [1, -1],
      target: [0.5, -0.25],
      horizon: 9,
    }) as never,
    theta: (dtype) => np.array([0.3, -0.2], { dtype }),
    truncation: 3,
  },
  toyRegression: {
    problem: toyRegression({ horizon: 20 }) as never,
    theta: (dtype) => ({ logLearningRate: np.array([-4.2, -4.4], { dtype }) }),
    truncation: 5,
  },
  scheduleTuning: {
    problem: scheduleTuning({ train: data(24), classes: 3, hidden: [5], batchSize: 4, horizon: 8 }) as never,
    theta: (dtype) => ({
      logLearningRate: np.array(-2.5, { dtype }),
      logDecay: np.array(-1, { dtype }),
    }),
    truncation: 4,
    // The network and its normal initial weights are float32.
    relative: 1e-5,
  },
  recurrent: {
    problem: recurrent as never,
    theta: (dtype) => ({
      state: random.normal(random.key(1), [11, 14]).mul(0.5).astype(dtype),
      read: random.normal(random.key(2), [7, 4]).mul(0.5).astype(dtype),
    }),
    truncation: 3,
  },
};

/** Networks take seconds to compile for the reference: all numbers of tasks, and whole runs of the largest, only by `npm run test:robustness`. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);
const networks = ["toyRegression", "scheduleTuning", "recurrent"];

const policies: CheckpointPolicy[] = ["all", "sqrt", { states: 1 }, { states: 2 }];

/** Losses, gradients and the last state of `count` estimates. */
function run(estimator: GradientEstimator<unknown>, theta: unknown, count = 3): Float64Array {
  let state = estimator.init(theta, random.key(3));
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    const estimate = estimator.estimate(theta, state, random.foldIn(random.key(4), i));
    state = estimate.state;
    all.push(estimate.loss, ...tree.flatten(estimate.gradient));
  }
  return Float64Array.from([...all, ...tree.flatten((state as { units: unknown }).units)]);
}

function expectClose(got: Float64Array, wanted: Float64Array, relative: number): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => {
    const scale = Math.max(0.1, Math.abs(wanted[i]!));
    expect(Math.abs(value - wanted[i]!) / scale, `entry ${i}: ${value} for ${wanted[i]}`).toBeLessThan(
      relative,
    );
  });
}

describe.each(Object.entries(cases))("%s", (name, { problem, theta, truncation, relative }) => {
  const whole = (executor: Executor, tasks: number, checkpoints: CheckpointPolicy = "all") =>
    bptt(problem, { tasks, executor, checkpoints }) as GradientEstimator<unknown>;
  const windows = (executor: Executor, tasks: number) =>
    tbptt(problem, { tasks, truncation, executor }) as GradientEstimator<unknown>;

  // Rounding grows along a loop: 1e-5 is of single operations in float32.
  const isShort = networks.includes(name) && !isLong;
  const all = [
    ["float64", 3, 1e-12],
    ["float32", 5, 1e-4],
    ["float64", 1, 1e-12],
  ] as const;
  test.each(isShort ? all.slice(0, 1) : all)(
    "bptt and tbptt, %s, %d tasks",
    { tags: ["long"] },
    (dtype, tasks, precision) => {
      const at = theta(dtype);
      for (const make of isShort && name === "scheduleTuning" ? [windows] : [whole, windows]) {
        const got = run(make(compiledExecutor(), tasks), at);
        expectClose(got, run(make(referenceExecutor(), tasks), at), Math.max(precision, relative ?? 0));
      }
    },
  );
  test.each(isShort ? [5] : [5, 1])(
    "all policies give the same bits, %d tasks",
    { tags: ["long"] },
    (tasks) => {
      const at = theta("float32");
      const wanted = [...run(whole(compiledExecutor(), tasks), at)];
      for (const policy of policies)
        expect([...run(whole(compiledExecutor(), tasks, policy), at)]).toEqual(wanted);
    },
  );
});

test("two threads give the bits of one", () => {
  const { problem, theta } = cases["recurrent"]!;
  const at = theta("float32");
  const bits = (threads: number) => {
    const executor = compiledExecutor({ threads });
    return [...run(bptt(problem, { tasks: 19, executor }) as GradientEstimator<unknown>, at, 30)];
  };
  expect(bits(2)).toEqual(bits(1));
});
