/** What each thread of a pool of simulators does, and a pool without threads: makes its player, and takes jobs. */
import { tensorOf } from "../../array/index.ts";
import { OptionError, ShapeError, SimulatorError, UnspoolError, show } from "../../errors.ts";
import {
  type SamplerSlot,
  type SegmentBatch,
  type SimulatorInstance,
  playSampler,
  playSimulated,
  requireSimulatorPlayer,
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
  failed,
  word,
} from "./simulatorJobs.ts";

const where = "simulatorPool";

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
  const what = `what ${JSON.stringify(name)} of ${module} gives`;
  const made: unknown = await within(`${JSON.stringify(name)} of ${module}`, () => exported(options));
  const { environment, policy } = requireSimulatorPlayer(where, what, made);
  const instance = await within(`create of "${environment.name}"`, () => environment.create());
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

/** What throws is told as what it is of; errors of ours say that themselves. */
async function within<Result>(what: string, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof UnspoolError) throw cause;
    throw new SimulatorError(where, `${what} threw: ${messageOf(cause)}.`, { what }, { cause });
  }
}

async function exportOf(module: string, name: string): Promise<MakeSimulatorPlayer> {
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
      Atomics.store(control, word.failed, failed.all);
      first ??= failureOf(sampler, error);
    }
  }
  return first;
}

/** Takes jobs until there are none, or one has failed that the batch does not go on without. */
function playJobs(player: RunningPlayer, batch: EpisodeBatch, control: Int32Array): JobFailure | undefined {
  const { jobs, episodes, thetas, keys, results, width, steps, discount, hasMoments, filter } = batch;
  let first: JobFailure | undefined;
  const { environment, instance, policy } = player;
  const size = policy.size;
  while (Atomics.load(control, word.failed) < failed.all) {
    const job = Atomics.add(control, word.next, 1);
    if (job >= jobs) break;
    let played = 0;
    try {
      const candidate = Math.floor(job / episodes);
      const theta = thetas.slice(candidate * size, (candidate + 1) * size);
      const key = tensorOf(keys.slice(2 * job, 2 * job + 2), [2], "uint32");
      const onStep = (): number => played++;
      const options = { steps, discount, hasMoments, onStep, ...(filter && { filter }) };
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
      const failure = failureOf(job, error, batch.goesOn && isBreakdown(error));
      if (!failure.isTolerated) {
        Atomics.store(control, word.failed, failed.all);
        return failure;
      }
      Atomics.compareExchange(control, word.failed, failed.none, failed.one);
      first ??= failure;
      results.set([NaN, played, 0], job * width);
    }
  }
  return first;
}

/** Whether an episode has broken down; an environment and a policy that do not fit, say, would fail in all of them. */
const isBreakdown = (error: unknown): boolean =>
  !(error instanceof OptionError || error instanceof ShapeError);

function failureOf(job: number, error: unknown, isTolerated = false): JobFailure {
  const { code, details } = error instanceof UnspoolError ? error : { code: "UNEXPECTED", details: {} };
  return { job, code, message: messageOf(error), details: plain(details), isTolerated };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : show(error));

/** What can be posted. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === "number" ? value : show(value)]),
  );
}
