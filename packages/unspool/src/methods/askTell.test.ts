/** The method around a search: records, resume, and what it refuses. Conformance is in `test/conformance`. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { cmaEs, lossOfCandidates, randomSearch, unrollCandidates } from "../search/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { askTell } from "./askTell.ts";

type Theta = { x: Tensor };
const start: Theta = { x: np.array([1, -1]) };
const evaluate = lossOfCandidates(({ x }: Theta) => x.mul(x).sum());

test("a step records the mean and the least loss of its candidates, and theta is the incumbent", () => {
  const search = cmaEs<Theta>({ sigma: 0.5, population: 6 });
  const method = askTell({ search, evaluate });
  const state = method.init(start, random.key(0));
  const { theta, loss, metrics, state: next } = method.step(start, state, random.key(1));
  const { candidates } = search.ask(state.search, random.foldIn(random.key(1), "ask"));
  const losses = Array.from({ length: 6 }, (_, i) =>
    [0, 1].reduce((sum, j) => sum + candidates.x.data[2 * i + j]! ** 2, 0),
  );
  expect(loss).toBeCloseTo(
    losses.reduce((sum, one) => sum + one / 6, 0),
    6,
  );
  expect(metrics["leastLoss"]).toBeCloseTo(Math.min(...losses), 6);
  expect(metrics["bestLoss"]).toBe(metrics["leastLoss"]);
  expect(metrics).toMatchObject({ innerSteps: 6, candidates: 6 });
  expect(metrics["sigma"]).not.toBe(0.5);
  expect([...theta.x.data]).toEqual([...search.incumbent(next.search).x.data]);
  expect([...method.evaluationTheta!(start, next).x.data]).toEqual([...theta.x.data]);
});

test("inner steps are those of the candidates' whole trajectories", () => {
  const problem = defineProblem({
    horizon: 7,
    init: () => ({ y: np.ones([2]) }),
    step: ({ x }: Theta, { y }) => ({ state: { y: y.mul(0.5).add(x) }, loss: y.mul(y).sum() }),
  });
  const method = askTell({
    search: randomSearch<Theta>({ population: 5 }),
    evaluate: unrollCandidates(problem, { tasks: 2 }),
  });
  const { metrics } = method.step(start, method.init(start, random.key(0)), random.key(1));
  expect(metrics.innerSteps).toBe(5 * 2 * 7);
});

test("failed candidates are counted, and leave the mean alone", () => {
  const method = askTell({
    search: randomSearch<Theta>({ population: 3 }),
    evaluate: () => ({ losses: [NaN, 2, 4], innerSteps: 3 }),
  });
  const { loss, metrics } = method.step(start, method.init(start, random.key(0)), random.key(1));
  expect(loss).toBe(3);
  expect(metrics).toMatchObject({ nonFinite: 1, leastLoss: 2, bestLoss: 2 });
});

test("the recipe has the search's options, and a state of another search is refused", () => {
  const method = askTell({ search: cmaEs<Theta>({ sigma: 0.5 }), evaluate });
  const state = method.init(start, random.key(0));
  expect(method.recipe(start, state)).toMatchObject({ search: { name: "cmaEs", sigma: 0.5, box: null } });
  const other = askTell({ search: randomSearch<Theta>(), evaluate }).init(start, random.key(0));
  expect(() => method.requireState!(start, other)).toThrow(/not one of the search "cmaEs"/);
  expect(() => method.requireState!(start, state)).not.toThrow();
});

test("refuses what is no search and no evaluation", () => {
  expect(() => askTell({ search: {} as never, evaluate })).toThrow(/search must be a search/);
  expect(() => askTell({ search: cmaEs<Theta>(), evaluate: 3 as never })).toThrow(
    /evaluate must be a function/,
  );
});

test("says what an evaluation of one's own must give", () => {
  const start = { x: np.array([1, 2]) };
  const stepWith = (given: unknown) => () => {
    const method = askTell({ search: cmaEs<Theta>(), evaluate: () => given as never });
    return method.step(start, method.init(start, random.key(0)), random.key(1));
  };
  expect(stepWith([1, 2, 3, 4, 5, 6])).toThrow(
    "askTell: what evaluate gave must be { losses, innerSteps }, got [1, 2, 3",
  );
  expect(stepWith(Promise.resolve([]))).toThrow(
    /got "a promise". Evaluations that wait are asked for and told by hand/,
  );
  expect(stepWith({ losses: np.zeros([6]), innerSteps: 6 })).toThrow("Of a tensor hand in its .data.");
});
