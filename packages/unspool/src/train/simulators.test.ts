/** Runs through a simulator: the same seed gives the same bits, and so does a run that was interrupted. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { pes } from "../estimators/index.ts";
import { adam } from "../optimizers/index.ts";
import { defineSimulator } from "../unroll/index.ts";
import { defineExperiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { bits, withoutTimes } from "./testExperiment.ts";
import { train } from "./train.ts";

/** A queue at a counter: work arrives at random and is done at the rate theta, which costs its square. */
const queue = defineSimulator({
  name: "queue",
  horizon: 12,
  init: (_theta: { rate: number }, { random }) => ({
    waiting: random.integer(4),
    isBusy: false,
    served: new Int32Array(2),
  }),
  step({ rate }, state, { t, random }) {
    if (random.uniform() < 0.7) state.waiting += random.integer(3);
    state.isBusy = state.waiting > rate;
    const done = Math.min(state.waiting, Math.max(0, rate));
    state.waiting -= done;
    state.served[t % 2]! += Math.round(done);
    return { state, loss: state.waiting + 0.5 * rate * rate };
  },
});

const estimator = pes(queue, { sigma: 0.1, truncation: 4, pairs: 6, resets: "staggered" });

const experiment = defineExperiment<object, { rate: Tensor }>({
  name: "queue",
  summary: "the rate of a counter",
  config: { parse: () => ({}) },
  setup: () => ({
    theta: { rate: np.array(0.2) },
    estimator,
    optimizer: adam({ learningRate: 0.1 }),
    steps: 5,
  }),
});

test("resumed at any step, a run has the bits of one that was never stopped", async () => {
  const whole = await train(experiment, { seed: 3 });
  expect(withoutTimes((await train(experiment, { seed: 3 })).metrics)).toEqual(withoutTimes(whole.metrics));
  expect((whole.theta as { rate: Tensor }).rate.item()).not.toBeCloseTo(0.2, 2);
  for (const stop of [1, 3]) {
    const store = memoryStore();
    const controller = new AbortController();
    const stopped = await train(experiment, {
      seed: 3,
      store,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "step" && event.record.step === stop) controller.abort();
      },
    });
    expect(stopped.step).toBe(stop);
    const resumed = await resume(experiment, store);
    expect(bits(resumed.state)).toEqual(bits(whole.state));
    expect(withoutTimes(resumed.metrics)).toEqual(withoutTimes(whole.metrics));
  }
});
