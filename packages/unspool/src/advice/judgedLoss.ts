/** The loss at a theta, over trajectories that no trial run trains on, with its error. */
import { type Key, random } from "../array/index.ts";
import { measuredHorizon } from "../diagnostics/index.ts";
import { type Problem, unroll } from "../unroll/index.ts";

export interface JudgedLoss {
  /** Mean per inner step. */
  loss: number;
  /** Standard error: of the mean over trajectories, and over thetas where there are several. 0 for one of each. */
  standardError: number;
  /** 1 where all would be the same. */
  trajectories: number;
}

export interface Judge {
  problem: Problem;
  /** The trajectories: the same for all thetas. */
  key: Key;
  /** All trajectories are the same. */
  isDeterministic: boolean;
}

const trajectories = 32;

/** Judges thetas of one run, together. Cost: up to 32 trajectories each. */
export function judgedLoss({ problem, key, isDeterministic }: Judge, thetas: readonly unknown[]): JudgedLoss {
  const particles = isDeterministic ? 1 : trajectories;
  const steps = measuredHorizon(problem);
  const losses = thetas.map((theta) => {
    const unrolled = unroll(problem, theta, { key, particles, steps });
    return Array.from({ length: particles }, (_, i) => {
      let sum = 0;
      for (let t = 0; t < steps; t++) sum += unrolled.losses.data[t * particles + i]!;
      return sum / steps;
    });
  });
  const perTrajectory = Array.from({ length: particles }, (_, i) => mean(losses.map((row) => row[i]!)));
  const perTheta = losses.map(mean);
  return {
    loss: mean(perTheta),
    standardError: Math.hypot(standardErrorOf(perTrajectory), standardErrorOf(perTheta)),
    trajectories: particles,
  };
}

/** Inner steps of judging one theta. */
export function judgedSteps({ problem, isDeterministic }: Judge): number {
  return measuredHorizon(problem) * (isDeterministic ? 1 : trajectories);
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of the mean; 0 for one value. */
export function standardErrorOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** The key of a named part of a diagnosis. */
export const partKey = (key: Key, part: string, number = 0): Key =>
  random.foldIn(random.foldIn(key, part), number);
