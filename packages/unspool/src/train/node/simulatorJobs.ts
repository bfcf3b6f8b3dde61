/** What a pool of simulators and its threads share: the words of their control block, and the form of a batch of jobs. */
import type { Json } from "../../methods/index.ts";
import type {
  SegmentBatch,
  SimulatedEnvironment,
  SimulatedFilter,
  SimulatedPolicy,
  Space,
} from "../../rl/index.ts";

/** What plays: made once in each thread. */
export interface SimulatorPlayer {
  environment: SimulatedEnvironment;
  policy: SimulatedPolicy;
}

/** What a module exports for a pool: makes the environment and the policy from options that are plain data. */
export type MakeSimulatorPlayer = (options: Json) => SimulatorPlayer | Promise<SimulatorPlayer>;

/** Where threads find what makes their players. */
export interface PlayerSource {
  /** Address of a module. */
  module: string;
  /** The export that is a `MakeSimulatorPlayer`. */
  name: string;
  options: Json;
  /** Simulators that keep an episode each: sampler i is in thread i mod threads. */
  samplers: number;
}

/** Which thread it is, of how many. */
export interface ThreadPlace {
  thread: number;
  threads: number;
}

/** Int32 words that all threads of a pool share. */
export const word = {
  /** Grows with every batch: threads sleep on it. */
  batch: 0,
  /** The next job to be taken. */
  next: 1,
  /** Threads that have left the batch; the caller sleeps on it. */
  left: 2,
  /** See `failed`. */
  failed: 3,
  words: 4,
} as const;

/** Whether a job of a batch has failed, and whether no more are taken for it. */
export const failed = { none: 0, one: 1, all: 2 } as const;

/** What threads are told to do. */
export type Batch = EpisodeBatch | SegmentBatch;

/** Job i plays candidate floor(i / episodes) with the i-th key. */
export interface EpisodeBatch {
  kind: "episodes";
  jobs: number;
  episodes: number;
  steps: number;
  discount: number;
  hasMoments: boolean;
  /** Whether the batch goes on where an episode breaks down, whose return is then NaN. */
  goesOn: boolean;
  filter?: SimulatedFilter;
  /** [candidates, size of the policy]. */
  thetas: Float64Array;
  /** [jobs, 2]. */
  keys: Uint32Array;
  /** [jobs, width]. */
  results: Float64Array;
  width: number;
}

/** Numbers of one result: return, length, terminated; count, means and squared deviations of the observed. */
export const resultWidth = (observationSize: number, hasMoments: boolean): number =>
  3 + (hasMoments ? 1 + 2 * observationSize : 0);

/** What a thread says of a job that has failed. */
export interface JobFailure {
  job: number;
  code: string;
  message: string;
  details: Record<string, unknown>;
  /** Whether it is the simulator that has broken down in this episode, and the batch went on. */
  isTolerated: boolean;
}

/** What threads post to the pool at their start, and after a batch in which one of their jobs has failed. */
export type ThreadAnswer = { kind: "ready"; sizes: PlayerSizes } | { kind: "failed"; failure: JobFailure };

export interface PlayerSizes {
  environment: string;
  policy: string;
  observationSpace: Space;
  actionSpace: Space;
  observationSize: number;
  thetaSize: number;
  timeLimit: number;
}
