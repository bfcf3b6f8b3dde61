import { describe, expect, test } from "vitest";
import { type DescentState, descent } from "../methods/index.ts";
import { random } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { TrainEvent } from "./events.ts";
import type { Experiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { StoreError } from "./store.ts";
import {
  bits,
  momentum,
  type QuadraticConfig,
  quadratic,
  quadraticSetup,
  squaredDistance,
  withoutTimes,
} from "./testExperiment.ts";
import { EvaluationError } from "./evaluation.ts";
import { train } from "./train.ts";
import { initTraining, trainSteps } from "./trainSteps.ts";

const namesOf = (events: readonly TrainEvent[]) =>
  events.map((event) => {
    if (event.type === "step") return `step ${event.record.step}`;
    return "step" in event ? `${event.type} ${event.step}` : event.type;
  });

test("a run is trainSteps in a loop, with the keys of its seed", async () => {
  const result = await train(quadratic, { seed: 9, steps: 3 });
  const setup = quadraticSetup(quadratic.config.parse({}));
  let state = initTraining(setup, random.key(9));
  const records = [];
  for (let i = 0; i < 3; i++) {
    const done = trainSteps(setup, state, 1);
    state = done.state;
    records.push(...done.records);
  }
  expect(bits(result.state)).toEqual(bits(state));
  expect(withoutTimes(result.metrics)).toEqual(withoutTimes(records));
});

test("the same seed gives the same bits, another seed others", async () => {
  const [first, second, other] = await Promise.all(
    [4, 4, 5].map((seed) => train(quadratic, { seed, steps: 3 })),
  );
  expect(bits(first!.state)).toEqual(bits(second!.state));
  expect(withoutTimes(first!.metrics)).toEqual(withoutTimes(second!.metrics));
  expect(bits(first!.theta)).not.toEqual(bits(other!.theta));
});

test("setup gets its own key", async () => {
  const keys: unknown[] = [];
  const setup: typeof quadratic.setup = (config, key) => (keys.push(bits(key)), quadraticSetup(config));
  await train({ ...quadratic, setup }, { seed: 2, steps: 0 });
  expect(keys).toEqual([bits(random.foldIn(random.key(2), "setup"))]);
});

test("the config is parsed, steps come from the setup unless given", async () => {
  const result = await train(quadratic, { config: { steps: 2, rate: 0 } });
  expect(result.config).toMatchObject({ steps: 2, rate: 0, noise: 0.1 });
  expect([result.step, result.steps, result.seed]).toEqual([2, 2, 0]);
  expect((await train(quadratic, { config: { steps: 2 }, steps: 1 })).step).toBe(1);
});

test("events come in order, each step with its record", async () => {
  const events: TrainEvent[] = [];
  const store = memoryStore();
  const options = { seed: 1, steps: 3, store, checkpointEvery: { steps: 2 } };
  const result = await train(quadratic, { ...options, onEvent: (event) => events.push(event) });
  expect(namesOf(events)).toEqual([
    "start 0",
    "checkpoint 0",
    "step 1",
    "step 2",
    "checkpoint 2",
    "step 3",
    "checkpoint 3",
    "evaluate 3",
    "done 3",
  ]);
  expect(events[0]).toMatchObject({ experiment: "quadratic", seed: 1, steps: 3, store: "memory" });
  expect(events.flatMap((event) => (event.type === "step" ? [event.record] : []))).toEqual(result.metrics);
  expect(events.at(-1)).toMatchObject({ interrupted: false, evaluation: result.evaluation });
});

test("the store holds the run: manifest, metrics, evaluation, figures", async () => {
  const store = memoryStore();
  const result = await train(quadratic, { seed: 1, steps: 3, store });
  expect(await store.readManifest()).toMatchObject({
    experiment: "quadratic",
    seed: 1,
    steps: 3,
    status: "done",
  });
  expect(await store.readMetrics()).toEqual(result.metrics);
  expect(await store.readArtifact("evaluation")).toEqual(result.evaluation);
  expect(await store.readArtifact("figures")).toEqual(result.figures);
});

test("what a method says of its loss is kept with the run, for reports", async () => {
  const noted = (lossNote: unknown): Experiment =>
    ({
      ...quadratic,
      setup(config: QuadraticConfig) {
        const { estimator, optimizer, ...rest } = quadraticSetup(config);
        return { ...rest, method: { ...descent(estimator!, optimizer!), lossNote } };
      },
    }) as unknown as Experiment;
  const store = memoryStore();
  await train(noted("It may rise."), { steps: 1, store });
  expect((await store.readManifest())!.about).toEqual({
    summary: quadratic.summary,
    lossNote: "It may rise.",
  });
  await expect(train(noted(3), { steps: 1 })).rejects.toThrow("lossNote must be a text, got 3.");
});

test("evaluation and figures see the theta to keep, the initial theta and the metrics", async () => {
  const result = await train(quadratic, { seed: 1, steps: 3 });
  const kept = momentum(0).evaluationTheta!(
    (result.state.methodState as DescentState).optimizer as never,
    result.state.theta,
  );
  expect(bits(result.theta)).toEqual(bits(kept));
  expect(bits(result.theta)).not.toEqual(bits(result.state.theta));
  expect(result.evaluation?.metrics["final"]).toBe(squaredDistance(kept));
  expect(result.evaluation?.metrics["initial"]).toBe(squaredDistance(result.initialTheta));
  expect(result.figures[0]?.series[0]?.y).toEqual(result.metrics.map(({ loss }) => loss));
});

test("a metric that is not finite is null in the result as it is in a file", async () => {
  const { metrics } = await train(quadratic, { steps: 2 });
  expect(metrics.map(({ lossDifferenceStd }) => lossDifferenceStd)).toEqual([1, null]);
});

test("other work gets its turn while a run goes on", async () => {
  const controller = new AbortController();
  // A run that gave no turn to timers would go on for a million steps.
  setTimeout(() => controller.abort(), 1);
  const result = await train(quadratic, { steps: 1e6, signal: controller.signal });
  expect(result.interrupted).toBe(true);
});

test("checkpoints are written as time goes by, and metrics before them", async () => {
  const controller = new AbortController();
  const store = memoryStore();
  let flushedBefore = 0;
  const appendMetrics: typeof store.appendMetrics = (records) => {
    flushedBefore += records.length;
    return store.appendMetrics(records);
  };
  const seen: [step: number, flushed: number][] = [];
  const onEvent = (event: TrainEvent) => {
    if (event.type !== "checkpoint") return;
    seen.push([event.step, flushedBefore]);
    if (event.step > 0) controller.abort();
  };
  const options = { steps: 1e6, signal: controller.signal, checkpointEvery: { seconds: 0.05 }, onEvent };
  const result = await train(quadratic, { ...options, store: { ...store, appendMetrics } });
  expect(result.interrupted).toBe(true);
  // The one at the start, one after 0.05 s, and no other at the end, because no step came after it.
  expect(seen).toEqual([
    [0, 0],
    [result.step, result.step],
  ]);
});

test("metrics reach the store while the run goes on, without a checkpoint", async () => {
  const controller = new AbortController();
  const store = memoryStore();
  const appendMetrics: typeof store.appendMetrics = (records) => {
    controller.abort();
    return store.appendMetrics(records);
  };
  const options = { steps: 1e6, signal: controller.signal, store: { ...store, appendMetrics } };
  const result = await train(quadratic, options);
  expect(result.interrupted).toBe(true);
  expect(await store.readMetrics()).toEqual(result.metrics);
});

describe("a run that is asked to stop", () => {
  test("finishes its step, writes a checkpoint, and says that it was interrupted", async () => {
    const controller = new AbortController();
    const store = memoryStore();
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent) => {
      events.push(event);
      if (event.type === "step" && event.record.step === 2) controller.abort();
    };
    const result = await train(quadratic, { steps: 5, store, signal: controller.signal, onEvent });
    expect(namesOf(events).slice(-3)).toEqual(["step 2", "checkpoint 2", "done 2"]);
    expect(result).toMatchObject({
      interrupted: true,
      step: 2,
      steps: 5,
      evaluation: undefined,
      figures: [],
    });
    expect(await store.readManifest()).toMatchObject({ status: "interrupted", steps: 5 });
    expect(await store.readMetrics()).toHaveLength(2);
  });

  test("from a timer stops too", async () => {
    const result = await train(quadratic, { steps: 1e6, signal: AbortSignal.timeout(100) });
    expect(result.interrupted).toBe(true);
  });

  test("before its first step does none", async () => {
    const result = await train(quadratic, { steps: 5, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ interrupted: true, step: 0 });
  });

  test("after its last step can be resumed for its evaluation", async () => {
    const controller = new AbortController();
    const store = memoryStore();
    const onEvent = (event: TrainEvent) => {
      if (event.type === "step" && event.record.step === 2) controller.abort();
    };
    const result = await train(quadratic, { steps: 2, store, signal: controller.signal, onEvent });
    expect(result).toMatchObject({ interrupted: true, step: 2, evaluation: undefined });
    expect((await resume(quadratic, store)).evaluation?.metrics["final"]).toBeTypeOf("number");
  });
});

describe("a number that is not finite", () => {
  const failing = { config: { failAt: 4 }, seed: 3, steps: 6, checkpointEvery: { steps: 2 } } as const;

  test("stops the run, names step and replay, and leaves metrics and checkpoint", async () => {
    const store = memoryStore();
    const error: unknown = await train(quadratic, { ...failing, store }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NonFiniteError);
    const { message, details } = error as NonFiniteError;
    expect(message).toContain('outer step 4 of "quadratic"');
    expect(message).toContain("the loss is NaN");
    expect(message).toContain(`Replay it by: unspool resume ${store.name}.`);
    expect(message).toContain("It starts from the last checkpoint, of step 2: checkpoint 2 in memory.");
    expect(details).toMatchObject({ step: 4, seed: 3, quantity: "loss", checkpoint: 2 });
    expect((await store.readMetrics()).map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(await store.listCheckpoints()).toEqual([2, 0]);
    expect(await store.readManifest()).toMatchObject({ status: "failed", error: { code: "NON_FINITE" } });
  });

  test("is found again by the same run, and by resuming", async () => {
    const store = memoryStore();
    const again = train(quadratic, { ...failing, steps: 4, store });
    await expect(again).rejects.toThrow("outer step 4");
    await expect(resume(quadratic, store)).rejects.toThrow("outer step 4");
  });

  test("that an estimator reports itself keeps what it said", async () => {
    const experiment: Experiment<QuadraticConfig> = {
      ...quadratic,
      setup(config) {
        const setup = quadraticSetup(config);
        const estimate = () => {
          throw new NonFiniteError("pes", "the loss of particle 7 is NaN.", { particle: 7 });
        };
        return { ...setup, estimator: { ...setup.estimator, estimate } };
      },
    };
    const error: unknown = await train(experiment).catch((reason: unknown) => reason);
    expect((error as NonFiniteError).message).toContain("pes: the loss of particle 7 is NaN. Replay it");
    expect((error as NonFiniteError).details).toMatchObject({ step: 1, particle: 7 });
  });
});

test("a failing evaluation is not taken for a failing step", async () => {
  const failed = new NonFiniteError("evaluate", "accuracy is NaN.");
  const experiment: Experiment<QuadraticConfig> = {
    ...quadratic,
    setup: (config) => ({ ...quadraticSetup(config), evaluate: () => Promise.reject(failed) }),
  };
  const error: unknown = await train(experiment, { steps: 2 }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EvaluationError);
  expect(error).toMatchObject({ cause: failed, result: { step: 2, evaluation: undefined } });
});

test("an evaluation that throws is told with its cause, after the steps are kept", async () => {
  const store = memoryStore();
  const broken = new RangeError("broken");
  const experiment: Experiment<QuadraticConfig> = {
    ...quadratic,
    setup: (config) => ({
      ...quadraticSetup(config),
      evaluate() {
        throw broken;
      },
    }),
  };
  await expect(train(experiment, { steps: 2, store })).rejects.toMatchObject({ cause: broken });
  expect(await store.readMetrics()).toHaveLength(2);
  expect(await store.readManifest()).toMatchObject({
    status: "failed",
    error: { code: "EVALUATION", message: expect.stringContaining("RangeError: broken") as string },
  });
  // The steps are not lost: a mended experiment evaluates them.
  expect((await resume(quadratic, store)).step).toBe(2);
});

test("a store that holds a run is not overwritten", async () => {
  const store = memoryStore();
  await train(quadratic, { steps: 1, store });
  await expect(train(quadratic, { steps: 1, store })).rejects.toThrow(StoreError);
  expect(await store.readMetrics()).toHaveLength(1);
});

test.each([
  ["steps", { steps: -1 }],
  ["steps", { steps: 1.5 }],
  ["seed", { seed: -1 }],
  ["checkpointEvery.steps", { checkpointEvery: { steps: 0 } }],
  ["checkpointEvery.seconds", { checkpointEvery: { seconds: NaN } }],
])("a wrong %s is an OptionError before anything is kept", async (option, options) => {
  const store = memoryStore();
  const error: unknown = await train(quadratic, { ...options, store }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OptionError);
  expect((error as OptionError).message).toContain(option);
  expect(await store.readManifest()).toBeUndefined();
});

test("a config that is not data cannot be kept, and the error names the entry", async () => {
  const experiment: Experiment = {
    ...quadratic,
    config: { parse: () => ({ step: () => 0 }) },
    setup: () => quadraticSetup(quadratic.config.parse({})),
  };
  await expect(train(experiment, { store: memoryStore() })).rejects.toThrow(ShapeError);
  await expect(train(experiment, { store: memoryStore() })).rejects.toThrow('"config.step"');
});
