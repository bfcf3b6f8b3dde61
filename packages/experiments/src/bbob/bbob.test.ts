/** The study of searches: runtimes are counted right, and what is known of two searches holds. */
import {
  type Tensor,
  bbob as functions,
  createSearch,
  memoryStore,
  np,
  random,
  resume,
  runStudy,
  train,
} from "unspool";
import { expect, test } from "vitest";
import { bbob } from "./bbob.ts";
import { bbobSearch } from "./bbobSearch.ts";
import { reached, searchRuns } from "./searchRuns.ts";

test("CMA-ES reaches more targets than random search, and figure and tables say so", async () => {
  const config = { searches: ["cmaEs", "randomSearch"], dimensions: [2], evaluations: 300 };
  const { summary } = await runStudy(bbob, { config });
  const { "cmaEs, d = 2": cma, "randomSearch, d = 2": random } = summary.metrics!;
  expect(cma!).toBeGreaterThan(random! + 0.2);
  const [figure] = summary.figures!;
  expect(figure!.series!.map(({ y }) => y.at(-1))).toEqual([cma, random]);
  expect(summary.tables).toHaveLength(2);
  expect(summary.tables![1]!.rows).toHaveLength(17);
});

test("a target's runtime is the evaluation that reached it first", () => {
  const search = createSearch<Tensor>("quasiRandomSearch", { sigma: 1, population: 4 });
  const method = searchRuns({ search, budget: 20, rotation: "none", steps: 2 });
  const theta = Object.fromEntries(
    functions.names.map((name) => [name, np.array([3, 3], { dtype: "float64" })]),
  );
  let state = method.init(theta, random.key(0));
  const hits: Record<string, number> = {};
  for (let i = 0; i < 2; i++) {
    const made = method.step(theta, state, random.key(i));
    state = made.state;
    for (const [name, value] of Object.entries(made.metrics))
      if (name.startsWith("reached")) hits[name] = value!;
    expect(made.metrics.innerSteps).toBe(17 * (i === 0 ? 12 : 8));
  }
  // The same candidates, one by one.
  let own = search.init(theta["sphere"]!, random.foldIn(random.key(0), "sphere"));
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) {
    const asked = search.ask(own, random.key(0));
    const x = asked.candidates.data;
    const four = Array.from({ length: 4 }, (_, k) => x[2 * k]! ** 2 + x[2 * k + 1]! ** 2);
    losses.push(...four);
    own = search.tell(asked.state, four).state;
  }
  for (const target of [100, 10]) {
    const first = losses.findIndex((loss) => loss <= target) + 1;
    expect(hits[reached("sphere", target)]).toBe(first === 0 ? undefined : first);
  }
});

test("the run of a cell resumes to the bit", async () => {
  const config = { search: "snes", dimension: 2, evaluations: 40, parts: 4 };
  const whole = await train(bbobSearch, { config, seed: 3 });
  const store = memoryStore();
  await train(bbobSearch, { config, seed: 3, steps: 2, store });
  const resumed = await resume(bbobSearch, store, { steps: 4 });
  expect(resumed.state).toEqual(whole.state);
});
