/** Networks trained with one schedule, and what they are worth. */
import {
  type Key,
  type LabelledData,
  type Layer,
  type Problem,
  type ScheduleTheta,
  type Tensor,
  type TrainingState,
  compiled,
  crossEntropy,
  errorRate,
  random,
  unroll,
  vmap,
} from "unspool";
import { mean } from "../shared/series.ts";

export type ScheduleProblem = Problem<ScheduleTheta, TrainingState, { score: LabelledData }>;

export interface Trained {
  /** The objective on a fresh minibatch after each step, mean over networks. */
  curve: number[];
  /** Mean over the steps of the training loss on a fresh minibatch. */
  trainingLoss: number;
  /** The final loss of the finished networks, on one batch, mean over networks. */
  finalLoss: number;
  testLoss: number;
  testAccuracy: number;
}

/** As a list of numbers, which `trainedOf` reads. */
export function numbersOf({ curve, trainingLoss, finalLoss, testLoss, testAccuracy }: Trained): number[] {
  return [trainingLoss, finalLoss, testLoss, testAccuracy, ...curve];
}

export function trainedOf(numbers: readonly number[]): Trained {
  const [trainingLoss, finalLoss, testLoss, testAccuracy, ...curve] = numbers as [
    number,
    number,
    number,
    number,
    ...number[],
  ];
  return { curve, trainingLoss, finalLoss, testLoss, testAccuracy };
}

/**
 * Trains networks from new seeds with one schedule and measures them. `training` has the training loss as objective;
 * the networks of the two problems are the same.
 */
export function trainNetworks(
  { problem, training, test }: { problem: ScheduleProblem; training: ScheduleProblem; test: LabelledData },
  theta: ScheduleTheta,
  key: Key,
  networks: number,
): Trained {
  const { losses, state } = unroll(problem, theta, { key, particles: networks });
  const curve = [...losses.mean(1).data];
  const trainingLoss =
    problem === training
      ? mean(curve)
      : mean([...unroll(training, theta, { key, particles: networks }).losses.data]);
  const measure = compiled(
    "measure",
    vmap((layers: Layer[]) => ({ loss: crossEntropy(layers, test), error: errorRate(layers, test) })),
  );
  const measured = measure((state as TrainingState).layers);
  return {
    curve,
    trainingLoss,
    finalLoss: mean([...finalLosses(problem, state as TrainingState, random.foldIn(key, "final")).data]),
    testLoss: measured.loss.mean().item(),
    testAccuracy: 1 - measured.error.mean().item(),
  };
}

/** The final loss of each of several finished networks [n], on the batch of `key`. */
export function finalLosses(problem: ScheduleProblem, state: TrainingState, key: Key): Tensor {
  const batch = problem.finalData!(key);
  const measure = compiled(
    "final",
    vmap((layers: Layer[]) => problem.finalLoss!({} as ScheduleTheta, { layers, velocity: layers }, batch)),
  );
  return measure(state.layers);
}
