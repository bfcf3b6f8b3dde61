/**
 * How a run calls the parts of its experiment: a config is parsed once, theta and the first state are made once; and what a
 * method's step may return.
 */
import { expect, test } from "vitest";
import { np } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import { reservedMetrics } from "../methods/index.ts";
import { type Experiment, defineExperiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";

interface Config {
  rate: number;
  steps: number;
}

/** An experiment, and what was called since it was last asked: `parse` with what it was given. */
function counted(): { experiment: Experiment<Config>; calls(): string[] } {
  const calls: string[] = [];
  const experiment = defineExperiment<Config>({
    name: "counted",
    summary: "",
    config: {
      parse(given) {
        calls.push(`parse ${JSON.stringify(given)}`);
        return { rate: 0.1, steps: 4, ...(given as object) };
      },
    },
    setup({ steps }) {
      calls.push("setup");
      return {
        theta: { x: np.ones([2]) },
        method: {
          name: "still",
          recipe: () => ({}),
          init() {
            calls.push("init");
            return {};
          },
          step: (theta, state) => ({ theta, state, loss: 1, metrics: { innerSteps: 1 } }),
        },
        steps,
      };
    },
  });
  return { experiment, calls: () => calls.splice(0) };
}

test("train parses once; a config that is kept is parsed as it is kept too, for it must be read again", async () => {
  const { experiment, calls } = counted();
  await train(experiment, { config: { rate: 0.2 } });
  expect(calls()).toEqual(['parse {"rate":0.2}', "setup", "init"]);
  await train(experiment, { config: { rate: 0.2, steps: 3 }, steps: 3, store: memoryStore() });
  const asKept = 'parse {"rate":0.2,"steps":3}';
  expect(calls()).toEqual([asKept, "setup", "init", asKept]);
});

test("only steps that the config does not say make it another config, which is parsed", async () => {
  const { experiment, calls } = counted();
  await train(experiment, { config: { rate: 0.2 }, steps: 3 });
  expect(calls()).toEqual(['parse {"rate":0.2}', 'parse {"rate":0.2,"steps":3}', "setup", "init"]);
});

test("resume parses once, and makes theta and the first state once", async () => {
  const { experiment, calls } = counted();
  const store = memoryStore();
  await train(experiment, { store });
  calls();
  const { step } = await resume(experiment, store, { steps: 6 });
  expect(step).toBe(6);
  expect(calls()).toEqual(['parse {"rate":0.1,"steps":4}', "setup", "init"]);
});

/** An experiment whose method returns this in every step. */
function returning(made: { loss: number | null; metrics: Record<string, number> }): Experiment {
  return defineExperiment({
    name: "returning",
    summary: "",
    config: { parse: () => ({}) },
    setup: () => ({
      theta: { x: np.ones([2]) },
      method: {
        name: "still",
        recipe: () => ({}),
        init: () => ({}),
        step: (theta, state) => ({
          theta,
          state,
          loss: made.loss,
          metrics: { innerSteps: 1, ...made.metrics },
        }),
      },
      steps: 3,
    }),
  }) as Experiment;
}

test("a step without a loss is logged as one", async () => {
  const store = memoryStore();
  await train(returning({ loss: null, metrics: { tried: 2 } }), { store });
  expect((await store.readMetrics()).map(({ loss, tried }) => [loss, tried])).toEqual([
    [null, 2],
    [null, 2],
    [null, 2],
  ]);
});

test.each(reservedMetrics)("a metric is not called %s, as a field of the record is", async (metric) => {
  const run = train(returning({ loss: 1, metrics: { [metric]: 7 } }));
  await expect(run).rejects.toThrow(ShapeError);
  await expect(run).rejects.toThrow(`must not be called "${metric}"`);
});
