/**
 * Episodes of a policy in an environment, all at once: each is a particle of one compiled program, whose results have
 * the same bits for any number of threads. An episode that has ended stays as it is and gains nothing more; the program
 * stops when all have.
 *
 *     R = sum_{t < L} discount^t r_t,   L = steps until the end or the limit
 *
 * Random numbers: episode e of a key k has the key foldIn(k, e), its start is drawn from foldIn(·, "reset"), step t from
 * foldIn(foldIn(·, "steps"), t), and a policy draws from foldIn(·, "policy") of that. So an episode is the same alone
 * and among others, and candidates are compared on common episodes.
 */
import { type Key, type Tensor, np, requireRepeatable, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Executor, defaultExecutor } from "../../unroll/index.ts";
import type { Environment, Policy } from "./environment.ts";
import {
  type EpisodeTicket,
  type EpisodeUnit,
  type Recorded,
  episodeProgram,
  episodeStart,
  trajectoriesOf,
} from "./episodeProgram.ts";
import { type RunningMoments, mergeMoments } from "./runningMoments.ts";

export interface EpisodePlayerOptions {
  /** Steps after which an episode is cut off. Default: the environment's limit. */
  steps?: number;
  /** Default 1. */
  discount?: number;
  /** Whether mean and deviation of all observed are measured, for filters. Default false. */
  hasMoments?: boolean;
  /** Whether every step is kept, for figures and critics. Default false. */
  isRecorded?: boolean;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface PlayOptions {
  /** Episodes, of each candidate where there are several. Default 1. */
  episodes?: number;
  /** All candidates play the same episodes. Default true. */
  isCommon?: boolean;
}

/** Every step of every episode, [steps, episodes, …]. What follows an episode's end means nothing. */
export interface Trajectories<State = unknown> {
  /** Before each step. */
  states: State;
  /** What the policy saw and did. */
  observations: Tensor;
  actions: Tensor;
  /** 0 after the end. */
  rewards: Tensor;
  /** Bool: the step was taken. */
  isAlive: Tensor;
  /** Bool: the episode ended in this step for its own reasons. */
  terminated: Tensor;
}

/** What came out, [episodes] or [candidates, episodes]. */
export interface Episodes<State = unknown> {
  /** float64. */
  returns: Tensor;
  /** int32: steps taken. */
  lengths: Tensor;
  /** Bool: ended for its own reasons, not by the limit. */
  isTerminated: Tensor;
  /** What would be observed next, [episodes, …]: for values of what was cut off. */
  finalObservations: Tensor;
  /** Steps of all episodes together: what it has cost. */
  innerSteps: number;
  /** Of everything observed before a step, in float64; with `hasMoments`. */
  moments?: RunningMoments;
  /** With `isRecorded`. */
  trajectories?: Trajectories<State>;
}

export interface EpisodePlayer<Theta, State = unknown> {
  /** Episodes of one policy. */
  play(theta: Theta, key: Key, options?: PlayOptions): Episodes<State>;
  /** Episodes of several: leaves of `thetas` have a first axis of candidates. */
  playEach(thetas: Theta, key: Key, options?: PlayOptions): Episodes<State>;
}

/** Steps of one call of the program at most: episodes that end early cost no more than this beyond their end. */
const longestWindow = 100;

/** What plays episodes of `policy` in `environment`, compiled at the first call. */
export function episodePlayer<Theta, State>(
  environment: Environment<State>,
  policy: Policy<Theta>,
  options: EpisodePlayerOptions = {},
): EpisodePlayer<Theta, State> {
  const where = `episodePlayer (${environment?.name})`;
  requireKnownOptions(where, options, ["steps", "discount", "hasMoments", "isRecorded", "executor"]);
  requirePlayable(where, environment, policy);
  const { steps = environment.timeLimit, discount = 1, hasMoments = false, isRecorded = false } = options;
  requireInteger(where, "steps", steps, 1);
  if (!(discount >= 0 && discount <= 1)) throw new OptionError(where, "discount", discount, "from 0 to 1");
  const windows = Math.ceil(steps / longestWindow);
  const settings = { environment, policy, steps, discount, hasMoments, isRecorded } as const;
  const start = episodeStart(settings);
  const program = episodeProgram(settings, Math.ceil(steps / windows));

  let isChecked = false;
  /** The policy is part of the program: it must give the same one whenever it is traced. */
  function requirePolicy(at: EpisodeUnit, shared: { theta?: unknown; key: Key }): void {
    if (isChecked) return;
    const first = <T>(stacked: T): T => tree.map((leaf: Tensor) => leaf.slice(0), stacked as unknown) as T;
    const theta = ("theta" in at ? first(at.theta) : shared.theta) as Theta;
    const act = (given: Theta, observation: Tensor, key: Key) => policy.act(given, observation, key);
    const instead = "Draw with the key that act is given.";
    requireRepeatable(`${policy.name}.act`, act, [theta, first(at.observation), shared.key], instead);
    isChecked = true;
  }

  function run(
    shared: { theta?: unknown; key: Key },
    tickets: EpisodeTicket,
    shape: readonly number[],
  ): Episodes<State> {
    const executor = options.executor ?? defaultExecutor();
    const history: Record<string, Tensor>[] = [];
    let at: EpisodeUnit = executor.forward(start, shared, tickets).each;
    requirePolicy(at, shared);
    for (let w = 0; w < windows; w++) {
      if (!isRecorded && isOver(at)) break;
      const result = executor.forward(program, shared, at);
      at = result.units;
      history.push(...result.history);
    }
    const { progress, observation, moments } = at;
    return {
      returns: progress.value.reshape([...shape]),
      lengths: progress.length.reshape([...shape]),
      isTerminated: progress.terminated.reshape([...shape]),
      finalObservations: observation.reshape([...shape, ...observation.shape.slice(1)]),
      innerSteps: Array.from(progress.length.data).reduce((sum, length) => sum + length, 0),
      ...(moments && { moments: mergeMoments(moments) }),
      ...(isRecorded && {
        trajectories: trajectoriesOf<State>(at, history as Recorded[], steps),
      }),
    };
  }

  return {
    play(theta, key, given = {}) {
      const { episodes = 1 } = requirePlay(where, given);
      return run({ theta, key }, { episode: np.arange(episodes).astype("int32") }, [episodes]);
    },
    playEach(thetas, key, given = {}) {
      const { episodes = 1, isCommon = true } = requirePlay(where, given);
      const candidates = candidatesOf(where, thetas);
      const every = np.arange(candidates * episodes).astype("int32");
      const units = {
        episode: isCommon ? every.mod(episodes) : every,
        theta: tree.map((leaf: Tensor) => np.repeat(leaf, episodes, 0) as Tensor, thetas as unknown),
      };
      return run({ key }, units, [candidates, episodes]);
    },
  };
}

/** Throws `OptionError` for what is no traced environment, and no policy. */
function requirePlayable(where: string, environment: unknown, policy: unknown): void {
  if ((environment as Partial<Environment> | undefined)?.isTraceable !== true)
    throw new OptionError(
      where,
      "environment",
      environment,
      "a traced environment",
      "Make one by defineEnvironment. Simulators in plain code are played by playSimulated, or in threads by simulatorPool.",
    );
  if (typeof (policy as Partial<Policy> | undefined)?.act !== "function")
    throw new OptionError(where, "policy", policy, "a policy: { name, init, act }");
}

function isOver({ progress }: EpisodeUnit): boolean {
  return progress.isOver.data.every((over) => over === 1);
}

function requirePlay(where: string, given: PlayOptions): PlayOptions {
  requireKnownOptions(where, given, ["episodes", "isCommon"]);
  requireInteger(where, "episodes", given.episodes ?? 1, 1);
  return given;
}

/** How many candidates stacked parameters hold. */
export function candidatesOf(where: string, thetas: unknown): number {
  const counts = new Set(tree.leaves(thetas).map(({ shape }) => shape[0]));
  const [count] = counts;
  if (counts.size === 1 && count !== undefined && count > 0) return count;
  throw new OptionError(
    where,
    "thetas",
    thetas,
    "a tree whose leaves have the same first axis, of candidates",
    "Stack policies by np.stack, or play one by play.",
  );
}
