/** Unrolling: windows of a trajectory as outer steps, with the bits of one unroll. */
import {
  type Experiment,
  type Tensor,
  defineExperiment,
  defineProblem,
  np,
  random,
  train,
  unroll,
} from "unspool";
import { expect, test } from "vitest";
import { unrolling, unrollingSteps } from "./unrolling.ts";
import { byParticle, metricOf } from "./records.ts";

type Theta = { rate: Tensor };
const noisy = defineProblem({
  name: "noisy",
  horizon: 10,
  init: (_theta: Theta, key) => ({ x: random.normal(key, [3]) }),
  step: ({ rate }: Theta, { x }, { key }) => {
    const next = x.sub(x.mul(rate)).add(random.normal(key, [3]).mul(0.1));
    return { state: { x: next }, loss: next.mul(next).sum() };
  },
});

const key = random.key(7);
const rates = [0.1, 0.5];
const theta: Theta = { rate: np.array(rates) };
const shared = { key, isThetaBatched: true, isCommon: true };

const experiment = (window: number) =>
  defineExperiment<object, Theta>({
    name: "noisy",
    summary: "",
    config: { parse: () => ({}) },
    setup: () => ({
      theta,
      method: unrolling(noisy, {
        ...{ ...shared, window },
        measure: (_theta, state) => ({ first: (state as { x: Tensor }).x.slice([], 0).data, count: 2 }),
      }),
      steps: unrollingSteps(noisy, undefined, window),
    }),
  }) as Experiment;

test.each([1, 3, 10])("windows of %d: losses and last states are those of one call", async (window) => {
  const { losses, state } = unroll(noisy, theta, shared);
  const { metrics } = await train(experiment(window), { seed: 0 });
  expect(metrics).toHaveLength(Math.ceil(10 / window));
  expect(metrics.at(-1)!.innerSteps).toBe(20);
  metrics.forEach((record, i) => {
    const rows = losses.slice([i * window, Math.min(10, (i + 1) * window)]);
    expect(byParticle(record, "loss", 2)).toEqual([...rows.mean(0).data]);
    expect(record.loss).toBeCloseTo(rows.mean().item(), 12);
  });
  const last = (state as { x: Tensor }).x;
  expect(byParticle(metrics.at(-1), "first", 2)).toEqual([...last.slice([], 0).data]);
  expect(metricOf(metrics.at(-1), "count")).toBe(2);
  if (window < 10) expect(metrics[0]).not.toHaveProperty("count");
});

test("a particle that diverges is null in the records, and the others go on", async () => {
  const wild: Theta = { rate: np.array([0.1, 1e30]) };
  const at = (rate: Theta): Experiment => ({
    ...experiment(5),
    setup: async (config, own) => ({ ...(await experiment(5).setup(config, own)), theta: rate }),
  });
  const { metrics } = await train(at(wild), { seed: 0 });
  const { metrics: tame } = await train(experiment(5), { seed: 0 });
  expect(metrics[1]!["loss1"]).toBe(null);
  expect(metrics[1]!["loss0"]).toBe(tame[1]!["loss0"]);
  expect(metrics[1]!.loss).toBe(tame[1]!["loss0"]);
});
