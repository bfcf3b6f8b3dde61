/**
 * The leader of a run whose units are computed by workers: it has theta and the optimizer, says to all seats what units share
 * in the next window, and adds up what they tell. For `createStepper` of `train` and `resume`.
 */
import { createHash, randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import { UnspoolError, requireInteger } from "unspool";
import {
  type CreateStepper,
  type ShardedSteps,
  type Stepper,
  type StepRecord,
  type StepperStart,
  type TrainState,
  type TrainStepsResult,
  encodeState,
  shardedRun,
  trainSteps,
} from "unspool/train";
import { queueOf } from "../cellJob.ts";
import { connectQueue } from "../connectQueue.ts";
import { tellNeeds } from "../registry.ts";
import { Assembly } from "./assembly.ts";
import { type SeatJob, requireSeatJob, seatJobName, shardKeys } from "./shardJob.ts";

export interface ShardedStepperOptions {
  /** `redis://…` */
  url: string;
  /** Parts of the units, whole tiles each: from 1 to as many as the engine has tiles. */
  shards: number;
  /** The experiment's file, if it is one, and what decides the bits. */
  job: Pick<SeatJob, "file" | "needs">;
  /** Units come home after so many windows at the latest. Default 200. */
  mostWindows?: number;
}

/** Of what units share, kept for workers that come later. */
const mostKeptBytes = 128 * 2 ** 20;
/** Redis takes 512 MiB. */
const mostUnitBytes = 256 * 2 ** 20;

/**
 * Units of a run on many machines, with the bits of one. What it makes throws `OptionError` for a method whose steps are no
 * windows of units and for more shards than tiles, and `QueueError` where the server does not let it in.
 */
export function shardedStepper(options: ShardedStepperOptions): CreateStepper {
  requireInteger("shardedStepper", "shards", options.shards, 1);
  const { mostWindows = 200 } = options;
  requireInteger("shardedStepper", "mostWindows", mostWindows, 1);
  return async (start) => {
    const sharded = shardedRun(start.setup, start.state);
    const ranges = sharded.runner.ranges(options.shards);
    let base: TrainState = start.state;
    let steps: ShardedSteps = sharded.steps(base);
    let isBad = false;
    requireSendable(ranges.map((range) => steps.unitsBefore(range).length));
    const connection = await connected(options, start);
    const { assembly } = connection;
    const begin = (): Promise<void> =>
      assembly.begin(base.step, (shard) => sharded.steps(base).unitsBefore(ranges[shard]!));
    await begin().catch(async (error: unknown) => {
      await connection.close().catch(() => {});
      throw error;
    });

    const goOnFrom = async (next: TrainState): Promise<TrainState> => {
      base = next;
      steps = sharded.steps(base);
      await begin();
      return base;
    };
    const state = async (): Promise<TrainState> => {
      if (steps.step === base.step) return base;
      // Seats have gone past the step that is taken alone: the units before it are nowhere else.
      if (isBad) return goOnFrom(await replayed(start, base, steps.step));
      const units = await assembly.gather(steps.step);
      // Told to stop while nobody is there: what was done since is done again.
      if (units === undefined) return base;
      return goOnFrom(steps.state(units));
    };
    /** Takes alone what the seats could not finish: throws, or goes on where the optimizer leaves the update out. */
    const alone = async (): Promise<StepRecord[]> => {
      const made = takenAlone(start, await replayed(start, base, steps.step));
      isBad = false;
      await goOnFrom(made.state);
      return made.records;
    };
    const stepper: Stepper = {
      get step() {
        return steps.step;
      },
      async take(most) {
        if (isBad) return alone();
        const records = [];
        for (let i = 0; i < most; i++) {
          if (steps.step - base.step >= mostWindows || assembly.keptBytes > mostKeptBytes) await state();
          const sums = await assembly.window(steps.step, steps.shared());
          if (sums === undefined) return records;
          const record = steps.next(sums);
          if (record === undefined) {
            isBad = true;
            return records.length > 0 ? records : alone();
          }
          records.push(record);
        }
        return records;
      },
      state,
      close: () => connection.close(),
    };
    return stepper;
  };
}

/** `sizes` are bytes of the units of each shard. */
function requireSendable(sizes: readonly number[]): void {
  const largest = Math.max(...sizes);
  if (largest <= mostUnitBytes) return;
  throw new UnspoolError("SHARDS", `the units of a shard take ${largest} bytes, and at most ${mostUnitBytes} are sent at once. Use more --shards.`, { largest }); // prettier-ignore
}

/** The state before `step`, computed here; the sign of life of the leader goes on meanwhile. */
async function replayed({ setup }: StepperStart, from: TrainState, step: number): Promise<TrainState> {
  let state = from;
  while (state.step < step) {
    state = trainSteps(setup, state, 1).state;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return state;
}

/** The next step, which was not finite at the seats. Throws what is wrong in it, or that nothing is. */
function takenAlone({ setup }: StepperStart, state: TrainState): TrainStepsResult {
  const made = trainSteps(setup, state, 1);
  const { loss, gradientNorm, skippedUpdates, step } = made.records[0]!;
  if (loss === null || gradientNorm === null || skippedUpdates !== undefined) return made;
  throw new UnspoolError("SHARDS", `step ${step} was not finite at the workers, and is here. Their machines differ: use --portable-bits.`); // prettier-ignore
}

/** The leader at the queue: seats are jobs there, and what is said and told are keys beside it. */
async function connected({ url, shards, job: common }: ShardedStepperOptions, start: StepperStart) {
  const { manifest, signal, onMessage } = start;
  const { client } = await connectQueue(url, onMessage, signal);
  const queue = new Queue(queueOf(common.needs), { connection: client, prefix: "unspool-queue" });
  queue.on("error", () => {});
  const run = randomBytes(8).toString("hex");
  const job = requireSeatJob({
    ...common,
    protocol: 1,
    experiment: manifest.experiment,
    config: encodeState(manifest.config, "config").structure,
    seed: manifest.seed,
    ...{ shards, run },
  });
  const ids = Array.from({ length: shards }, (_, i) => `seat-${run}-${i}`);
  const seatOptions = {
    attempts: 1000,
    backoff: { type: "fixed", delay: 500 },
    removeOnComplete: true,
    removeOnFail: true,
  };
  await tellNeeds(client, common.needs);
  const assembly = new Assembly({
    client,
    keys: shardKeys(run),
    shards,
    signal,
    onMessage,
    hash: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    // Where a seat is there already, nothing is added.
    offerSeats: () =>
      queue.addBulk(ids.map((jobId) => ({ name: seatJobName, data: job, opts: { ...seatOptions, jobId } }))),
  });
  return {
    assembly,
    async close() {
      await assembly.end();
      for (const id of ids) await queue.remove(id).catch(() => {});
      await queue.close();
      client.disconnect();
    },
  };
}
