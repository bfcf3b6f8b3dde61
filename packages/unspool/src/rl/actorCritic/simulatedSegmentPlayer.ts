/**
 * `segmentPlayer` for simulators in plain code: the same segments, perturbations and keys, played by `SimulatedSamplers`.
 * Between two segments a sampler's state is the key and the actions of its episode.
 */
import { type Key, type Tensor, np, random, tensorOf, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { defaultExecutor } from "../../unroll/index.ts";
import type { Policy } from "../environments/environment.ts";
import { candidatesOf } from "../environments/episodePlayer.ts";
import { plainFilter } from "../environments/observationFilter.ts";
import { spaceSize } from "../environments/space.ts";
import { stackedNumbers } from "../environments/stackedNumbers.ts";
import { pastSegments } from "./pastSegments.ts";
import type { PlayedSegments } from "./playedSegments.ts";
import { type SegmentPlayer, type SegmentPlayerOptions, checkedPlayer } from "./segmentPlayer.ts";
import { type Samplers, perturbationProgram, weighProgram } from "./segmentProgram.ts";
import { type SegmentBatch, type SimulatedSamplers, actionSize } from "./simulatedSegments.ts";

/** What plays segments of simulators; theta is that of `policy`, whose filter is applied before the simulators' own. */
export function simulatedSegmentPlayer<Theta>(
  simulators: SimulatedSamplers,
  policy: Policy<Theta>,
  options: SegmentPlayerOptions = {},
): SegmentPlayer<Theta> {
  const where = "segmentPlayer";
  const { samplers, sigma, segmentLength, isAntithetic, box } = checkedPlayer(where, {
    samplers: simulators.samplers,
    ...options,
  });
  if (samplers !== simulators.samplers)
    throw new OptionError(
      where,
      "samplers",
      samplers,
      `${simulators.samplers}, as many as there are simulators of "${simulators.name}"`,
      "Leave the option out.",
    );
  const executor = () => options.executor ?? defaultExecutor();
  const perturb = perturbationProgram({ environment: simulators });
  const weigh = weighProgram({ environment: simulators });
  const past = pastSegments(samplers, isAntithetic);
  const within = (x: Tensor): Tensor => np.minimum(np.maximum(x, box![0]), box![1]) as Tensor;
  const { filter } = policy;
  const numbers = (thetas: Theta, count: number): Float64Array =>
    stackedNumbers(where, simulators.policy, filter ? filter.rest(thetas) : thetas, count);

  const stacked = (theta: Theta): Theta =>
    tree.map((leaf: Tensor) => leaf.reshape([1, ...leaf.shape]), theta);
  const perturbations = (theta: Theta, key: Key, segments: number): Theta => {
    const units = past(segments, new Float64Array(samplers * segments));
    return executor().forward(perturb, { theta: theta as unknown, key }, units).each.noise as Theta;
  };
  const play = (
    thetas: Float64Array,
    at: Samplers,
    key: Key,
    filtered: Theta | undefined,
  ): PlayedSegments => {
    const segments = thetas.length / simulators.policy.size / samplers;
    const batch = batchOf(simulators, thetas, at, segments, segmentLength);
    writeKeys(batch, key);
    if (filter && filtered !== undefined)
      batch.filter = { ...plainFilter(filter.get(filtered)), clip: filter.clip };
    simulators.play(batch);
    return playedOf(simulators, batch);
  };
  return {
    samplers,
    start(theta) {
      numbers(stacked(theta), 1);
      return startOf(simulators);
    },
    play(theta, at, key, segments) {
      requireInteger(where, "segments", segments, 1);
      const noise = perturbations(theta, key, segments);
      const moved = tree.map((leaf: Tensor, own) => leaf.add((own as Tensor).mul(sigma)), theta, noise);
      const played = box === null ? moved : tree.map(within, moved);
      return play(numbers(played, samplers * segments), at, key, theta);
    },
    playHeld(theta, at, key, segments) {
      requireInteger(where, "segments", segments, 1);
      const one = numbers(stacked(theta), 1);
      const all = new Float64Array(samplers * segments * one.length);
      for (let i = 0; i < samplers * segments; i++) all.set(one, i * one.length);
      return play(all, at, key, theta);
    },
    playEach(thetas, at, key) {
      const count = candidatesOf(where, thetas);
      if (count % samplers !== 0)
        throw new OptionError(where, "candidates", count, `a multiple of the ${samplers} samplers`);
      return play(numbers(thetas, count), at, key, undefined);
    },
    weigh(theta, key, weights) {
      const { length } = weights;
      const units = past(length / samplers, weights);
      const { mean } = executor().forward(weigh, { theta: theta as unknown, key }, units);
      return tree.map((leaf: Tensor) => leaf.mul(length), mean.gradient) as Theta;
    },
    perturbations,
  };
}

/** Before the first episode. */
function startOf(simulators: SimulatedSamplers): Samplers {
  const { samplers, timeLimit, observationSpace } = simulators;
  const actions = [samplers, timeLimit, actionSize(simulators)];
  return {
    state: {
      key: np.zeros([samplers, 2], { dtype: "uint32" }),
      actions: np.zeros(actions, { dtype: "float64" }),
    },
    observation: np.zeros([samplers, spaceSize(observationSpace)], { dtype: "float64" }),
    length: np.zeros([samplers], { dtype: "int32" }),
    isOver: np.ones([samplers], { dtype: "bool" }),
    value: np.zeros([samplers], { dtype: "float64" }),
  };
}

function batchOf(
  simulators: SimulatedSamplers,
  thetas: Float64Array,
  at: Samplers,
  segments: number,
  segmentLength: number,
): SegmentBatch {
  const { samplers } = simulators;
  const count = samplers * segments;
  const size = spaceSize(simulators.observationSpace);
  const floats = (length: number, from?: ArrayLike<number>): Float64Array => {
    const made = new Float64Array(simulators.buffer(8 * length));
    if (from) made.set(from);
    return made;
  };
  const bytes = (length: number): Uint8Array => new Uint8Array(simulators.buffer(length));
  const { key, actions } = at.state as { key: Tensor; actions: Tensor };
  const batch: SegmentBatch = {
    ...{ kind: "segments", samplers, segments, segmentLength },
    thetas: floats(thetas.length, thetas),
    keys: new Uint32Array(simulators.buffer(16 * count)),
    episodeKeys: new Uint32Array(simulators.buffer(8 * samplers)),
    actions: floats(actions.size, actions.data),
    steps: new Int32Array(simulators.buffer(4 * samplers)),
    overNow: bytes(samplers),
    value: floats(samplers, at.value.data),
    observations: floats(count * (segmentLength + 1) * size),
    rewards: floats(count * segmentLength),
    lengths: new Int32Array(simulators.buffer(4 * count)),
    terminated: bytes(count),
    isOver: bytes(count),
    values: floats(count),
  };
  batch.episodeKeys.set(key.data);
  batch.steps.set(at.length.data);
  batch.overNow.set(at.isOver.data);
  return batch;
}

/** The keys that `segmentProgram` has: segment h of key k is foldIn(k, h). */
function writeKeys({ samplers, segments, keys }: SegmentBatch, key: Key): void {
  for (let h = 0; h < segments; h++) {
    const own = random.foldIn(key, h);
    const [reset, policy] = [random.foldIn(own, "reset"), random.foldIn(own, "policy")];
    for (let sampler = 0; sampler < samplers; sampler++) {
      const at = 4 * (sampler * segments + h);
      keys.set(random.foldIn(reset, sampler).data, at);
      keys.set(random.foldIn(policy, sampler).data, at + 2);
    }
  }
}

function playedOf(simulators: SimulatedSamplers, batch: SegmentBatch): PlayedSegments {
  const { samplers, segments, segmentLength } = batch;
  const observationSize = spaceSize(simulators.observationSpace);
  const rows = segments * (segmentLength + 1) * observationSize;
  const observation = new Float64Array(samplers * observationSize);
  for (let i = 0; i < samplers; i++) {
    const last = batch.observations.subarray((i + 1) * rows - observationSize, (i + 1) * rows);
    observation.set(last, i * observationSize);
  }
  return {
    ...{ segments, segmentLength, observationSize },
    // Out of memory that threads may share.
    observations: batch.observations.slice(),
    rewards: batch.rewards.slice(),
    lengths: batch.lengths.slice(),
    terminated: batch.terminated.slice(),
    isOver: batch.isOver.slice(),
    returns: endedReturns(batch),
    samplers: {
      state: {
        key: tensorOf(batch.episodeKeys.slice(), [samplers, 2], "uint32"),
        actions: tensorOf(
          batch.actions.slice(),
          [samplers, simulators.timeLimit, actionSize(simulators)],
          "float64",
        ),
      },
      observation: tensorOf(observation, [samplers, observationSize], "float64"),
      length: tensorOf(batch.steps.slice(), [samplers], "int32"),
      isOver: np.array(Array.from(batch.overNow, Boolean)),
      value: tensorOf(batch.value.slice(), [samplers], "float64"),
    },
  };
}

/** In the order of `segmentPlayer`: segment by segment, by sampler. */
function endedReturns({ samplers, segments, isOver, values }: SegmentBatch): number[] {
  const order = Array.from({ length: samplers * segments }, (_, n) => {
    const [h, sampler] = [Math.floor(n / samplers), n % samplers];
    return sampler * segments + h;
  });
  return order.flatMap((i) => (isOver[i] === 1 ? [values[i]!] : []));
}
