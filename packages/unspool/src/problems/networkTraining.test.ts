/** Training with any optimizer as an inner problem: epochs, grids, and derivatives with respect to hyperparameters. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { bptt } from "../estimators/index.ts";
import { lookahead, momentum, sgd } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { type LabelledData, type NetworkTrainingState, networkTraining } from "./index.ts";

const labelled = (count: number, features: number): LabelledData => ({
  inputs: random.normal(random.key(2), [count, features]),
  labels: np.array(Int32Array.from({ length: count }, (_, i) => i % 3)),
});

describe("an epoch visits every example once", () => {
  // Inputs are unit vectors and there is one layer: a step changes the rows of the weights that its batch names.
  const rowsChanged = (count: number, batchSize: number, steps: number): number[] => {
    const { problem } = networkTraining({
      train: { inputs: np.eye(count), labels: np.zeros([count], { dtype: "int32" }) },
      classes: 2,
      hidden: [],
      hasBias: false,
      batchSize,
      optimizer: ({ rate }: { rate: Tensor }) => sgd({ learningRate: rate }),
    });
    const weights = (at: number): Float64Array => {
      const theta = { rate: tree.scalar(at, "float64") };
      const { state } = unroll(problem, theta, { key: random.key(5), steps });
      return Float64Array.from((state as NetworkTrainingState).network[0]!.weights.data);
    };
    const [start, end] = [weights(0), weights(1)];
    return Array.from({ length: count }, (_, row) => row).filter((row) => start[2 * row] !== end[2 * row]);
  };

  test.each([
    [12, 4, 2, 8],
    [12, 4, 3, 12],
    [13, 5, 3, 13],
  ])("%i examples, batches of %i: after %i steps %i were seen", (count, size, steps, seen) => {
    expect(rowsChanged(count, size, steps)).toHaveLength(seen);
  });
});

const small = { train: labelled(30, 4), classes: 3, hidden: [5], activation: "tanh", batchSize: 6 } as const;
type Theta = { logRate: Tensor; momentum: Tensor; alpha: Tensor };
const { problem } = networkTraining({
  ...small,
  horizon: 12,
  optimizer: (theta: Theta) =>
    lookahead(momentum({ learningRate: np.exp(theta.logRate), momentum: theta.momentum }), {
      k: 3,
      alpha: theta.alpha,
    }),
});
const start = { logRate: -1, momentum: 0.7, alpha: 0.6 };
const thetaOf = (numbers: Record<keyof Theta, number>): Theta => tree.tensors(numbers, "float64");

test("the gradient of the mean loss by backpropagation is that of differences, for three hyperparameters", () => {
  const key = random.key(3);
  const estimator = bptt(problem, { objective: "mean" });
  const theta = thetaOf(start);
  const { gradient } = estimator.estimate(theta, estimator.init(theta, key), key);
  const meanLoss = (numbers: typeof start): number => {
    const at = thetaOf(numbers);
    return estimator.estimate(at, estimator.init(at, key), key).loss;
  };
  for (const name of ["logRate", "momentum", "alpha"] as const) {
    const step = 1e-5;
    const moved = (sign: number) => meanLoss({ ...start, [name]: start[name] + sign * step });
    const slope = (moved(1) - moved(-1)) / (2 * step);
    expect(gradient[name].item() / slope).toBeCloseTo(1, 6);
  }
});

test("a grid in one call has the losses of single runs; slow weights are evaluated", () => {
  const rates = [-2, -1];
  const run = { key: random.key(8), isCommon: true };
  const grid = unroll(
    problem,
    { logRate: np.array(rates), momentum: np.array([0.7, 0.7]), alpha: np.array([0.6, 0.6]) },
    { ...run, isThetaBatched: true },
  ).losses.data;
  rates.forEach((logRate, i) => {
    const alone = unroll(problem, tree.tensors({ ...start, logRate }), run).losses.data;
    alone.forEach((loss, t) => expect(grid[t * 2 + i]! / loss).toBeCloseTo(1, 5));
  });
  const { evaluated } = networkTraining({ ...small, optimizer: () => lookahead(sgd(), { k: 4 }) });
  const network = [{ weights: np.ones([2]) }];
  const slow = [{ weights: np.zeros([2]) }];
  const state = { network, optimizer: { slow }, order: { factor: np.ones([]), shift: np.ones([]) } };
  expect(evaluated({}, state)).toBe(slow);
});

test("options are checked at construction", () => {
  const optimizer = () => sgd();
  expect(() => networkTraining({ ...small, optimizer, batchSize: 0 })).toThrow("networkTraining: batchSize");
  expect(() => networkTraining({ ...small, optimizer, hidden: [3, 0] })).toThrow("hidden[1]");
  expect(() => networkTraining({ ...small, optimizer, activation: "gelu" as never })).toThrow("activation");
  expect(() => networkTraining({ ...small, optimizer: sgd() as never })).toThrow("a function of theta");
});
