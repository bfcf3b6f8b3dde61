/** The controllers that are tuned in `zoac-cartpole` and `zoac-acc`, with the settings of their tables. */
import {
  type Environment,
  type PidTheta,
  type Policy,
  type Tensor,
  adaptiveCruise,
  cartPole,
  cruisePid,
  np,
} from "unspool";

export const taskNames = ["cartpole", "acc"] as const;
export type TaskName = (typeof taskNames)[number];

/** Gains of a controller, [4]: both tasks have four. */
export type ControlTheta = PidTheta;

export interface ControlTask {
  /** Makes it, which also checks it by steps of it: not for who only asks what there is. */
  environment: () => Environment;
  policy: Policy<ControlTheta>;
  /** What a report says of a controller: minus the return is a cost where rewards are costs. */
  measure: "return" | "cost";
  /** Episodes of an evaluation. */
  episodes: number;
  /** Steps of the environment that a run may take. */
  budget: number;
  sigma: number;
  samplers: number;
  segmentLength: number;
  segments: number;
  learningRate: number;
  /** Passes of the critic per step, and which critic advantages are of. */
  criticEpochs: number;
  advantages: "collected" | "lastEpoch" | "final";
  /** Whether advantages are brought to deviation 1. */
  isNormalized: boolean;
  /** Of every gain. */
  box: readonly [low: number, high: number] | null;
  /** Episodes of a baseline's step. */
  wholeEpisodes: number;
  /** Of `ppoTraining`, where they are not its defaults. */
  ppo: { samplers?: number; played?: number; epochs?: number; learningRate?: number; criticRate?: number };
}

/** Factors of the observation: the angle counts five times. */
const scales = [1, 1, 5, 1];

/** Pushes to the right where w · (x, v, 5 angle, angular velocity) > 0, else to the left: no derivative anywhere. */
export const bangBang: Policy<ControlTheta> = {
  name: "bang-bang",
  init: () => ({ gains: np.zeros([4]) }),
  act: ({ gains }, s) => {
    const sum = gains.mul(np.array(scales)).mul(s).sum();
    return sum.greater(0).astype("int32") as Tensor;
  },
};

export const controlTasks: Readonly<Record<TaskName, ControlTask>> = {
  cartpole: {
    environment: () => cartPole(),
    policy: bangBang,
    measure: "return",
    episodes: 50,
    budget: 55_000,
    sigma: 0.3,
    samplers: 8,
    segmentLength: 10,
    segments: 8,
    learningRate: 0.1,
    criticEpochs: 5,
    advantages: "lastEpoch",
    isNormalized: true,
    box: null,
    wholeEpisodes: 16,
    ppo: {},
  },
  acc: {
    environment: () => adaptiveCruise(),
    policy: cruisePid(),
    measure: "cost",
    episodes: 20,
    budget: 200_000,
    sigma: 0.1,
    samplers: 10,
    segmentLength: 20,
    segments: 5,
    learningRate: 0.05,
    // As the authors' code of the controller tuning.
    criticEpochs: 10,
    advantages: "collected",
    isNormalized: true,
    box: [-1, 1],
    wholeEpisodes: 10,
    ppo: {},
  },
};
