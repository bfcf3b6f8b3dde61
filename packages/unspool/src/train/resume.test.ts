import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { np } from "../array/index.ts";
import { OptionError, ResumeError } from "../errors.ts";
import type { TrainEvent } from "./events.ts";
import type { Experiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import type { TrainResult } from "./runLoop.ts";
import type { RunStore } from "./store.ts";
import { bits, type QuadraticConfig, quadratic, quadraticSetup, withoutTimes } from "./testExperiment.ts";
import { type TrainOptions, train } from "./train.ts";

const seed = 6;
const steps = 6;

/** Aborts after the given steps. */
function stopAt(stop: number): Pick<TrainOptions, "signal" | "onEvent"> {
  const controller = new AbortController();
  if (stop === 0) controller.abort();
  const onEvent = (event: TrainEvent) => {
    if (event.type === "step" && event.record.step === stop) controller.abort();
  };
  return { signal: controller.signal, onEvent };
}

function expectSame(found: TrainResult, wanted: TrainResult): void {
  expect(bits(found.state)).toEqual(bits(wanted.state));
  expect(bits(found.theta)).toEqual(bits(wanted.theta));
  expect(withoutTimes(found.metrics)).toEqual(withoutTimes(wanted.metrics));
  expect(found.evaluation).toEqual(wanted.evaluation);
  expect(found.figures).toEqual(wanted.figures);
}

/** Flips one bit in the middle of a checkpoint. */
async function damage(store: RunStore, step: number): Promise<void> {
  const bytes = await store.readCheckpoint(step);
  bytes[bytes.length >> 1]! ^= 4;
  await store.writeCheckpoint(step, bytes);
}

describe("a run that is interrupted and resumed has the bits of one that was never stopped", () => {
  test("at every step", async () => {
    const whole = await train(quadratic, { seed, steps });
    for (let k = 0; k <= steps; k++) {
      const store = memoryStore();
      const stopped = await train(quadratic, { seed, steps, store, ...stopAt(k) });
      expect(stopped.step).toBe(k);
      const resumed = await resume(quadratic, store);
      expectSame(resumed, whole);
      expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(whole.metrics));
      expect(await store.readManifest()).toMatchObject({ status: "done", steps });
    }
  });

  test("at several steps, whatever the interval of checkpoints", { tags: ["long"] }, async () => {
    const whole = await train(quadratic, { seed, steps });
    const stops = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(stops, fc.integer({ min: 1, max: 4 }), async (lengths, every) => {
        const store = memoryStore({ keepCheckpoints: 1 });
        const options = { checkpointEvery: { steps: every } };
        let done = Math.min(steps, lengths[0] ?? steps);
        await train(quadratic, { seed, steps, store, ...options, ...stopAt(done) });
        for (const length of lengths.slice(1)) {
          done = Math.min(steps, done + length);
          await resume(quadratic, store, { ...options, ...stopAt(done) });
        }
        expectSame(await resume(quadratic, store, options), whole);
      }),
      { seed: 17, numRuns: 10 },
    );
  });

  test("from a checkpoint that lies behind the metrics", async () => {
    const whole = await train(quadratic, { seed, steps });
    const store = memoryStore();
    // What is left when a process is killed: the checkpoint of step 4 and metrics up to step 5.
    await train(quadratic, { seed, steps: 4, store });
    const later = (await train(quadratic, { seed, steps: 5 })).metrics[4]!;
    await store.appendMetrics([later]);
    expectSame(await resume(quadratic, store, { steps }), whole);
    expect(await store.readMetrics()).toHaveLength(steps);
  });

  test("with more steps than it was to have", async () => {
    const whole = await train(quadratic, { seed, steps });
    const store = memoryStore();
    await train(quadratic, { seed, steps: 2, store });
    expectSame(await resume(quadratic, store, { steps }), whole);
    expect(await store.readManifest()).toMatchObject({ status: "done", steps });
  });

  test("in float64, and with a config that JSON does not have", async () => {
    const wide: Experiment<QuadraticConfig> = {
      ...quadratic,
      setup: (config) => quadraticSetup(config, "float64"),
    };
    const config = { clip: -0, noise: 0.2 };
    const whole = await train(wide, { seed, steps, config });
    const store = memoryStore();
    await train(wide, { seed, steps, config, store, ...stopAt(3) });
    expectSame(await resume(wide, store), whole);
  });
});

test("a run that was killed before its first checkpoint begins again", async () => {
  const whole = await train(quadratic, { seed, steps });
  const store = memoryStore();
  const now = new Date(0).toISOString();
  const config = quadratic.config.parse({});
  const times = { startedAt: now, updatedAt: now };
  await store.create({ experiment: "quadratic", config, seed, steps, status: "running", ...times });
  await store.release();
  expectSame(await resume(quadratic, store), whole);
});

test("results of a shorter run do not stay beside an interrupted longer one", async () => {
  const store = memoryStore();
  await train(quadratic, { seed, steps: 2, store });
  await resume(quadratic, store, { steps, ...stopAt(4) });
  expect(await store.readArtifact("evaluation")).toBeUndefined();
  expect(await store.readArtifact("figures")).toBeUndefined();
});

test("a run that is done is evaluated again", async () => {
  const store = memoryStore();
  const whole = await train(quadratic, { seed, steps, store });
  expectSame(await resume(quadratic, store), whole);
});

describe("a damaged checkpoint", () => {
  test("is reported, and the one before is used", async () => {
    const whole = await train(quadratic, { seed, steps });
    const store = memoryStore();
    await train(quadratic, { seed, steps, store, checkpointEvery: { steps: 2 }, ...stopAt(5) });
    await damage(store, 5);
    const events: TrainEvent[] = [];
    const resumed = await resume(quadratic, store, { onEvent: (event) => events.push(event) });
    expectSame(resumed, whole);
    expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(whole.metrics));
    expect(events[0]).toMatchObject({ type: "warning" });
    const { message } = events[0] as { message: string };
    expect(message).toContain("checkpoint 5 in memory");
    expect(message).toContain("Resuming from the checkpoint before it, of step 4.");
    expect(events[1]).toMatchObject({ type: "start", step: 4 });
  });

  test("and a damaged one before it are a ResumeError that names both", async () => {
    const store = memoryStore();
    await train(quadratic, { seed, steps, store, checkpointEvery: { steps: 2 }, ...stopAt(5) });
    await damage(store, 5);
    await damage(store, 4);
    const error: unknown = await resume(quadratic, store).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ResumeError);
    expect((error as ResumeError).message).toMatch(/no checkpoint is valid.*checkpoint 5 .*checkpoint 4 /);
    expect(await store.readMetrics()).toHaveLength(5);
  });
});

describe("what does not belong together is refused", () => {
  const stopped = async () => {
    const store = memoryStore();
    await train(quadratic, { seed, steps, store, ...stopAt(2) });
    return store;
  };

  test("another experiment, both named", async () => {
    const other = { ...quadratic, name: "cubic" };
    const resumed = resume(other, await stopped());
    await expect(resumed).rejects.toThrow(ResumeError);
    await expect(resumed).rejects.toThrow(
      'it belongs to experiment "quadratic", and "cubic" was to be resumed',
    );
  });

  test("another experiment whose schema rejects the config, too", async () => {
    const parse = () => {
      throw new Error("unknown key");
    };
    const store = await stopped();
    await expect(resume({ ...quadratic, name: "cubic", config: { parse } }, store)).rejects.toThrow(
      '"cubic"',
    );
    await expect(resume({ ...quadratic, config: { parse } }, store)).rejects.toThrow(
      'memory: its config is not one of "quadratic": unknown key',
    );
  });

  test("another config, each difference named", async () => {
    const resumed = resume(quadratic, await stopped(), { config: { rate: 0.2 } });
    await expect(resumed).rejects.toThrow(ResumeError);
    await expect(resumed).rejects.toThrow("rate is 0.1 in the run and 0.2 here");
  });

  test("but the same config with its keys in another order is the same", async () => {
    const config = { noise: 0.1, rate: 0.1, clip: Infinity, failAt: -1, steps: 6 };
    const parse = (value: unknown) => value as QuadraticConfig;
    const result = await resume({ ...quadratic, config: { parse } }, await stopped(), { config });
    expect(result.step).toBe(steps);
  });

  test("a checkpoint of another run that was put among its own", async () => {
    const store = await stopped();
    const other = memoryStore();
    await train(quadratic, { seed: seed + 1, steps: 3, store: other });
    await store.writeCheckpoint(3, await other.readCheckpoint(3));
    await expect(resume(quadratic, store)).rejects.toThrow(`seed ${seed + 1}, and seed ${seed}`);
  });

  test("an experiment whose theta has changed", async () => {
    const grown: Experiment<QuadraticConfig> = {
      ...quadratic,
      setup(config) {
        const setup = quadraticSetup(config);
        return { ...setup, theta: { ...setup.theta, scale: np.zeros([2]) } };
      },
    };
    await expect(resume(grown, await stopped())).rejects.toThrow(
      'theta.scale is "float32[]" in the run and "float32[2]" here',
    );
  });

  test("fewer steps than are done", async () => {
    await expect(resume(quadratic, await stopped(), { steps: 1 })).rejects.toThrow(OptionError);
  });

  test("a store without a run, or without its checkpoints", async () => {
    await expect(resume(quadratic, memoryStore())).rejects.toThrow("there is no run in memory");
    const store = await stopped();
    const bare = { ...store, listCheckpoints: () => Promise.resolve([]) };
    await expect(resume(quadratic, bare)).rejects.toThrow("its checkpoints are gone");
  });
});

test("metrics that lack lines are reported", async () => {
  const store = memoryStore();
  await train(quadratic, { seed, steps, store, ...stopAt(3) });
  const lossy = { ...store, readMetrics: async () => (await store.readMetrics()).slice(1) };
  const events: TrainEvent[] = [];
  await resume(quadratic, lossy, { onEvent: (event) => events.push(event) });
  expect(events[0]).toMatchObject({
    type: "warning",
    message: expect.stringContaining("2 outer steps, expected 3"),
  });
});
