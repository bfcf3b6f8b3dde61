/** Units of a run at seats: the bits of one machine, whoever comes and goes; and what is not taken at its word. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Tensor, np, random } from "unspool";
import {
  type Experiment,
  type TrainOptions,
  defineExperiment,
  initTraining,
  memoryStore,
  setUp,
  shardedRun,
  train,
} from "unspool/train";
import { adam, defineProblem, lossScale, pes } from "unspool";
import { JobError } from "../cellJob.ts";
import { workOnCells } from "../cellWorker.ts";
import { type RedisServer, hasRedisServer, redisServer } from "../testing/redisServer.ts";
import { shareOut } from "./assembly.ts";
import { sitAt } from "./seat.ts";
import { type SeatJob, decodeSaid, decodeTold, encodeTold, requireSeatJob } from "./shardJob.ts";
import { shardedStepper } from "./shardedStepper.ts";

const needs = { unspool: "0.1.0", node: process.version, engine: "compiled", fma: true } as const;

const problem = defineProblem({
  horizon: 12,
  init: ({ x }: { x: Tensor }, key) => ({ s: random.normal(key, [2]).mul(0.1).add(x.sum()) }),
  step({ x }, { s }, { key }) {
    const next = np.tanh(s.mul(x).add(random.normal(key, [2]).mul(0.01)));
    return { state: { s: next }, loss: next.mul(next).sum().add(np.sin(x).sum()) };
  },
});

/** At the end of a trajectory losses are finite and their gradient is not. */
const steep = defineProblem({
  ...problem,
  step(theta, state, context) {
    const slope = np.where(context.t.equal(11), 3e38, 1);
    return { ...problem.step(theta, state, context), loss: theta.x.sum().sub(0.3).mul(1.3).mul(slope) };
  },
});

interface Config {
  learningRate: number;
  isSteep: boolean;
}

const experiment: Experiment = defineExperiment<Config>({
  name: "decay",
  summary: "units for a test",
  config: { parse: (given) => ({ learningRate: 0.01, isSteep: false, ...(given as object) }) },
  setup: ({ learningRate, isSteep }) => ({
    theta: { x: np.array([0.5, -0.2]) },
    estimator: isSteep
      ? pes(steep, { pairs: 300, truncation: 4, sigma: 0.1, objective: "sum" })
      : pes(problem, { pairs: 300, truncation: 4, sigma: 0.1 }),
    optimizer: isSteep ? lossScale(adam({ learningRate }), { scale: 1 }) : adam({ learningRate }),
    steps: 40,
  }),
});

const canRun = hasRedisServer();
let server: RedisServer;
beforeAll(async () => {
  if (canRun) server = await redisServer();
});
afterAll(async () => server?.stop());

/** A worker in this process, until the signal; `onStep` is told of each window. */
function worker(signal: AbortSignal, onStep: (step: number) => void = () => {}): Promise<void> {
  return workOnCells({
    ...{ url: server.url, jobs: 1, has: needs, signal, lockMs: 1000 },
    onMessage() {},
    refusal: async () => undefined,
    run: async () => ({ status: "interrupted" }),
    async serve(job, seat, hooks) {
      const key = random.key(job.seed);
      const setup = await setUp(experiment, experiment.config.parse(job.config), random.foldIn(key, "setup"));
      const { runner } = shardedRun(setup, initTraining(setup, key));
      const options = { url: server.url, job, seat, runner, signal: hooks.signal, onStep };
      return (await sitAt(options)) ? "done" : "stopped";
    },
  });
}

/** All that a run has come to. */
async function bitsOf(options: Partial<TrainOptions>): Promise<unknown> {
  const store = memoryStore();
  const { metrics, step } = await train(experiment, { seed: 3, store, ...options });
  const checkpoint = Buffer.from(await store.readCheckpoint(step)).toString("latin1");
  return [checkpoint, metrics.map((record) => ({ ...record, durationMs: 0 }))];
}

describe.runIf(canRun)("a run whose units workers compute", () => {
  test("has the bits of one machine, though a worker leaves and another one comes", async () => {
    const alone = await bitsOf({});
    const [first, second] = [new AbortController(), new AbortController()];
    let later: Promise<void> | undefined;
    const working = worker(first.signal, (step) => {
      if (step !== 5) return;
      later = worker(second.signal);
      first.abort();
    });
    const createStepper = shardedStepper({ url: server.url, shards: 3, job: { needs }, mostWindows: 7 });
    const shared = await bitsOf({ createStepper });
    second.abort();
    await Promise.all([working, later]);
    expect(shared).toEqual(alone);
    // Nothing is left on the server but the log, for a minute.
    const client = new Redis(server.url);
    const left = (await client.keys("unspool:shards:*")).filter((key) => !key.endsWith(":log"));
    client.disconnect();
    expect(left).toEqual([]);
  });

  test("what is not finite is told as on one machine", { tags: ["long"] }, async () => {
    const config = { learningRate: 1e38 };
    const end = new AbortController();
    const working = worker(end.signal);
    const createStepper = shardedStepper({ url: server.url, shards: 2, job: { needs } });
    const told = async (options: object): Promise<string> =>
      train(experiment, { config, ...options }).then(
        () => "",
        (error: Error) => error.message,
      );
    const [alone, shared] = [await told({}), await told({ createStepper })];
    end.abort();
    await working;
    expect(alone).toContain("outer step");
    expect(shared).toBe(alone);
  });

  test("an update that the optimizer leaves out is left out", { tags: ["long"] }, async () => {
    const config = { isSteep: true, learningRate: 1e-4 };
    const alone = await bitsOf({ config });
    expect(JSON.stringify(alone)).toContain('"gradientNorm":null');
    const end = new AbortController();
    const working = worker(end.signal);
    const createStepper = shardedStepper({ url: server.url, shards: 3, job: { needs }, mostWindows: 7 });
    const often = { checkpointEvery: { seconds: 1e-3 } };
    const shared = await bitsOf({ config, createStepper, ...often });
    end.abort();
    await working;
    expect(shared).toEqual(alone);
  });

  test("a server that does not let the leader in is an error at once", async () => {
    const locked = await redisServer("--requirepass", "s3cret");
    const createStepper = shardedStepper({ url: locked.url, shards: 2, job: { needs } });
    await expect(train(experiment, { createStepper })).rejects.toThrow(/does not let us in.*NOAUTH/);
    await locked.stop();
  });

  test("more shards than tiles is an error before anybody is asked", async () => {
    const createStepper = shardedStepper({ url: server.url, shards: 100, job: { needs } });
    await expect(train(experiment, { createStepper })).rejects.toThrow(
      /shards must be an integer from 1 to 4/,
    );
  });
});

test("shards are shared out equally, and stay where they are if they may", () => {
  const one = shareOut(5, new Map(), ["a"]);
  expect([...one]).toEqual([["a", [0, 1, 2, 3, 4]]]);
  const two = shareOut(5, one, ["a", "b"]);
  expect([...two]).toEqual([
    ["a", [0, 1, 2]],
    ["b", [3, 4]],
  ]);
  expect([...shareOut(5, two, ["b", "c"])]).toEqual([
    ["b", [3, 4, 0]],
    ["c", [1, 2]],
  ]);
  expect(shareOut(2, two, ["a", "b", "c"]).size).toBe(2);
  expect(shareOut(2, two, []).size).toBe(0);
});

const job: SeatJob = {
  ...{ protocol: 1, experiment: "decay", config: {}, seed: 3, shards: 2, needs, run: "0123456789abcdef" },
};

test.each([
  ["a run of somebody else", { ...job, run: "*" }],
  ["no shards", { ...job, shards: 0 }],
  ["an entry that nobody knows", { ...job, code: "process.exit()" }],
  ["a file outside of its folder", { ...job, file: { name: "../x.ts", hash: "sha256:0123456789abcdef" } }],
])("a seat at %s is refused", (_, given) => {
  expect(requireSeatJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
  expect(() => requireSeatJob(given)).toThrow(JobError);
});

test("messages go there and back, and others are refused", () => {
  const told = { type: "sums", seat: "a", shard: 1, step: 7, ms: 3 } as const;
  expect(decodeTold(encodeTold(told, new Uint8Array(8).fill(3)))).toEqual({
    told,
    bytes: new Uint8Array(8).fill(3),
  });
  const bytes = new Uint8Array(8);
  for (const wrong of [
    Buffer.from([1]),
    Buffer.from([9, 0, 0, 0, 1]),
    encodeTold({ ...told, shard: -1 }),
    encodeTold(told, bytes.subarray(1)),
  ])
    expect(() => decodeTold(wrong)).toThrow(JobError);
  expect(() => decodeTold(encodeTold({ ...told, code: 1 } as never))).toThrow(/an entry "code"/);
  expect(decodeSaid('{"type":"window","step":3}')).toEqual({ type: "window", step: 3 });
  for (const wrong of ["no", "[]", '{"type":"stop"}', '{"type":"window","step":1,"hash":"../x"}'])
    expect(() => decodeSaid(wrong)).toThrow(JobError);
});
