/** What a run was computed by is kept with it, and a resume by something else is refused by name. */
import { describe, expect, test } from "vitest";
import { np } from "../array/index.ts";
import { pes } from "../estimators/index.ts";
import { adam, sgd } from "../optimizers/index.ts";
import { configureExecutor, defineProblem } from "../unroll/index.ts";
import { encodeSafetensors } from "./safetensors.ts";
import type { TrainEvent } from "./events.ts";
import { type Experiment, innerProblem } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";
import { quadratic, quadraticSetup } from "./testExperiment.ts";

interface Parts {
  sigma?: number;
  rate?: number;
  curvature?: number;
  width?: number;
  optimizer?: "sgd" | "adam";
}

function experiment({
  sigma = 0.1,
  rate = 0.1,
  curvature = 2,
  width = 2,
  optimizer = "sgd",
}: Parts): Experiment {
  return {
    name: "valley",
    summary: "A quadratic, descended.",
    config: { parse: () => ({}) },
    setup() {
      const problem = defineProblem({
        name: "valley",
        horizon: 4,
        init: () => ({ x: np.ones([width]) }),
        step(theta: { rate: ReturnType<typeof np.array> }, { x }) {
          const next = x.sub(x.mul(curvature).mul(theta.rate));
          return { state: { x: next }, loss: next.mul(next).sum() };
        },
      });
      const options = { sigma, pairs: 2, truncation: 2 };
      return {
        theta: { rate: np.array(0.1) },
        estimator: pes(problem, options),
        optimizer: (optimizer === "sgd" ? sgd : adam)({ learningRate: rate }),
        inner: innerProblem(problem, options),
        steps: 2,
      } as never;
    },
  };
}

async function resumed(parts: Parts, isForced = false): Promise<string[]> {
  const store = memoryStore();
  await train(experiment({}), { store });
  const warnings: string[] = [];
  const onEvent = (event: TrainEvent) => event.type === "warning" && warnings.push(event.message);
  await resume(experiment(parts), store, { steps: 3, isForced, onEvent });
  return warnings;
}

describe("resume", () => {
  test("of the same goes on without a word", async () => {
    expect(await resumed({})).toEqual([]);
  });

  test.each<[Parts, string]>([
    [{ sigma: 0.2 }, "estimator.options.sigma is 0.1 in the run and 0.2 here"],
    [{ rate: 0.25 }, 'optimizer.numbers is "0.1 1" in the run and "0.25 1" here'],
    [{ optimizer: "adam" }, 'optimizer.name is "sgd" in the run and "adam" here'],
    [{ curvature: 3 }, 'problem.step.numbers is "2" in the run and "3" here'],
    [{ width: 3 }, "problem.step.program is"],
  ])("of %j is refused, and --force goes on with a warning that names it", async (parts, message) => {
    await expect(resumed(parts)).rejects.toThrow(message);
    if (parts.width === undefined && parts.optimizer === undefined) {
      expect((await resumed(parts, true)).join()).toContain(message);
    }
  });

  test("by force with a state that another optimizer left is refused", async () => {
    await expect(resumed({ optimizer: "adam" }, true)).rejects.toThrow(
      'its optimizer state is not one of "adam"',
    );
  });

  test("with another rounding mode is refused", async () => {
    const store = memoryStore();
    await train(experiment({}), { store });
    configureExecutor({ engine: "reference" });
    try {
      await expect(resume(experiment({}), store)).rejects.toThrow(
        'engine is "compiled" in the run and "reference" here',
      );
    } finally {
      configureExecutor({});
    }
  });

  test("with other versions goes on and says so", async () => {
    const versions = (node: string) => ({ environment: () => ({ node, unspool: "1" }) });
    const store = memoryStore();
    await train(quadratic, { store: { ...store, ...versions("v20") } });
    const warnings: string[] = [];
    const onEvent = (event: TrainEvent) => event.type === "warning" && warnings.push(event.message);
    await resume(quadratic, { ...store, ...versions("v22") }, { onEvent });
    expect(warnings).toEqual([expect.stringContaining("node v20 then, v22 now")]);
  });
});

test.each([
  ["config", "not json"],
  ["structure", "{"],
  ["structure", '{"step":{"$tensor":"gone"}}'],
  ["structure", '{"step":{"$number":"1e308"}}'],
  ["structure", '{"step":"2"}'],
  ["structure", "7"],
  ["structure", "[".repeat(100_000)],
  ["recipe", "?"],
  ["seed", "?"],
  ["format", "another"],
])("a checkpoint with an odd %s and a valid checksum is a ResumeError", async (name, value) => {
  const store = memoryStore({ keepCheckpoints: 1 });
  await train(quadratic, { steps: 2, store });
  const metadata = {
    format: "unspool-checkpoint-1",
    experiment: "quadratic",
    config: JSON.stringify(quadratic.config.parse({})),
    seed: "0",
    step: "2",
    structure: "{}",
    [name]: value,
  };
  await store.writeCheckpoint(2, await encodeSafetensors(new Map(), metadata));
  await expect(resume(quadratic, store)).rejects.toMatchObject({ code: "RESUME" });
});

test("a checkpoint of another version is not taken for a damaged one: nothing is set aside", async () => {
  const store = memoryStore();
  await train(quadratic, { steps: 4, store, checkpointEvery: { steps: 2 } });
  const metadata = { format: "unspool-checkpoint-9", experiment: "quadratic" };
  await store.writeCheckpoint(4, await encodeSafetensors(new Map(), metadata));
  const resumed = resume(quadratic, store);
  await expect(resumed).rejects.toThrow("its format is unspool-checkpoint-9, expected unspool-checkpoint-2");
  await expect(resumed).rejects.toThrow("by the version of Unspool that wrote it");
  expect([await store.listCheckpoints(), (await store.readMetrics()).length]).toEqual([[4, 2], 4]);
});

test("steps reach the config, and so the schedules that setup makes from it", async () => {
  const seen: number[] = [];
  const scheduled: typeof quadratic = {
    ...quadratic,
    setup(config) {
      seen.push(config.steps);
      return quadraticSetup(config);
    },
  };
  const result = await train(scheduled, { steps: 3 });
  expect([seen, (result.config as { steps: number }).steps, result.step]).toEqual([[3], 3, 3]);
});

test("tensors in an evaluation and its figures become numbers and arrays", async () => {
  const store = memoryStore();
  const measured: typeof quadratic = {
    ...quadratic,
    setup: (config) => ({
      ...quadraticSetup(config),
      evaluate: () => ({
        metrics: { sum: np.array([1, 2]).sum() as unknown as number },
        table: { title: "t", columns: ["x"], rows: [[np.array(3) as unknown as number]] },
      }),
      figures: () => [
        {
          id: "f",
          title: "",
          caption: "",
          x: { label: "" },
          y: { label: "" },
          series: [{ name: "s", x: np.array([1, 2]) as never, y: new Float32Array([3, 4]) as never }],
        },
      ],
    }),
  };
  const { evaluation, figures } = await train(measured, { steps: 1, store });
  expect(evaluation).toEqual({ metrics: { sum: 3 }, table: { title: "t", columns: ["x"], rows: [[3]] } });
  expect(figures[0]!.series).toEqual([{ name: "s", x: [1, 2], y: [3, 4] }]);
  expect(await store.readArtifact("evaluation")).toEqual(evaluation);
});
