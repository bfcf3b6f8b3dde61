import { expect, test } from "vitest";
import { type Experiment, defineExperiment, memoryStore, resume, train } from "unspool/train";
import { adam, defineProblem, descent, np, pes, type Tensor } from "unspool";
import { copyRun, copyWhole } from "./copyRun.ts";

const problem = defineProblem({
  name: "decay",
  horizon: 2,
  init: () => ({ y: np.ones([2]) }),
  step: ({ x }: { x: Tensor }, { y }) => ({ state: { y: y.mul(0.5).add(x) }, loss: y.mul(x).sum() }),
});
const experiment = defineExperiment({
  name: "decay",
  summary: "",
  config: { parse: () => ({}) },
  setup: () => ({
    theta: { x: np.ones([2]) },
    method: descent(pes(problem, { sigma: 0.1, pairs: 1, truncation: 2 }), adam()),
    steps: 6,
  }),
}) as Experiment;
const every = { checkpointEvery: { steps: 2 } } as const;
const fail = (message: string): never => {
  throw new Error(message);
};

test("a run that is copied in the middle goes on there to the same bits, and comes home", async () => {
  const whole = await train(experiment, { seed: 1, ...every });
  const [home, away] = [memoryStore(), memoryStore()];
  await train(experiment, { seed: 1, steps: 4, store: home, ...every });
  await copyWhole(home, away, fail);
  const there = await resume(experiment, away, { steps: 6 });
  expect(there.state).toEqual(whole.state);
  await copyWhole(away, home, fail);
  expect(await home.readManifest()).toEqual(await away.readManifest());
  expect(await home.readMetrics()).toEqual(await away.readMetrics());
  expect(await home.listCheckpoints()).toEqual(await away.listCheckpoints());
  expect(await home.readCheckpoint(6)).toEqual(await away.readCheckpoint(6));
});

test("a copy follows a run that was set back", async () => {
  const [from, to] = [memoryStore(), memoryStore()];
  await train(experiment, { seed: 1, store: from, ...every });
  await copyRun(from, to, false);
  expect((await to.readManifest())?.status).toBe("running");
  await from.rewind(4);
  await copyRun(from, to, false);
  expect((await to.readMetrics()).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(await to.listCheckpoints()).toEqual([4]);
});

test("nothing is copied as nothing", async () => {
  const to = memoryStore();
  await copyWhole(memoryStore(), to, fail);
  expect(await to.readManifest()).toBeUndefined();
});
