/** What each thread of a pool of simulators does, and a pool without threads: makes its player, and takes jobs. */
import { tensorOf } from "../../array/index.ts";
import { OptionError, SimulatorError, UnspoolError, show } from "../../errors.ts";
import {
  type SamplerSlot,
  type SegmentBatch,
  type SimulatorInstance,
  playSampler,
  playSimulated,
  samplerSlot,
  spaceSize,
} from "../../rl/index.ts";
import {
  type Batch,
  type EpisodeBatch,
  type JobFailure,
  type MakeSimulatorPlayer,
  type PlayerSizes,
  type PlayerSource,
  type SimulatorPlayer,
  type ThreadPlace,
  word,
} from "./simulatorJobs.ts";

export interface RunningPlayer extends SimulatorPlayer {
  instance: SimulatorInstance;
  /** Samplers of this thread, by their numbers. */
  slots: ReadonlyMap<number, SamplerSlot>;
  sizes: PlayerSizes;
}

/** Loads the module and makes what plays. */
export async function makePlayer(
  { module, name, options, samplers }: PlayerSource,
  { thread, threads }: ThreadPlace,
): Promise<RunningPlayer> {
  const exported = await exportOf(module, name);
  const { environment, policy } = await exported(options);
  const instance = await environment.create();
  const slots = new Map<number, SamplerSlot>();
  for (let i = thread; i < samplers; i += threads) slots.set(i, await samplerSlot(environment));
  const { observationSpace, actionSpace } = environment;
  const sizes = {
    ...{ environment: environment.name, policy: policy.name, observationSpace, actionSpace },
    observationSize: spaceSize(environment.observationSpace),
    thetaSize: policy.size,
    timeLimit: environment.timeLimit,
  };
  return { environment, policy, instance, slots, sizes };
}

async function exportOf(module: string, name: string): Promise<MakeSimulatorPlayer> {
  const where = "simulatorPool";
  let loaded: Record<string, unknown> & { default?: unknown };
  try {
    loaded = (await import(/* @vite-ignore */ module)) as typeof loaded;
  } catch (cause) {
    if (cause instanceof UnspoolError) throw cause;
    throw new SimulatorError(where, `cannot load ${module}: ${messageOf(cause)}.`, { module }, { cause });
  }
  // A loader of TypeScript may put all exports into the default one.
  const found = loaded[name] ?? (loaded.default as Record<string, unknown> | undefined)?.[name];
  if (typeof found !== "function")
    throw new OptionError(where, "name", name, `a function that ${module} exports`);
  return found as MakeSimulatorPlayer;
}

/** Does what this thread has to do of a batch. Gives its failure, if it had one. */
export function playBatch(player: RunningPlayer, batch: Batch, control: Int32Array): JobFailure | undefined {
  return batch.kind === "episodes" ? playJobs(player, batch, control) : playSegments(player, batch, control);
}

/** All samplers of this thread play on, whether one has failed or not, so that which failure is the first is certain. */
function playSegments(
  player: RunningPlayer,
  batch: SegmentBatch,
  control: Int32Array,
): JobFailure | undefined {
  let first: JobFailure | undefined;
  for (const [sampler, slot] of player.slots) {
    try {
      playSampler(player, slot, batch, sampler);
    } catch (error) {
      Atomics.store(control, word.failed, 1);
      first ??= failureOf(sampler, error);
    }
  }
  return first;
}

/** Takes jobs until there are none, or one has failed. */
function playJobs(player: RunningPlayer, batch: EpisodeBatch, control: Int32Array): JobFailure | undefined {
  const { jobs, episodes, thetas, keys, results, width, steps, discount, hasMoments, filter } = batch;
  const { environment, instance, policy } = player;
  const size = policy.size;
  while (Atomics.load(control, word.failed) === 0) {
    const job = Atomics.add(control, word.next, 1);
    if (job >= jobs) return undefined;
    try {
      const candidate = Math.floor(job / episodes);
      const theta = thetas.slice(candidate * size, (candidate + 1) * size);
      const key = tensorOf(keys.slice(2 * job, 2 * job + 2), [2], "uint32");
      const options = { steps, discount, hasMoments, ...(filter && { filter }) };
      const { value, length, isTerminated, moments } = playSimulated(
        environment,
        instance,
        policy,
        theta,
        key,
        options,
      );
      results.set([value, length, Number(isTerminated)], job * width);
      if (moments) results.set([moments.count, ...moments.mean, ...moments.squares], job * width + 3);
    } catch (error) {
      Atomics.store(control, word.failed, 1);
      return failureOf(job, error);
    }
  }
  return undefined;
}

function failureOf(job: number, error: unknown): JobFailure {
  const { code, details } = error instanceof UnspoolError ? error : { code: "UNEXPECTED", details: {} };
  return { job, code, message: messageOf(error), details: plain(details) };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : show(error));

/** What can be posted. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === "number" ? value : show(value)]),
  );
}
