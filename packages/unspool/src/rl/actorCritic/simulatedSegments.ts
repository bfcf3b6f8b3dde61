/**
 * Segments of simulators in plain code, whose states nobody can copy. What is kept of a sampler is how its episode began
 * and every action since: from these a simulator gets to where it was, bit for bit. One that is still there goes on at once;
 * one that is not (after a resume, or asked again for the same segments) plays the actions again.
 */
import { randomStream } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import {
  type SimulatedFilter,
  type SimulatedPolicy,
  filtered,
  requireChoice,
  requireWritten,
} from "../environments/playSimulated.ts";
import { requireSimulatorPlayer } from "../environments/requireSimulatorPlayer.ts";
import type { SimulatedEnvironment, SimulatorInstance } from "../environments/simulatedEnvironment.ts";
import { type Space, spaceSize } from "../environments/space.ts";

/** Segments of all samplers: what is to be played, and room for what was. Plain data, which threads may share. */
export interface SegmentBatch {
  kind: "segments";
  samplers: number;
  segments: number;
  segmentLength: number;
  /** Of the observations, before the policy. */
  filter?: SimulatedFilter;
  /** [samplers, segments, size of the policy]. */
  thetas: Float64Array;
  /** Of an episode that begins, and of the policy's own draws: [samplers, segments, 2, 2]. */
  keys: Uint32Array;
  /** Of the episodes now: their keys [samplers, 2], and the actions so far [samplers, timeLimit, actions]. */
  episodeKeys: Uint32Array;
  actions: Float64Array;
  /** [samplers] each: steps, whether it is over (1), sum of rewards. */
  steps: Int32Array;
  overNow: Uint8Array;
  value: Float64Array;
  /** As in `PlayedSegments`. */
  observations: Float64Array;
  rewards: Float64Array;
  lengths: Int32Array;
  terminated: Uint8Array;
  isOver: Uint8Array;
  /** Sum of the rewards of the episode after each segment, [samplers, segments]. */
  values: Float64Array;
}

/** What zoac plays where nothing can be traced: so many simulators, each with an episode of its own, and their policy. */
export interface SimulatedSamplers {
  readonly isTraceable: false;
  readonly name: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly timeLimit: number;
  readonly samplers: number;
  /** Name, and numbers of theta, of the policy that acts. */
  readonly policy: Pick<SimulatedPolicy, "name" | "size">;
  /** Memory for the arrays of a batch. */
  buffer(bytes: number): ArrayBuffer | SharedArrayBuffer;
  /** Plays a batch. What a simulator throws is thrown: of the first sampler that has failed. */
  play(batch: SegmentBatch): void;
}

export interface SimulatedSamplersOptions {
  /** Made by `simulatedEnvironment`. */
  environment: SimulatedEnvironment;
  /** What acts in it: `linearSimulated`, `mlpSimulated`, or one of your own. */
  policy: SimulatedPolicy;
  /** Simulators. Default 10. */
  samplers?: number;
}

/** Simulators in the caller's own thread; `simulatorPool` has them in threads. */
export async function simulatedSamplers(options: SimulatedSamplersOptions): Promise<SimulatedSamplers> {
  const where = "simulatedSamplers";
  requireKnownOptions(where, options, ["environment", "policy", "samplers"]);
  const { samplers = 10 } = options;
  const { environment, policy } = requireSimulatorPlayer(where, "the options", options);
  requireInteger(where, "samplers", samplers, 1);
  const slots = await Promise.all(Array.from({ length: samplers }, () => samplerSlot(environment)));
  const { name, observationSpace, actionSpace, timeLimit } = environment;
  return {
    ...{ isTraceable: false, name, observationSpace, actionSpace, timeLimit, samplers, policy },
    buffer: (bytes) => new ArrayBuffer(bytes),
    play(batch) {
      slots.forEach((slot, sampler) => playSampler({ environment, policy }, slot, batch, sampler));
    },
  };
}

/** A simulator, and where it is: `steps` actions after a reset by `key`; -1 is nowhere. */
export interface SamplerSlot {
  instance: SimulatorInstance;
  key: Uint32Array;
  actions: Float64Array;
  steps: number;
  observation: Float64Array;
}

/** A simulator of its own, which is nowhere yet. */
export async function samplerSlot(environment: SimulatedEnvironment): Promise<SamplerSlot> {
  return {
    instance: await environment.create(),
    key: new Uint32Array(2),
    actions: new Float64Array(environment.timeLimit * actionSize(environment)),
    steps: -1,
    observation: new Float64Array(spaceSize(environment.observationSpace)),
  };
}

/** Numbers of an action as a simulator takes it: one for a choice. */
export const actionSize = ({ actionSpace }: Pick<SimulatedEnvironment, "actionSpace">): number =>
  actionSpace.kind === "discrete" ? 1 : spaceSize(actionSpace);

interface Player {
  environment: Pick<SimulatedEnvironment, "name" | "actionSpace" | "timeLimit">;
  policy: SimulatedPolicy;
}

/** All segments of one sampler, a pure function of the batch wherever the simulator is. */
export function playSampler(player: Player, slot: SamplerSlot, batch: SegmentBatch, sampler: number): void {
  const { segments, episodeKeys, overNow, steps, value } = batch;
  for (let h = 0; h < segments; h++) {
    const i = sampler * segments + h;
    if (overNow[sampler] === 1) {
      episodeKeys.set(batch.keys.subarray(4 * i, 4 * i + 2), 2 * sampler);
      overNow[sampler] = 0;
      steps[sampler] = 0;
      value[sampler] = 0;
    }
    bring(player, slot, batch, sampler);
    // Nowhere, if a step throws.
    slot.steps = -1;
    playSegment(player, slot, batch, sampler, i);
    slot.steps = steps[sampler]!;
    batch.isOver[i] = overNow[sampler]!;
    batch.values[i] = value[sampler]!;
  }
}

/** Brings the simulator to where the batch says that the sampler is. */
function bring({ environment }: Player, slot: SamplerSlot, batch: SegmentBatch, sampler: number): void {
  const width = actionSize(environment);
  const key = batch.episodeKeys.slice(2 * sampler, 2 * sampler + 2);
  const from = sampler * environment.timeLimit * width;
  const past = batch.actions.subarray(from, from + batch.steps[sampler]! * width);
  const isThere =
    slot.steps === batch.steps[sampler] &&
    slot.steps > 0 &&
    slot.key.every((word, i) => word === key[i]) &&
    past.every((x, i) => x === slot.actions[i]);
  if (isThere) return;
  slot.steps = -1;
  slot.key.set(key);
  slot.observation.set(slot.instance.reset(randomStream(key)));
  for (let t = 0; t < batch.steps[sampler]!; t++) {
    const action = past.slice(t * width, (t + 1) * width);
    slot.actions.set(action, t * width);
    slot.observation.set(slot.instance.step(action).observation);
  }
}

function playSegment(
  { environment, policy }: Player,
  slot: SamplerSlot,
  batch: SegmentBatch,
  sampler: number,
  i: number,
): void {
  const { segmentLength, filter, overNow, steps } = batch;
  const { timeLimit } = environment;
  const { instance, observation } = slot;
  const [size, width] = [observation.length, actionSize(environment)];
  const theta = batch.thetas.slice(i * policy.size, (i + 1) * policy.size);
  const draws = randomStream(batch.keys.slice(4 * i + 2, 4 * i + 4));
  const seen = filter === undefined ? observation : new Float64Array(size);
  const action = new Float64Array(width);
  const row = i * (segmentLength + 1);
  let k = 0;
  for (; k < segmentLength && overNow[sampler] === 0; k++) {
    batch.observations.set(observation, (row + k) * size);
    if (filter !== undefined) filtered(filter, observation, seen);
    requireWritten(environment.name, policy, action, policy.act(theta, seen, action, draws));
    requireChoice(environment, steps[sampler]!, action);
    const next = instance.step(action);
    const t = steps[sampler]!;
    slot.actions.set(action, t * width);
    batch.actions.set(action, (sampler * timeLimit + t) * width);
    batch.rewards[i * segmentLength + k] = next.reward;
    batch.value[sampler]! += next.reward;
    batch.terminated[i] = Number(next.terminated);
    steps[sampler] = t + 1;
    overNow[sampler] = Number(next.terminated || t + 1 >= timeLimit);
    observation.set(next.observation);
  }
  batch.lengths[i] = k;
  for (; k <= segmentLength; k++) batch.observations.set(observation, (row + k) * size);
}
