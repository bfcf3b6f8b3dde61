import { expect, test } from "vitest";
import { ExperimentError } from "../errors.ts";
import type { TrainEvent } from "./events.ts";
import type { Experiment, Setup } from "./experiment.ts";
import type { Measure } from "./measurements.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { type QuadraticConfig, quadratic, quadraticSetup } from "./testExperiment.ts";
import { train } from "./train.ts";

const odd = [NaN, Infinity, -Infinity, -0, 1 / 3];

/** Measures five parts of each of two measurements, and tells `looked` which it looks at. */
function measuring(looked: string[], between?: (measure: Measure, rows: number[][]) => Promise<unknown>) {
  const experiment: Experiment<QuadraticConfig> = {
    ...quadratic,
    setup(config): Setup {
      const part = (name: string) => (i: number) => {
        looked.push(`${name}${i}`);
        return odd.map((x) => x * (i + 1));
      };
      const plain = quadraticSetup(config) as Setup;
      return {
        ...plain,
        async evaluate(_theta, _initial, _steps, measure) {
          const rows = await measure("a", 5, part("a"));
          await between?.(measure, rows);
          return { metrics: { sum: rows.length, third: rows[4]![4]! } };
        },
        async figures(run, measure) {
          const rows = [...(await measure("b", 5, part("b"))), ...(await measure("a", 5, part("a")))];
          const [figure] = await plain.figures!(run, measure);
          const y = rows.map((row) => row[4]!);
          return [{ ...figure!, series: [{ name: "rows", x: y, y }] }];
        },
      };
    },
  };
  return experiment as Experiment;
}

test("parts are told in order, and a name that was measured is not measured again", async () => {
  const looked: string[] = [];
  const events: TrainEvent[] = [];
  const { evaluation, figures } = await train(measuring(looked), { onEvent: (event) => events.push(event) });
  const names = ["a", "b"].flatMap((name) => [0, 1, 2, 3, 4].map((i) => `${name}${i}`));
  expect(looked).toEqual(names);
  const told = events.flatMap((event) =>
    event.type === "measure" ? [`${event.name}${event.part - 1}`] : [],
  );
  expect(told).toEqual(names);
  expect(evaluation!.metrics).toEqual({ sum: 5, third: (1 / 3) * 5 });
  expect(figures[0]!.series[0]!.y).toHaveLength(10);
});

test("stopped at any part and resumed, the results are those of a run without a stop, and no part is measured twice", async () => {
  const whole = await train(measuring([]), {});
  for (let stopAfter = 1; stopAfter < 10; stopAfter++) {
    const looked: string[] = [];
    const controller = new AbortController();
    const store = memoryStore();
    let parts = 0;
    const onEvent = (event: TrainEvent) => {
      if (event.type === "measure" && ++parts === stopAfter) controller.abort();
    };
    const stopped = await train(measuring(looked), { store, signal: controller.signal, onEvent });
    expect(stopped).toMatchObject({ interrupted: true, evaluation: undefined, figures: [] });
    expect((await store.readManifest())!.status).toBe("interrupted");
    expect(await store.readArtifact("evaluation")).toBeUndefined();
    const resumed = await resume(measuring(looked), store);
    expect(looked).toHaveLength(10);
    expect(new Set(looked).size).toBe(10);
    expect(resumed.evaluation).toEqual(whole.evaluation);
    expect(resumed.figures).toEqual(whole.figures);
    expect((await store.readManifest())!.status).toBe("done");
  }
});

test("numbers that JSON does not know come back as they were", async () => {
  const controller = new AbortController();
  const store = memoryStore();
  const found: number[][] = [];
  const keepRows = async (_measure: Measure, rows: number[][]) => found.push(...rows);
  const onEvent = (event: TrainEvent) => event.type === "measure" && event.part === 5 && controller.abort();
  await train(measuring([]), { store, signal: controller.signal, onEvent });
  // Through JSON, as in a folder.
  await store.writeArtifact(
    "measurements",
    JSON.parse(JSON.stringify(await store.readArtifact("measurements"))),
  );
  await resume(measuring([], keepRows), store);
  expect(found[0]).toEqual(odd);
  expect(Object.is(found[0]![3], -0)).toBe(true);
});

test("whatever catches what measure throws when it is stopped is not taken for a result", async () => {
  const controller = new AbortController();
  const swallow = async (measure: Measure) => {
    controller.abort();
    await measure("c", 1, () => [1]).catch(() => {});
  };
  const run = await train(measuring([], swallow), { signal: controller.signal });
  expect(run).toMatchObject({ interrupted: true, evaluation: undefined });
});

test("a run that ended, that is forced or that has other steps is measured anew", async () => {
  const store = memoryStore();
  await train(measuring([]), { store, steps: 3 });
  for (const options of [{}, { steps: 4 }]) {
    const looked: string[] = [];
    await resume(measuring(looked), store, options);
    expect(looked).toHaveLength(10);
  }
  const controller = new AbortController();
  const onEvent = (event: TrainEvent) => event.type === "measure" && controller.abort();
  await resume(measuring([]), store, { signal: controller.signal, onEvent });
  const looked: string[] = [];
  await resume(measuring(looked), store, { isForced: true });
  expect(looked).toHaveLength(10);
});

test("a part that is no list of numbers is named", async () => {
  for (const part of [5, null, ["1"], "12", { a: 1 }, [[1]]]) {
    const wrong = async (measure: Measure) => measure("c", 1, () => part as never);
    const error: unknown = await train(measuring([], wrong)).catch((thrown: unknown) => thrown);
    expect((error as Error).cause).toBeInstanceOf(ExperimentError);
    expect((error as Error).message).toContain('measurement "c": a part must be a list of numbers, got');
  }
});

test("what is kept and cannot be understood is measured again, with a warning", async () => {
  const damaged = [{ a: 5 }, { a: [[1, "one"]] }, { a: [[null]] }, null];
  for (const found of damaged.map((measured) => ({ step: 3, measured }))) {
    const store = memoryStore();
    const controller = new AbortController();
    const stop = (event: TrainEvent) => event.type === "measure" && controller.abort();
    await train(measuring([]), { store, steps: 3, signal: controller.signal, onEvent: stop });
    await store.writeArtifact("measurements", found);
    const looked: string[] = [];
    const warnings: string[] = [];
    const onEvent = (event: TrainEvent) => event.type === "warning" && warnings.push(event.message);
    await resume(measuring(looked), store, { onEvent });
    expect(looked).toHaveLength(10);
    expect(warnings.join()).toContain("what was measured cannot be read and is measured again");
  }
});

test("a name that stands twice in evaluate is refused: the second would be given the numbers of the first", async () => {
  const between = (measure: Measure) => measure("a", 5, () => [1]);
  await expect(train(measuring([], between), { steps: 2 })).rejects.toThrow(
    /measurement "a": evaluate measures under this name twice\. Give each measurement a name of its own/,
  );
});

test.each<[string, NonNullable<Setup["evaluate"]>]>([
  [
    "and computes with what is not there yet",
    (_theta, _initial, _steps, measure) => {
      const rows = measure("a", 3, (i) => [i]) as unknown as number[][];
      return { metrics: { last: rows.at(-1)![0]! } };
    },
  ],
  [
    "and ends before it",
    (_theta, _initial, _steps, measure) => {
      void measure("a", 3, (i) => [i]);
      return { metrics: {} };
    },
  ],
  [
    "though it is measured by then",
    async (_theta, _initial, _steps, measure) => {
      void measure("a", 3, (i) => [i]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { metrics: {} };
    },
  ],
  [
    "though something of it was asked for",
    (_theta, _initial, _steps, measure) => {
      void measure("a", 3, (i) => [i]).then(() => {});
      return { metrics: {} };
    },
  ],
])("evaluate that does not wait for a measurement, %s, is told to write await", async (_, evaluate) => {
  const experiment = {
    ...quadratic,
    setup: (config: QuadraticConfig) => ({ ...quadraticSetup(config), evaluate }),
  };
  await expect(train(experiment as Experiment, { steps: 2 })).rejects.toThrow(
    'quadratic, measurement "a": evaluate did not wait for it. Write: const rows = await measure("a", …), in an async evaluate.',
  );
});

test("measurements can be waited for together, and by then", async () => {
  const evaluate: Setup["evaluate"] = async (_theta, _initial, _steps, measure) => {
    const both = await Promise.all(["a", "b"].map((name) => measure(name, 2, (i) => [i + 1])));
    const third = await measure("c", 1, () => [7]).then(([row]) => row![0]!);
    return { metrics: { sum: both.flat(2).reduce((sum, x) => sum + x, 0), third } };
  };
  const experiment = {
    ...quadratic,
    setup: (config: QuadraticConfig) => ({ ...quadraticSetup(config), evaluate }),
  };
  const { evaluation } = await train(experiment as Experiment, { steps: 2 });
  expect(evaluation?.metrics).toEqual({ sum: 6, third: 7 });
});

test("what one of several measurements throws is told, though others are not done", async () => {
  const evaluate: Setup["evaluate"] = async (_theta, _initial, _steps, measure) => {
    const bad = () => {
      throw new RangeError("oh");
    };
    await Promise.all([measure("good", 50, (i) => [i]), measure("bad", 1, bad)]);
    return { metrics: {} };
  };
  const experiment = {
    ...quadratic,
    setup: (config: QuadraticConfig) => ({ ...quadraticSetup(config), evaluate }),
  };
  await expect(train(experiment as Experiment, { steps: 2 })).rejects.toThrow("RangeError: oh");
});
