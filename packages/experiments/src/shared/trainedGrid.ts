/** Networks trained with every setting of a grid side by side, and what they are worth: cells of one seed each. */
import {
  type CellResult,
  type Key,
  type Method,
  type NetworkTraining,
  type NetworkTrainingState,
  type Tensor,
  compiled,
  np,
  random,
  vmap,
} from "unspool";
import type { SmallMnist } from "./data/mnist.ts";
import { type Curve, byParticle, curveOf } from "./records.ts";
import { type UnrollingState, unrolling, unrollingSteps } from "./unrolling.ts";
import { mean } from "./series.ts";

/** One setting, over seeds. */
export interface Trained {
  /** Of the whole training set at the end, by seed. NaN and infinity as they come. */
  trainLosses: number[];
  /** Mean over seeds. */
  trainLoss: number;
  testAccuracy: number;
  /** Loss of fresh batches, means over windows of steps and over seeds. */
  curve: Curve;
}

export interface GridOptions {
  data: SmallMnist;
  /** The network of number s uses `foldIn(key, s)` for all settings: the same first weights and the same batches. */
  key: Key;
  network: number;
  /** Default: the horizon. */
  steps?: number;
}

/** Steps that a point of a learning curve averages. */
export const stepsPerPoint = 20;

/** What advances all settings; metrics of the last step: `trainLoss` and `testError` of each. */
export interface GridSetup {
  theta: Record<string, Tensor>;
  method: Method<Record<string, Tensor>, UnrollingState>;
  steps: number;
}

/** Trains with each theta of `thetas`, records of hyperparameters of the same names. */
export function gridSetup<Name extends string>(
  { problem, loss, error, evaluated }: NetworkTraining<Record<Name, Tensor>>,
  thetas: readonly Record<Name, number>[],
  { data, key, network, steps = problem.horizon }: GridOptions,
): GridSetup {
  const measure = compiled(
    "measureGrid",
    vmap((at: Record<Name, Tensor>, state: NetworkTrainingState) => {
      const found = evaluated(at, state);
      return { loss: loss(found, data.train), error: error(found, data.test) };
    }),
  );
  const method = unrolling(problem, {
    key: random.foldIn(key, network),
    length: steps,
    isThetaBatched: true,
    isCommon: true,
    window: stepsPerPoint,
    measure(theta, state) {
      const found = measure(theta, state as NetworkTrainingState);
      return { trainLoss: found.loss.data, testError: found.error.data };
    },
  });
  return {
    theta: stack(thetas),
    method,
    steps: unrollingSteps(problem, steps, stepsPerPoint),
  };
}

/** What the settings came to, from the results of one cell for each network. */
export function trainedOf(networks: readonly CellResult[], settings: number): Trained[] {
  const ends = networks.map(({ metrics }) => {
    const last = metrics.at(-1);
    return {
      losses: byParticle(last, "trainLoss", settings),
      errors: byParticle(last, "testError", settings),
    };
  });
  return Array.from({ length: settings }, (_, i) => {
    const trainLosses = ends.map(({ losses }) => losses[i]!);
    const curves = networks.map(({ metrics }) => curveOf(metrics, `loss${i}`, settings));
    return {
      trainLosses,
      trainLoss: mean(trainLosses),
      testAccuracy: 1 - mean(ends.map(({ errors }) => errors[i]!)),
      curve: {
        x: curves[0]!.x,
        y: curves[0]!.y.map((_unused, t) => mean(curves.map(({ y }) => y[t]!))),
      },
    };
  });
}

/** Records of numbers as one record of tensors [count]. */
export function stack<Name extends string>(records: readonly Record<Name, number>[]): Record<Name, Tensor> {
  const names = Object.keys(records[0]!) as Name[];
  const entries = names.map((name) => [name, np.array(records.map((record) => record[name]))] as const);
  return Object.fromEntries(entries) as Record<Name, Tensor>;
}
