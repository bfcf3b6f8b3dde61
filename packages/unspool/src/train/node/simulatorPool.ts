/**
 * Many episodes of a simulator over worker threads, one simulator per thread. A job is the parameters of a policy and a
 * key; results are in the order of jobs and have the same bits for any number of threads. `play` returns when all are
 * done, without giving way to the event loop, so that methods, which are synchronous, can ask it; a run's own thread is
 * ended with those of its pools.
 */
import { type Key, random } from "../../array/index.ts";
import {
  OptionError,
  type UnspoolError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
} from "../../errors.ts";
import type { Json } from "../../methods/index.ts";
import {
  type RunningMoments,
  type SegmentBatch,
  type SimulatedFilter,
  type SimulatedSamplers,
  addMoments,
  emptyMoments,
} from "../../rl/index.ts";
import { executorThreads } from "../../unroll/index.ts";
import { type EpisodeBatch, type PlayerSizes, resultWidth } from "./simulatorJobs.ts";
import { errorOf, inThisThread, overThreads } from "./simulatorThreads.ts";

export interface SimulatorPoolOptions {
  /** Address of the module that makes environment and policy, such as `new URL("./players.js", import.meta.url)`. */
  module: URL | string;
  /** Its export: a function of `options` that gives `{ environment, policy }`, or a promise of them. */
  name: string;
  /** What it is called with: plain data. Default null. */
  options?: Json;
  /** Simulators. Default: the executor's threads (`--threads`). With one there is none besides the caller's. */
  threads?: number;
  /**
   * Further simulators that keep an episode each, as `samplers` for `zoac`; each stays in one thread. Default 0.
   */
  samplers?: number;
}

export interface PoolPlayOptions {
  /** Episodes of each candidate. Default 1. */
  episodes?: number;
  /** All candidates play the same episodes. Default true. */
  isCommon?: boolean;
  /** Default: the environment's limit. */
  steps?: number;
  /** Default 1. */
  discount?: number;
  /** What observations are brought to before the policy sees them. Default: they are as they came. */
  filter?: SimulatedFilter;
  /** Whether mean and deviation of all observed are measured. Default false. */
  hasMoments?: boolean;
  /**
   * What becomes of an episode in which the simulator throws or gives a number that is not finite: "throw" throws it, "nan"
   * makes its return NaN, and the others are played. What is no action or no observation of the environment is thrown
   * either way. Default "throw".
   */
  onBreakdown?: "throw" | "nan";
}

/** Of candidate c and episode e at [c * episodes + e]. */
export interface PoolEpisodes {
  returns: Float64Array;
  lengths: Float64Array;
  /** 1 of episodes that ended for their own reasons. */
  isTerminated: Float64Array;
  /** Steps of all together. */
  innerSteps: number;
  /** Of all observed in episodes that did not break down. */
  moments?: RunningMoments;
  /** What the first episode that broke down threw, where that was not thrown. */
  breakdown?: UnspoolError;
}

export interface SimulatorPool {
  readonly threads: number;
  readonly sizes: PlayerSizes;
  /** Plays segments: the `environment` of `zoac`. Absent without the option `samplers`. */
  readonly samplers?: SimulatedSamplers;
  /**
   * Plays episodes of candidates, [candidates, size of theta]. Episode e has the key `foldIn(key, e)`, as with
   * `episodePlayer`. What a simulator throws is thrown here, of the first job that has failed, or makes the return of its
   * episode NaN (`onBreakdown`). Either way the simulator is used again: its `reset` starts anew whatever happened.
   */
  play(thetas: Float64Array, key: Key, options?: PoolPlayOptions): PoolEpisodes;
  /** Ends its threads. A process that ends need not wait for them. */
  close(): Promise<void>;
}

const where = "simulatorPool";

/** Options of `play` that a loss has as well. */
export const playOptionNames = [
  "episodes",
  "isCommon",
  "steps",
  "discount",
  "filter",
  "onBreakdown",
] as const;

/** Starts the threads, and waits until each has made its simulator. */
export async function simulatorPool(options: SimulatorPoolOptions): Promise<SimulatorPool> {
  requireKnownOptions(where, options, ["module", "name", "options", "threads", "samplers"]);
  const { module, name, options: given = null, threads = executorThreads(), samplers = 0 } = options;
  if (!(module instanceof URL) && (typeof module !== "string" || module === ""))
    throw new OptionError(where, "module", module, "the address of a module");
  if (typeof module === "string" && module.startsWith("."))
    throw new OptionError(
      where,
      "module",
      module,
      "an address that means the same everywhere",
      `Write new URL(${JSON.stringify(module)}, import.meta.url).`,
    );
  if (typeof name !== "string") throw new OptionError(where, "name", name, "the name of an export");
  requireInteger(where, "threads", threads, 1);
  requireInteger(where, "samplers", samplers, 0);
  const source = { module: String(module), name, options: given, samplers };
  const machine = threads === 1 ? await inThisThread(source) : await overThreads(source, threads);
  const { sizes } = machine;
  return {
    threads,
    sizes,
    ...(samplers > 0 && { samplers: samplersOf(sizes, samplers, (batch) => machine.run(batch)) }),
    play(thetas, key, play = {}) {
      const batch = batchOf(sizes, thetas, key, play);
      const failure = machine.run(batch);
      const episodes = episodesOf(batch, sizes.observationSize);
      return failure === undefined ? episodes : { ...episodes, breakdown: errorOf([failure]) };
    },
    close: () => machine.close(),
  };
}

function samplersOf(
  { environment: name, policy, observationSpace, actionSpace, thetaSize, timeLimit }: PlayerSizes,
  samplers: number,
  play: (batch: SegmentBatch) => unknown,
): SimulatedSamplers {
  return {
    ...{ isTraceable: false, name, observationSpace, actionSpace, timeLimit, samplers },
    play: (batch) => void play(batch),
    policy: { name: policy, size: thetaSize },
    buffer: (bytes) => new SharedArrayBuffer(bytes),
  };
}

function batchOf(sizes: PlayerSizes, thetas: Float64Array, key: Key, play: PoolPlayOptions): EpisodeBatch {
  requireKnownOptions(where, play, [...playOptionNames, "hasMoments"]);
  const { episodes = 1, isCommon = true, steps = sizes.timeLimit, discount = 1, hasMoments = false } = play;
  const { onBreakdown = "throw" } = play;
  requireOneOf(where, "onBreakdown", onBreakdown, ["throw", "nan"]);
  requireInteger(where, "episodes", episodes, 1);
  requireInteger(where, "steps", steps, 1);
  const candidates = thetas.length / sizes.thetaSize;
  if (!Number.isInteger(candidates) || candidates < 1)
    throw new OptionError(
      where,
      "the length of thetas",
      thetas.length,
      `a multiple of ${sizes.thetaSize}, the numbers of ${sizes.policy}'s theta`,
    );
  const jobs = candidates * episodes;
  const width = resultWidth(sizes.observationSize, hasMoments);
  const keys = new Uint32Array(new SharedArrayBuffer(8 * jobs));
  const words = Array.from({ length: isCommon ? episodes : jobs }, (_, e) => random.foldIn(key, e).data);
  for (let job = 0; job < jobs; job++) keys.set(words[job % words.length]!, 2 * job);
  const shared = new Float64Array(new SharedArrayBuffer(thetas.byteLength));
  shared.set(thetas);
  const results = new Float64Array(new SharedArrayBuffer(8 * jobs * width));
  const { filter } = play;
  return {
    kind: "episodes",
    jobs,
    episodes,
    steps,
    discount,
    hasMoments,
    goesOn: onBreakdown === "nan",
    ...(filter && { filter }),
    thetas: shared,
    keys,
    results,
    width,
  };
}

function episodesOf(
  { jobs, results, width, hasMoments }: EpisodeBatch,
  observationSize: number,
): PoolEpisodes {
  const column = (at: number) => Float64Array.from({ length: jobs }, (_, job) => results[job * width + at]!);
  const lengths = column(1);
  const momentsAt = (job: number): RunningMoments => {
    const [count, ...rest] = results.subarray(job * width + 3, (job + 1) * width);
    return { count: count!, mean: rest.slice(0, observationSize), squares: rest.slice(observationSize) };
  };
  return {
    returns: column(0),
    lengths,
    isTerminated: column(2),
    innerSteps: lengths.reduce((sum, length) => sum + length, 0),
    ...(hasMoments && {
      moments: Array.from({ length: jobs }, (_, job) => momentsAt(job)).reduce(
        (all, one) => addMoments(all, one),
        emptyMoments(observationSize),
      ),
    }),
  };
}
