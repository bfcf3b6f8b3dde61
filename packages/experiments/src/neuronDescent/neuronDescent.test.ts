/** The study of neuron-descent at a small size. */
import {
  NonFiniteError,
  type StudyEvent,
  foof,
  memoryStudyStore,
  random,
  resumeStudy,
  runStudy,
} from "unspool";
import { expect, test } from "vitest";
import { compareDirections } from "./directionDescent.ts";
import { neuronDescent } from "./neuronDescent.ts";
import { type Task, type Trained, batchesOf, trainer } from "./networkDescent.ts";

const images = random.normal(random.key(0), [40, 6]);
const task: Task = {
  inputs: images,
  // Learnable: the sign of the first pixel.
  labels: images.slice([], 0).less(0).astype("int32"),
  sizes: [6, 8, 10],
  batchSize: 20,
  updates: 12,
};

test("a network trained by FOOF descends and repeats to the bit, from each key another", () => {
  const train = trainer(task, foof({ learningRate: 1 }) as unknown as Trained, { burnIn: 2, every: 5 });
  const [first, again, other] = [0, 0, 1].map((seed) => train(random.key(seed)));
  expect(first!.updates).toEqual([0, 5, 10, 12]);
  expect(first!.finalLoss).toBeLessThan(first!.losses[0]! / 3);
  expect(again!.losses).toEqual(first!.losses);
  expect(other!.finalLoss).not.toBe(first!.finalLoss);
});

test("with damping far above the factors K-FAC and FOOF are both gradient descent, of the same length", () => {
  const {
    cosines,
    kfac,
    foof: other,
  } = compareDirections({ ...task, updates: 4 }, { learningRate: 1e7, damping: 1e8 }, random.key(0));
  for (const cosine of cosines) expect(cosine).toBeCloseTo(1, 3);
  kfac.forEach((decrease, i) => {
    expect(decrease).toBeGreaterThan(0);
    expect(other[i]! / decrease).toBeCloseTo(1, 2);
  });
});

test(
  "a trajectory that diverges is an error, at the update from which on nothing is finite",
  { tags: ["long"] },
  () => {
    const run = () =>
      compareDirections({ ...task, updates: 40 }, { learningRate: 1e6, damping: 1e-8 }, random.key(0));
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow(/became (NaN|-?Infinity) at update \d+ of the trajectory/);
  },
);

const tiny = { steps: 20, images: 200, hidden: [8], compared: 10 };

test(
  "the study has its figures from what has ended, and stopped in the middle it ends in the same bits",
  { tags: ["long"] },
  async () => {
    const only = ["momentum-0", "foof-0"];
    const whole = await runStudy(neuronDescent, { config: tiny, only });
    const { metrics, figures, tables, times } = whole.summary;
    expect(Object.keys(metrics!)).toEqual(["momentum final loss", "foof final loss"]);
    expect(figures!.map(({ id, series }) => [id, series.length])).toEqual([["updates", 2]]);
    expect(tables![0]!.rows.map(([name]) => name)).toEqual(["SGD with momentum", "FOOF"]);
    expect(times!.figures!.map(({ id }) => id)).toEqual(["time"]);

    const store = memoryStudyStore();
    const controller = new AbortController();
    let steps = 0;
    const onEvent = (event: StudyEvent) => {
      if (event.type === "cell" && event.event.type === "step" && ++steps === 27) controller.abort();
    };
    const stopped = await runStudy(neuronDescent, {
      ...{ config: tiny, only, store, onEvent },
      signal: controller.signal,
      checkpointEvery: { steps: 4 },
    });
    expect([...stopped.results.keys()]).toEqual(["momentum-0"]);
    const { summary } = await resumeStudy(neuronDescent, store, { only });
    expect({ ...summary, times: null }).toEqual({ ...whole.summary, times: null });
  },
);

test("directions are drawn from the trajectories that have ended", async () => {
  const metrics = Array.from({ length: 20 }, (_, i) => ({
    ...{ step: i + 1, loss: 1, innerSteps: i, durationMs: 1 },
    ...{ cosine: 0.5, kfacDecrease: 0.1, foofDecrease: 0.2 },
  }));
  const result = (id: string) =>
    [id, { id, config: {}, seed: 0, metrics, evaluation: undefined, theta: async () => null }] as const;
  const config = neuronDescent.config.parse({});
  const { figures } = await neuronDescent.summarise(
    new Map(["directions-heuristic-0.01", "directions-heuristic-0.1", "directions-standard-0.1"].map(result)),
    config,
  );
  expect(figures!.map(({ id, series }) => [id, series.map(({ x }) => x)])).toEqual([
    ["cosine", [[0.01, 0.1], [0.1]]],
    [
      "decrease",
      [
        [5, 15],
        [5, 15],
      ],
    ],
  ]);
  expect(await neuronDescent.summarise(new Map(), config)).toMatchObject({ tables: [], figures: [] });
});

test("networks of one seed see the same batches, whatever trains them", () => {
  const batchAt = batchesOf(task);
  const key = random.key(3);
  const epoch = [0, 1].flatMap((i) => [...batchAt(key, i).images.data]);
  expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(batchAt(key, 3).images.data).toEqual(batchesOf(task)(key, 3).images.data);
});
