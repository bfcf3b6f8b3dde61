/** The file of an experiment that was changed: steps that are done do not need it, steps that are not do. */
import { describe, expect, test } from "vitest";
import type { TrainEvent } from "./events.ts";
import type { Experiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { type CellHooks, runCell } from "./study/runCell.ts";
import { resumeStudy, runStudy } from "./study/runStudy.ts";
import { type Study, defineStudy } from "./study/study.ts";
import type { StudyEvent } from "./study/studyEvents.ts";
import { memoryStudyStore } from "./study/studyStore.ts";
import { quadratic, withoutTimes } from "./testExperiment.ts";
import { train } from "./train.ts";

const base = quadratic as Experiment;
const then = { file: "sha256:then" };
const now = { file: "sha256:now" };

/** The experiment with another evaluation: what its user mended. */
function evaluating(evaluate: () => { metrics: Record<string, number> }): Experiment {
  return { ...base, setup: async (config, key) => ({ ...(await base.setup(config, key)), evaluate }) };
}

const failing = evaluating(() => {
  throw new TypeError("oh");
});
const mended = evaluating(() => ({ metrics: { answer: 42 } }));

/** Events of warning, and what to listen with. */
function listener() {
  const warnings: string[] = [];
  const onEvent = (event: TrainEvent | StudyEvent): void => {
    if (event.type === "warning") warnings.push(event.message);
    if (event.type === "cell") onEvent(event.event);
  };
  return { warnings, onEvent };
}

describe("a run whose evaluation threw", () => {
  test("is evaluated again by the mended file, which is said, and its record names the file of its steps", async () => {
    const store = memoryStore();
    await expect(train(failing, { steps: 3, store, origin: then })).rejects.toThrow("TypeError: oh");
    const before = await store.readMetrics();
    const { warnings, onEvent } = listener();
    const { evaluation } = await resume(mended, store, { origin: now, onEvent });
    expect(evaluation?.metrics).toEqual({ answer: 42 });
    expect(warnings).toEqual([
      'memory: the file has changed since the steps were done (file was "sha256:then" and is "sha256:now"). ' +
        "They are kept, and evaluated by the file as it is now.",
    ]);
    expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(before));
    expect(await store.readManifest()).toMatchObject({ status: "done", origin: then });
  });

  test("has no more steps by another file, unless by force", async () => {
    const store = memoryStore();
    await expect(train(failing, { steps: 3, store, origin: then })).rejects.toThrow("oh");
    await resume(mended, store, { origin: now });
    const refused = resume(mended, store, { origin: now, steps: 4 });
    await expect(refused).rejects.toThrow('file is "sha256:then" in the run and "sha256:now" here');
    await expect(refused).rejects.toThrow("--force");
    const { step } = await resume(mended, store, { origin: now, steps: 4, isForced: true });
    expect(step).toBe(4);
  });

  test("is not evaluated by another recipe", async () => {
    const store = memoryStore();
    await train(base, { steps: 3, store, origin: then, config: { rate: 0.1 } });
    const other: Experiment = {
      ...base,
      setup: (config, key) => base.setup({ ...(config as object), rate: 0.2 }, key),
    };
    await expect(resume(other, store, { origin: now })).rejects.toThrow("optimizer.numbers is");
  });
});

test("what was measured by the file of then is measured again by that of now", async () => {
  const parts: string[] = [];
  const measuring = (name: string, onPart: () => void): Experiment => ({
    ...base,
    setup: async (config, key) => ({
      ...(await base.setup(config, key)),
      evaluate: async (_theta, _initial, _steps, measure) => {
        await measure("m", 3, (i) => {
          parts.push(`${name}${i}`);
          onPart();
          return [i];
        });
        return { metrics: {} };
      },
    }),
  });
  const store = memoryStore();
  const controller = new AbortController();
  const { signal } = controller;
  await train(
    measuring("then", () => controller.abort()),
    { steps: 2, store, origin: then, signal },
  );
  await resume(
    measuring("now", () => {}),
    store,
    { origin: now },
  );
  expect(parts).toEqual(["then0", "now0", "now1", "now2"]);
});

describe("a study whose file was changed", () => {
  const study = (answer: number | (() => never)): Study<object> =>
    defineStudy<object>({
      name: "answers",
      summary: "Two runs.",
      config: { parse: () => ({}) },
      cells: () => ["a", "b"].map((id) => ({ id, experiment: base, config: { steps: 4 }, seed: 0 })),
      summarise: () => ({ metrics: { answer: typeof answer === "number" ? answer : answer() } }),
    });

  /** Stopped in the second step of its second cell. */
  async function stopped() {
    const store = memoryStudyStore();
    const controller = new AbortController();
    const onEvent = (event: StudyEvent): void => {
      if (event.type !== "cell" || event.id !== "b" || event.event.type !== "step") return;
      if (event.event.record.step === 2) controller.abort();
    };
    await runStudy(study(1), { store, origin: then, signal: controller.signal, onEvent });
    return store;
  }

  test("is summarised by the file of now where all cells have ended, which is said", async () => {
    const store = memoryStudyStore();
    await runStudy(study(1), { store, origin: then });
    const { warnings, onEvent } = listener();
    const { summary } = await resumeStudy(study(2), store, { origin: now, onEvent });
    expect(summary.metrics).toEqual({ answer: 2 });
    expect(warnings).toEqual([
      "memory: the file has changed since a, b ended. They are kept, and summarised by the file as it is now.",
    ]);
  });

  test("whose summarise threw says what is kept, and is summarised once it is mended", async () => {
    const store = memoryStudyStore();
    const failing = study(() => {
      throw new TypeError("oh");
    });
    await expect(runStudy(failing, { store, origin: then })).rejects.toThrow(
      "answers: its summarise threw TypeError: oh. The cells that have ended, 2 of 2, are kept: " +
        "once it is mended, unspool resume memory summarises them.",
    );
    expect((await resumeStudy(study(2), store, { origin: now })).summary.metrics).toEqual({ answer: 2 });
  });

  test("says of a cell that throws in a step how it goes on, once", async () => {
    const breaking: Experiment = {
      ...base,
      async setup(config, key) {
        const setup = await base.setup(config, key);
        if (setup.method !== undefined) throw new TypeError("it has a method");
        const { estimator } = setup;
        let steps = 0;
        const estimate: typeof estimator.estimate = (...given) => {
          if (++steps === 3) throw new TypeError("oh");
          return estimator.estimate(...given);
        };
        return { ...setup, estimator: { ...estimator, estimate } };
      },
    };
    const cells = [{ id: "a", experiment: breaking, config: { steps: 4 }, seed: 0 }];
    const run = runStudy(
      { ...study(1), cells: () => cells },
      { origin: then, checkpointEvery: { steps: 2 } },
    );
    const error = await run.catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toBe(
      'answers, cell "a": its code threw. The other cells have run and are summarised. ' +
        'outer step 3 of "quadratic": estimator "noisyQuadratic": its estimate threw TypeError: oh. ' +
        "Once it is mended, unspool resume memory --force goes on from the last checkpoint, of step 2 " +
        "(--force, because the file is another then).",
    );
  });

  test("goes on with a cell that had begun by force only", async () => {
    const store = await stopped();
    await expect(resumeStudy(study(2), store, { origin: now })).rejects.toThrow(/sha256:then.*--force/);
    const { warnings, onEvent } = listener();
    const forced = await resumeStudy(study(2), store, { origin: now, isForced: true, onEvent });
    expect([forced.results.size, forced.summary.metrics]).toEqual([2, { answer: 2 }]);
    expect(warnings).toEqual([
      expect.stringContaining("the file has changed since a ended"),
      expect.stringContaining("going on by force"),
    ]);
  });

  test("tells whoever runs its cells elsewhere that it is by force", async () => {
    const store = await stopped();
    const forced: CellHooks["isForced"][] = [];
    await resumeStudy(study(2), store, {
      origin: now,
      isForced: true,
      runElsewhere(id, hooks) {
        forced.push(hooks.isForced);
        const cell = study(2)
          .cells({}, 0)
          .find((one) => one.id === id)!;
        return runCell(cell, new Map(), store.cell(id), hooks);
      },
    });
    expect(forced).toEqual([true]);
  });
});
