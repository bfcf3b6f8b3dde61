/** Networks trained with every setting of a grid and several seeds, in one program per seed, and what they are worth. */
import {
  type Key,
  type NetworkTraining,
  type NetworkTrainingState,
  type Tensor,
  compiled,
  np,
  random,
  unroll,
  vmap,
} from "unspool";
import type { SmallMnist } from "./data/mnist.ts";
import { mean } from "./series.ts";

/** One setting, over seeds. */
export interface Trained {
  /** Of the whole training set at the end, by seed. NaN and infinity as they come. */
  trainLosses: number[];
  /** Mean over seeds. */
  trainLoss: number;
  testAccuracy: number;
  /** Loss of each step, mean over seeds. */
  curve: number[];
}

export interface GridOptions {
  data: SmallMnist;
  /** Seed s uses `foldIn(key, s)` for all settings: the same first weights and the same batches. */
  key: Key;
  seeds: number;
  /** Default: the horizon. */
  steps?: number;
}

/** Trains with each theta of `thetas`, records of hyperparameters of the same names. */
export function trainGrid<Name extends string>(
  { problem, loss, error, evaluated }: NetworkTraining<Record<Name, Tensor>>,
  thetas: readonly Record<Name, number>[],
  { data, key, seeds, steps = problem.horizon }: GridOptions,
): Trained[] {
  const theta = stack(thetas);
  const measure = compiled(
    "measureGrid",
    vmap((at: Record<Name, Tensor>, state: NetworkTrainingState) => {
      const network = evaluated(at, state);
      return { loss: loss(network, data.train), error: error(network, data.test) };
    }),
  );
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const { losses, state } = unroll(problem, theta, {
      key: random.foldIn(key, seed),
      steps,
      isThetaBatched: true,
      isCommon: true,
    });
    const measured = measure(theta, state as NetworkTrainingState);
    return { losses: losses.data, loss: measured.loss.data, error: measured.error.data };
  });
  return thetas.map((_, i) => {
    const trainLosses = runs.map(({ loss: all }) => all[i]!);
    return {
      trainLosses,
      trainLoss: mean(trainLosses),
      testAccuracy: 1 - mean(runs.map(({ error: all }) => all[i]!)),
      curve: Array.from({ length: steps }, (_unused, t) =>
        mean(runs.map(({ losses }) => losses[t * thetas.length + i]!)),
      ),
    };
  });
}

/** Records of numbers as one record of tensors [count]. */
export function stack<Name extends string>(records: readonly Record<Name, number>[]): Record<Name, Tensor> {
  const names = Object.keys(records[0]!) as Name[];
  const entries = names.map((name) => [name, np.array(records.map((record) => record[name]))] as const);
  return Object.fromEntries(entries) as Record<Name, Tensor>;
}

/** Means over windows of `length` steps, at the step in the middle of each. */
export function smoothed(curve: readonly number[], length: number): { x: number[]; y: number[] } {
  const starts = Array.from({ length: Math.floor(curve.length / length) }, (_, i) => i * length);
  return {
    x: starts.map((start) => start + (length + 1) / 2),
    y: starts.map((start) => mean(curve.slice(start, start + length))),
  };
}
