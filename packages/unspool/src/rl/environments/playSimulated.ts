/**
 * Episodes in plain code: what `episodePlayer` is to traced environments. Parameters, observations and actions are flat
 * arrays of float64, so that a step costs no more than the simulator.
 */
import { type Key, type RandomStream, random, randomStream } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { MeanAndDeviation } from "./observationFilter.ts";
import type { RunningMoments } from "./runningMoments.ts";
import type { SimulatedEnvironment, SimulatorInstance } from "./simulatedEnvironment.ts";
import { spaceSize } from "./space.ts";

/** A policy in plain code. */
export interface SimulatedPolicy {
  readonly name: string;
  /** Numbers of theta. */
  readonly size: number;
  /** Numbers that it reads of an observation and writes of an action, where it says so: then an environment of others is refused. */
  readonly observationSize?: number;
  readonly actionSize?: number;
  /** Writes the action for an observation into `action`: the numbers of a box, or one choice. */
  act(theta: Float64Array, observation: ArrayLike<number>, action: Float64Array, random: RandomStream): void;
}

/** What the policy sees in place of the observation: (x - mean) / (std + 1e-8), not beyond ±`clip`. */
export interface SimulatedFilter extends MeanAndDeviation {
  clip?: number;
}

export interface PlaySimulatedOptions {
  /** Default: the environment's limit. */
  steps?: number;
  /** Default 1. */
  discount?: number;
  /** What observations are brought to before the policy sees them. Default: they are as they came. */
  filter?: SimulatedFilter;
  /** Whether mean and deviation of all observed are measured. Default false. */
  hasMoments?: boolean;
  /** Told after every step: for figures. */
  onStep?(step: { t: number; observation: ArrayLike<number>; action: Float64Array; reward: number }): void;
}

export interface SimulatedEpisode {
  /** The return. */
  value: number;
  length: number;
  isTerminated: boolean;
  moments?: RunningMoments;
}

/** Plays one episode, a pure function of theta and key for a simulator that starts anew at `reset`. */
export function playSimulated(
  environment: Pick<SimulatedEnvironment, "name" | "observationSpace" | "actionSpace" | "timeLimit">,
  instance: SimulatorInstance,
  policy: SimulatedPolicy,
  theta: Float64Array,
  key: Key,
  options: PlaySimulatedOptions = {},
): SimulatedEpisode {
  const { steps = environment.timeLimit, discount = 1, filter, hasMoments = false, onStep } = options;
  const size = spaceSize(environment.observationSpace);
  requireSizes(environment, policy, theta, size, filter);
  if (typeof instance?.reset !== "function" || typeof instance.step !== "function")
    throw new OptionError(
      environment.name,
      "instance",
      instance,
      "a running simulator",
      "Make one by await environment.create().",
    );
  const draws = randomStream(random.foldIn(key, "policy").data);
  const action = new Float64Array(
    environment.actionSpace.kind === "discrete" ? 1 : spaceSize(environment.actionSpace),
  );
  const seen = filter === undefined ? undefined : new Float64Array(size);
  const moments = hasMoments ? welford(size) : undefined;
  let observation = instance.reset(randomStream(random.foldIn(key, "reset").data));
  let [value, weight, t, isTerminated] = [0, 1, 0, false];
  while (t < steps && !isTerminated) {
    moments?.add(observation);
    const shown = seen === undefined ? observation : filtered(filter!, observation, seen);
    requireWritten(environment.name, policy, action, policy.act(theta, shown, action, draws));
    requireChoice(environment, t, action);
    const next = instance.step(action);
    value += weight * next.reward;
    weight *= discount;
    onStep?.({ t, observation, action, reward: next.reward });
    ({ observation, terminated: isTerminated } = next);
    t++;
  }
  return { value, length: t, isTerminated, ...(moments && { moments: moments.value() }) };
}

/** What a policy sees of an observation, written to `into`. */
export function filtered(
  { mean, std, clip = Infinity }: SimulatedFilter,
  observation: ArrayLike<number>,
  into: Float64Array,
): Float64Array {
  for (let i = 0; i < into.length; i++)
    into[i] = Math.min(clip, Math.max(-clip, (observation[i]! - mean[i]!) / (std[i]! + 1e-8)));
  return into;
}

/** Mean and squared deviations of rows, one after the other. */
function welford(size: number): { add(row: ArrayLike<number>): void; value(): RunningMoments } {
  const [mean, squares] = [new Float64Array(size), new Float64Array(size)];
  let count = 0;
  return {
    add(row) {
      count++;
      for (let i = 0; i < size; i++) {
        const apart = row[i]! - mean[i]!;
        mean[i]! += apart / count;
        squares[i]! += apart * (row[i]! - mean[i]!);
      }
    },
    value: () => ({ count, mean: [...mean], squares: [...squares] }),
  };
}

/** Whoever returns an action has not written it, and would play zeros for ever. */
export function requireWritten(
  name: string,
  policy: SimulatedPolicy,
  action: Float64Array,
  returned: unknown,
): void {
  // A function without braces returns what it writes.
  if (returned === undefined || returned === action) return;
  if (typeof returned === "number" && action.includes(returned)) return;
  const hint = "Its third argument is the array of the action: action[0] = ….";
  throw new OptionError(name, `what ${policy.name}.act returned`, returned, "nothing", hint);
}

/** Throws `OptionError` for what is none of the choices of a discrete space. */
export function requireChoice(
  { name, actionSpace }: Pick<SimulatedEnvironment, "name" | "actionSpace">,
  t: number,
  action: Float64Array,
): void {
  if (actionSpace.kind === "box") return;
  const choice = action[0] ?? NaN;
  if (Number.isInteger(choice) && choice >= 0 && choice < actionSpace.count) return;
  // What is no number at all is said by the environment.
  if (!Number.isFinite(choice)) return;
  throw new OptionError(
    `${name}, step ${t}`,
    "an action",
    choice,
    `a whole number from 0 to ${actionSpace.count - 1}`,
  );
}

function requireSizes(
  { name, actionSpace }: Pick<SimulatedEnvironment, "name" | "actionSpace">,
  policy: SimulatedPolicy,
  theta: Float64Array,
  size: number,
  filter: SimulatedFilter | undefined,
): void {
  const actions = actionSpace.kind === "discrete" ? 1 : spaceSize(actionSpace);
  const { observationSize = size, actionSize = actions } = policy;
  if (observationSize !== size || actionSize !== actions)
    throw new ShapeError(
      name,
      `the policy ${policy.name} is one of ${observationSize} observations and ${actionSize} actions, but there are ` +
        `${size} and ${actions}.`,
      { observationSize: size, actionSize: actions },
    );
  if (ArrayBuffer.isView(theta) === false && !Array.isArray(theta))
    throw new OptionError(
      name,
      "theta",
      theta,
      "a Float64Array",
      "Of a tensor: Float64Array.from(theta.data).",
    );
  if (theta.length !== policy.size)
    throw new ShapeError(
      name,
      `theta must have ${policy.size} numbers, as the policy ${policy.name} has, got ${theta.length}.`,
      { size: policy.size, given: theta.length },
    );
  if (filter !== undefined && (filter.mean.length !== size || filter.std.length !== size))
    throw new OptionError(name, "filter", filter, `a mean and a std of ${size} numbers each`);
}
