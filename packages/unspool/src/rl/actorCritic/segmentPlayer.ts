/**
 * Samplers that play segments: each holds a perturbation of theta for N steps, or until its episode ends, and then
 * another (Lei et al., arXiv 2201.12518). Episodes go on from segment to segment; a new one begins with a segment, never
 * inside of one. All steps of a segment of all samplers are one compiled program.
 *
 * Random numbers: segment h of a key k has the key foldIn(k, h). Perturbations are drawn from foldIn(·, "noise") by their
 * numbers, so that they need not be kept: the gradient draws them again.
 */
import { type Key, type Tensor, random, tensorOf, tree } from "../../array/index.ts";
import {
  NonFiniteError,
  OptionError,
  requireInteger,
  requireKnownOptions,
  requirePositive,
} from "../../errors.ts";
import { type Executor, defaultExecutor } from "../../unroll/index.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { candidatesOf } from "../environments/episodePlayer.ts";
import { drawsOf, pastSegments, wholeNumbers } from "./pastSegments.ts";
import type { PlayedSegments } from "./playedSegments.ts";
import { spaceShape } from "../environments/space.ts";
import { requireActions } from "./requireActions.ts";
import {
  type Draw,
  type Samplers,
  type SegmentSettings,
  perturbationProgram,
  samplerStart,
  segmentProgram,
  weighProgram,
} from "./segmentProgram.ts";

export interface SegmentPlayerOptions {
  /** Standard deviation of the perturbations. Default 0.1. */
  sigma?: number;
  /** Steps for which one perturbation is held, N. Default 20. */
  segmentLength?: number;
  /** Samplers, each with an environment of its own, n. Default 10. */
  samplers?: number;
  /** Samplers 2i and 2i + 1 have opposite perturbations, each in its own state. Default false. */
  isAntithetic?: boolean;
  /** Least and greatest of every parameter as it is played: perturbed ones are clipped. Default null. */
  box?: readonly [low: number, high: number] | null;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export const segmentPlayerOptions = [
  "sigma",
  "segmentLength",
  "samplers",
  "isAntithetic",
  "box",
  "executor",
] as const;

export interface SegmentPlayer<Theta> {
  readonly samplers: number;
  /** Samplers before their first episode. Throws `ShapeError` where the policy's actions do not fit the environment. */
  start(theta: Theta, key: Key): Samplers;
  /** `segments` segments of every sampler, each with a perturbation of its own. */
  play(theta: Theta, samplers: Samplers, key: Key, segments: number): PlayedSegments;
  /** The same without perturbations. */
  playHeld(theta: Theta, samplers: Samplers, key: Key, segments: number): PlayedSegments;
  /** The same with given parameters: leaves have a first axis of samplers · segments, those of a sampler in a row. */
  playEach(thetas: Theta, samplers: Samplers, key: Key): PlayedSegments;
  /** Sum over segments of weight times perturbation, of `play` with this key. float64, in the structure of theta. */
  weigh(theta: Theta, key: Key, weights: Float64Array): Theta;
  /** The standard normal perturbations of `play` with this key, stacked: [samplers · segments, …]. */
  perturbations(theta: Theta, key: Key, segments: number): Theta;
}

/** What plays segments of `policy` in `environment`, compiled at the first call. */
export function segmentPlayer<Theta, State>(
  environment: Environment<State>,
  policy: Policy<Theta>,
  options: SegmentPlayerOptions = {},
): SegmentPlayer<Theta> {
  const where = "segmentPlayer";
  requireKnownOptions(where, options, segmentPlayerOptions);
  const { isAntithetic, samplers, ...given } = checkedPlayer(where, options);
  const settings = { environment, policy, ...given } as SegmentSettings;
  const programs = {
    start: samplerStart(settings),
    segment: segmentProgram(settings),
    weigh: weighProgram(settings),
    perturbations: perturbationProgram(settings),
  };
  const executor = (): Executor => options.executor ?? defaultExecutor();
  const past = pastSegments(samplers, isAntithetic);
  const each = wholeNumbers(samplers, (i) => i);
  const ownDraws = drawsOf(isAntithetic, samplers, (i) => i);

  function playWith(
    at: Samplers,
    key: Key,
    segments: number,
    unitsOf: (h: number) => { shared: { theta?: unknown }; own: { draw?: Draw; theta?: unknown } },
  ): PlayedSegments {
    const played = emptySegments(at, samplers, segments, settings.segmentLength, spaceNumbers(environment));
    let now = at;
    for (let h = 0; h < segments; h++) {
      const { shared, own } = unitsOf(h);
      const result = executor().forward(
        programs.segment,
        { ...shared, key: random.foldIn(key, h) },
        { sampler: each, at: now, ...own },
      );
      now = result.units.at;
      keepSegment(played, environment, h, result.history, now);
    }
    return { ...played, samplers: now };
  }

  return {
    samplers,
    start(theta, key) {
      const at = executor().forward(programs.start, { key }, { sampler: each }).each;
      const first = tree.map((leaf: Tensor) => leaf.slice(0), at.observation);
      requireActions(environment, policy as Policy, theta, first);
      return at;
    },
    play(theta, at, key, segments) {
      requireInteger(where, "segments", segments, 1);
      return playWith(at, key, segments, () => ({ shared: { theta }, own: { draw: ownDraws } }));
    },
    playHeld(theta, at, key, segments) {
      requireInteger(where, "segments", segments, 1);
      return playWith(at, key, segments, () => ({ shared: { theta }, own: {} }));
    },
    playEach(thetas, at, key) {
      const count = candidatesOf(where, thetas);
      if (count % samplers !== 0)
        throw new OptionError(where, "candidates", count, `a multiple of the ${samplers} samplers`);
      const segments = count / samplers;
      return playWith(at, key, segments, (h) => {
        const theta = tree.map((leaf: Tensor) => rowsOf(leaf, h, segments), thetas as unknown);
        return { shared: {}, own: { theta } };
      });
    },
    weigh(theta, key, weights) {
      const { length } = weights;
      const shared = { theta: theta as unknown, key };
      const { mean } = executor().forward(programs.weigh, shared, past(length / samplers, weights));
      return tree.map((leaf: Tensor) => leaf.mul(length), mean.gradient) as Theta;
    },
    perturbations(theta, key, segments) {
      const count = samplers * segments;
      const units = past(segments, new Float64Array(count));
      return executor().forward(programs.perturbations, { theta: theta as unknown, key }, units).each
        .noise as Theta;
    },
  };
}

/** The checked options, with defaults. */
export function checkedPlayer(
  where: string,
  options: SegmentPlayerOptions,
): Required<Omit<SegmentPlayerOptions, "executor">> {
  const { sigma = 0.1, segmentLength = 20, samplers = 10, isAntithetic = false, box = null } = options;
  requirePositive(where, "sigma", sigma);
  requireInteger(where, "segmentLength", segmentLength, 1);
  requireInteger(where, "samplers", samplers, 1);
  if (isAntithetic && samplers % 2 === 1)
    throw new OptionError(where, "samplers", samplers, "even where isAntithetic, for pairs");
  requireBounds(where, box);
  return { sigma, segmentLength, samplers, isAntithetic, box };
}

function requireBounds(where: string, given: unknown): void {
  if (given === null) return;
  const isPair = Array.isArray(given) && given.length === 2 && given.every((x) => typeof x === "number");
  const [low, high] = isPair ? (given as [number, number]) : [NaN, NaN];
  if (low < high) return;
  const { low: least, high: most } = given as { low?: unknown; high?: unknown };
  const hint =
    typeof least === "number" && typeof most === "number"
      ? `Write [${least}, ${most}].`
      : low > high
        ? "Swap them?"
        : "It is one for all parameters: tunedController maps each to a range of its own.";
  throw new OptionError(where, "box", given, "[low, high] with low below high, or null", hint);
}

/** Rows h, h + segments, h + 2 segments … of a stacked leaf. */
function rowsOf(leaf: Tensor, h: number, segments: number): Tensor {
  const [count, ...shape] = leaf.shape as [number, ...number[]];
  const size = leaf.size / count;
  const rows = count / segments;
  const data = new (leaf.data.constructor as Float64ArrayConstructor)(rows * size);
  for (let i = 0; i < rows; i++) {
    const from = (i * segments + h) * size;
    data.set(leaf.data.subarray(from, from + size), i * size);
  }
  return tensorOf(data, [rows, ...shape], leaf.dtype);
}

type RoomForSegments = Omit<PlayedSegments, "samplers"> & { actions: Float64Array };

/** Numbers of an action. */
const spaceNumbers = ({ actionSpace }: Pick<Environment, "actionSpace">): number =>
  spaceShape(actionSpace).reduce((product, length) => product * length, 1);

function emptySegments(
  { observation }: Samplers,
  samplers: number,
  segments: number,
  segmentLength: number,
  actionSize: number,
): RoomForSegments {
  const observationSize = observation.size / samplers;
  const count = samplers * segments;
  return {
    segments,
    segmentLength,
    observationSize,
    observations: new Float64Array(count * (segmentLength + 1) * observationSize),
    actions: new Float64Array(count * segmentLength * actionSize),
    rewards: new Float64Array(count * segmentLength),
    lengths: new Int32Array(count),
    terminated: new Uint8Array(count),
    isOver: new Uint8Array(count),
    returns: [],
  };
}

/** Writes segment h of all samplers to where it belongs. */
function keepSegment(
  played: RoomForSegments,
  { name, actionSpace }: Pick<Environment, "name" | "actionSpace">,
  h: number,
  history: readonly Record<string, Tensor>[],
  now: Samplers,
): void {
  const { segments, segmentLength, observationSize } = played;
  const put = (of: Tensor, sampler: number, k: number): void => {
    const from = of.data.subarray(sampler * observationSize, (sampler + 1) * observationSize);
    const at = (sampler * segments + h) * (segmentLength + 1) + k;
    played.observations.set(from, at * observationSize);
  };
  history.forEach(({ observation, action, reward, isAlive, terminated, isActionFinite }, k) => {
    for (let sampler = 0; sampler < isAlive!.size; sampler++) {
      const i = sampler * segments + h;
      put(observation!, sampler, k);
      const width = action!.size / isAlive!.size;
      const acted = action!.data.subarray(sampler * width, (sampler + 1) * width);
      played.actions.set(acted, (i * segmentLength + k) * width);
      const gained = reward!.data[sampler]!;
      if (!Number.isFinite(gained) || isActionFinite!.data[sampler] === 0) {
        const what = Number.isFinite(gained) ? "the action of the policy" : "the reward";
        throw new NonFiniteError(
          name,
          `${what} in step ${k} of segment ${h} of sampler ${sampler} is not finite${what === "the reward" ? ` (${gained})` : ""}. ` +
            "End the episode (terminated) before the numbers run away, or lower sigma.",
          { step: k, segment: h, sampler, quantity: what },
        );
      }
      const isPlayed = isAlive!.data[sampler] === 1;
      if (isPlayed && actionSpace.kind === "discrete" && !(acted[0]! >= 0 && acted[0]! < actionSpace.count))
        throw new OptionError(
          name,
          `the action of the policy in step ${k} of segment ${h} of sampler ${sampler}`,
          acted[0],
          `one of its ${actionSpace.count} choices, 0 to ${actionSpace.count - 1}`,
        );
      played.rewards[i * segmentLength + k] = gained;
      played.lengths[i]! += isAlive!.data[sampler]!;
      played.terminated[i]! |= terminated!.data[sampler]!;
    }
  });
  for (let sampler = 0; sampler < now.isOver.size; sampler++) {
    put(now.observation, sampler, segmentLength);
    if (now.isOver.data[sampler] !== 1) continue;
    played.isOver[sampler * segments + h] = 1;
    played.returns.push(now.value.data[sampler]!);
  }
}
