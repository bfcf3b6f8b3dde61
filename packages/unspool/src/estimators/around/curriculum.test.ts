import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { momentum } from "../../optimizers/index.ts";
import {
  type Setup,
  defineExperiment,
  initTraining,
  memoryStore,
  resume,
  train,
  trainSteps,
} from "../../train/index.ts";
import { defineProblem } from "../../unroll/index.ts";
import { type CurriculumState, curriculum, pes, tbptt } from "../index.ts";

type Theta = { x: Tensor };

/** Level n wants x to be n + 1, over trajectories of n + 2 steps. */
const problemAt = (level: number) =>
  defineProblem({
    horizon: level + 2,
    init: () => ({ s: np.array(0) }),
    step({ x }: Theta, { s }) {
      const miss = x.sub(level + 1);
      return { state: { s: s.mul(0.5).add(miss) }, loss: miss.mul(miss).add(s.mul(s).mul(0.01)) };
    },
  });

const levels = 3;
const distance = (x: number, level: number) => Math.abs(x - (level + 1));
const kinds = {
  pes: (level: number) => pes(problemAt(level), { truncation: 1, sigma: 0.1, pairs: 4, resets: "staggered" }),
  tbptt: (level: number) => tbptt(problemAt(level), { truncation: 1 }),
};

function setupOf(kind: keyof typeof kinds): Setup {
  const estimator = curriculum<Theta>({
    levels,
    create: kinds[kind] as never,
    score: ({ x }, level) => distance(x.item(), level),
    threshold: 0.1,
    checkEvery: 4,
    decay: 0.25,
  });
  return {
    theta: { x: np.array(0) },
    estimator,
    optimizer: momentum({ learningRate: 0.05, momentum: 0.5 }),
    steps: 90,
  } as unknown as Setup;
}

const withoutTime = (records: readonly object[]) =>
  records.map((record) => ({ ...record, durationMs: undefined }));
const bitsOf = (theta: unknown) => [...tree.flatten(theta)];

describe.each(["pes", "tbptt"] as const)("around %s", (kind) => {
  test("levels end when the running mean of the scores falls below the threshold", () => {
    const setup = setupOf(kind);
    let state = initTraining(setup, random.key(2));
    let [level, mean] = [0, null as number | null];
    for (let step = 0; step < setup.steps; step++) {
      const x = tree.flatten(state.theta)[0]!;
      const { state: next, records } = trainSteps(setup, state, 1);
      state = next;
      const record = records[0]!;
      // Checks come before estimates 0, 4, 8, …; recomputed here from theta.
      if (step % 4 !== 0) {
        expect(record).not.toHaveProperty("level");
        continue;
      }
      const now = distance(x, Math.min(level, levels - 1));
      mean = mean === null ? now : 0.25 * mean + 0.75 * now;
      expect(record["score"]).toBeCloseTo(mean, 12);
      if (mean < 0.1 && level < levels) {
        level += 1;
        if (level < levels) mean = null;
      }
      expect(record["level"]).toBe(level);
    }
    expect(level).toBe(levels);
    expect((state.methodState as { estimator: CurriculumState }).estimator.estimates).toBe(setup.steps);
  });

  test("several steps in a call have the bits of single ones", () => {
    const setup = setupOf(kind);
    const all = (most: number) => {
      let state = initTraining(setup, random.key(3));
      const records: object[] = [];
      while (state.step < setup.steps) {
        const done = trainSteps(setup, state, Math.min(most, setup.steps - state.step));
        state = done.state;
        records.push(...done.records);
      }
      return { theta: bitsOf(state.theta), records: withoutTime(records) };
    };
    expect(all(50)).toEqual(all(1));
  });

  test("a run that is stopped in the middle of a level goes on to the same bits", async () => {
    const experiment = defineExperiment({
      name: "levels",
      summary: "",
      config: { parse: () => ({}) },
      setup: () => setupOf(kind),
    });
    const whole = await train(experiment, { seed: 5 });
    const first = (level: number) => whole.metrics.find((record) => record["level"] === level)!.step;
    const store = memoryStore();
    const controller = new AbortController();
    const stop = first(1) + 2;
    await train(experiment, {
      seed: 5,
      store,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "step" && event.record.step === stop) controller.abort();
      },
    });
    const resumed = await resume(experiment, store);
    expect(bitsOf(resumed.theta)).toEqual(bitsOf(whole.theta));
    expect(withoutTime(resumed.metrics)).toEqual(withoutTime(whole.metrics));
    expect(first(3)).toBeGreaterThan(first(2));
  });
});

test("options that make no sense are refused", () => {
  const given = { levels: 1, create: kinds.tbptt as never, score: () => 1, threshold: 0.1 };
  expect(() => curriculum({ ...given, levels: 0 })).toThrow(/levels/);
  expect(() => curriculum({ ...given, checkEvery: 0 })).toThrow(/checkEvery/);
  expect(() => curriculum({ ...given, decay: 1 })).toThrow(/decay/);
  expect(() => curriculum({ ...given, threshold: Number.NaN })).toThrow(/threshold/);
});
