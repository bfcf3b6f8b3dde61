/** The search as a whole: what is asked for, what is told to whom, and what is refused. */
import { describe, expect, test } from "vitest";
import { type Key, np, random, randomStream, tree } from "../../array/index.ts";
import type { Search } from "../search.ts";
import type { Controller, Members } from "./controllers/controller.ts";
import { controllers } from "./controllers/registry.ts";
import { choose, differences, list, mask, oneOf, requireChoice } from "./choiceSpace.ts";
import { type EsEnasState, esEnas } from "./esEnas.ts";
import type { EsEnasOptions } from "./esEnasOptions.ts";
import { esGradients } from "./gradients/registry.ts";
import { floatsOf } from "./hostTensors.ts";
import { hybridLosses } from "./hybridLosses.ts";
import { type HybridPoint, hybridSpace } from "./hybridSpace.ts";

const discrete = list([oneOf(4), choose(2, 5), mask(2)]);
const space = hybridSpace({ discrete, continuous: 6 });
const goal = Int32Array.of(2, 1, 4, 1, 0);
const loss = (choice: Int32Array, theta: Float64Array): number =>
  3 * differences(discrete, choice, goal) + theta.reduce((sum, x, i) => sum + (x - i / 3) ** 2, 0);
const evaluate = hybridLosses(loss);
const key = (i: number): Key => random.foldIn(random.key(9), i);

function walk(search: Search<HybridPoint, EsEnasState>, start: HybridPoint, steps: number, from = 0) {
  let state = search.init(start, random.key(0));
  const metrics: Record<string, number>[] = [];
  for (let i = from; i < from + steps; i++) {
    const asked = search.ask(state, key(i));
    const told = search.tell(asked.state, evaluate(asked.candidates, key(i)).losses);
    state = told.state;
    metrics.push(told.metrics!);
  }
  return { state, metrics };
}

const lossOf = ({ choice, theta }: HybridPoint): number =>
  loss(choice.data as Int32Array, Float64Array.from(theta.data));

describe.each(esGradients.names)("estimator %s", (estimator) => {
  test("finds the choice and theta", () => {
    const search = esEnas({
      space,
      pairs: 12,
      estimator,
      alpha: 0.05,
      controller: "regularizedEvolution",
      exactEvaluations: 4,
      warmUp: 5,
    });
    const { state, metrics } = walk(search, space.point(), 150);
    const found = search.incumbent(state);
    // The start has 3 · 4 + 6.1. One-sided differences hold those of the choices, and go more slowly.
    const most = esGradients.entry(estimator).isPaired ? 0.5 : 3;
    expect(lossOf(found)).toBeLessThan(most);
    expect(metrics.at(-1)!["bestLoss"]).toBeLessThan(most);
  });
});

describe.each(controllers.names)("controller %s", (controller) => {
  test("works by its name", () => {
    const search = esEnas({ space, pairs: 6, alpha: 0.05, controller });
    const { state } = walk(search, space.point(), 20);
    requireChoice("test", discrete, search.incumbent(state).choice.data);
    expect(lossOf(search.incumbent(state))).toBeLessThan(lossOf(space.point()));
  });
});

/** Proposes 0, 1, 2, … and notes what it is told. */
function counting(): Controller<Members> & { told: [number[], number[]][] } {
  const told: [number[], number[]][] = [];
  let next = 0;
  return {
    told,
    name: "counting",
    recipe: {},
    init: () => ({ choices: np.zeros([0, 1], { dtype: "int32" }), losses: np.zeros([0]) }),
    propose: (_space, state, _random, count) => ({
      choices: Int32Array.from({ length: count }, () => next++ % 50),
      state,
    }),
    feedback(_space, state, choices, losses) {
      told.push([[...choices], [...losses]]);
      return state;
    },
    best: () => undefined,
  };
}

describe("candidates and feedback", () => {
  const line = hybridSpace({ discrete: oneOf(50), continuous: 2 });
  const ask = (options: Partial<EsEnasOptions>, start = line.point([1, -1])) => {
    const controller = counting();
    const search = esEnas({ space: line, pairs: 3, sigma: 0.5, controller, ...options });
    return { controller, search, asked: search.ask(search.init(start, random.key(0)), key(0)) };
  };

  test("pairs share a choice, stand on both sides of theta, and are told as one", () => {
    const { controller, search, asked } = ask({ exactEvaluations: 2 });
    const { choice, theta } = asked.candidates;
    expect([...choice.data]).toEqual([0, 0, 1, 1, 2, 2, 3, 4]);
    expect(choice.shape).toEqual([8, 1]);
    for (const pair of [0, 1, 2]) {
      for (const j of [0, 1])
        expect(theta.data[4 * pair + j]! + theta.data[4 * pair + 2 + j]!).toBeCloseTo(j === 0 ? 2 : -2, 14);
    }
    expect([...theta.data.slice(12)]).toEqual([1, -1, 1, -1]);
    const { metrics } = search.tell(asked.state, [1, 3, 5, 5, 2, 0, 7, 9]);
    expect(controller.told).toEqual([
      [
        [0, 1, 2, 3, 4],
        [2, 5, 1, 7, 9],
      ],
    ]);
    expect(metrics).toMatchObject({ bestLoss: 0, exactLoss: 8 });
  });

  test("each member its own choice, and its own loss, where they are not shared", () => {
    const { controller, search, asked } = ask({ shareWithinPair: false, exactEvaluations: 1 });
    expect([...asked.candidates.choice.data]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    search.tell(asked.state, [1, 3, 5, 5, 2, 0, 7]);
    expect(controller.told).toEqual([
      [
        [0, 1, 2, 3, 4, 5, 6],
        [1, 3, 5, 5, 2, 0, 7],
      ],
    ]);
  });

  test("forward evaluates one side, and theta itself at least once", () => {
    const { controller, search, asked } = ask({ estimator: "forward" });
    expect([...asked.candidates.choice.data]).toEqual([0, 1, 2, 3]);
    expect([...asked.candidates.theta.data.slice(6)]).toEqual([1, -1]);
    search.tell(asked.state, [1, 3, 5, 4]);
    expect(controller.told).toEqual([
      [
        [0, 1, 2, 3],
        [1, 3, 5, 4],
      ],
    ]);
  });

  test("proposals stay for proposalInterval steps, and are told once", () => {
    const { controller, search, asked } = ask({ proposalInterval: 3 });
    let [state, seen] = [
      search.tell(asked.state, [1, 3, 5, 5, 2, 0]).state,
      [[...asked.candidates.choice.data]],
    ];
    for (let i = 1; i < 5; i++) {
      const next = search.ask(state, key(i));
      seen.push([...next.candidates.choice.data]);
      state = search.tell(next.state, [i, i, i, i, i, i + 1]).state;
    }
    expect(seen).toEqual([
      [0, 0, 1, 1, 2, 2],
      [0, 0, 1, 1, 2, 2],
      [0, 0, 1, 1, 2, 2],
      [3, 3, 4, 4, 5, 5],
      [3, 3, 4, 4, 5, 5],
    ]);
    expect(controller.told).toEqual([
      [
        [0, 1, 2],
        [2, 5, 1],
      ],
      [
        [3, 4, 5],
        [3, 3, 3.5],
      ],
    ]);
  });

  test("a pair that has failed is left out of gradient and feedback", () => {
    const { controller, search, asked } = ask({ normalizeValues: false, alpha: 1 });
    const { state, metrics } = search.tell(asked.state, [1, 3, 5, NaN, 2, 0]);
    expect(controller.told).toEqual([
      [
        [0, 2],
        [2, 1],
      ],
    ]);
    expect(metrics).toMatchObject({ failed: 1, bestLoss: 0 });
    // (f⁺ - f⁻) / (2 · 2 · 0.5) g over the two pairs that are left.
    const g = asked.state.asked!.data;
    for (const j of [0, 1]) {
      const gradient = ((1 - 3) * g[j]! + (2 - 0) * g[4 + j]!) / 2;
      expect(state.theta.data[j]).toBeCloseTo([1, -1][j]! - gradient, 13);
    }
  });

  test("candidates and theta stay in the box; float32 points stay float32", () => {
    const boxed = hybridSpace({ discrete: oneOf(50), continuous: 2, box: { low: [-1, -2], high: 1 } });
    const start = { choice: np.array([3], { dtype: "int32" }), theta: np.array([0.5, -1.5]) };
    const { search, asked } = ask({ space: boxed, sigma: 5, alpha: 100 }, start);
    expect(asked.candidates.theta.dtype).toBe("float32");
    const { state } = search.tell(asked.state, [1, 3, 5, 5, 2, 0]);
    const { theta } = search.incumbent(state);
    expect(theta.dtype).toBe("float32");
    for (const all of [asked.candidates.theta.data, theta.data]) {
      all.forEach((x: number, i: number) => {
        expect(x).toBeLessThanOrEqual(1);
        expect(x).toBeGreaterThanOrEqual(i % 2 === 0 ? -1 : -2);
      });
    }
    // No proposal was told of by this controller: the start's choice.
    expect([...search.incumbent(state).choice.data]).toEqual([3]);
  });
});

test("state is data: a search made anew goes on from its tensors to the same bits", () => {
  const make = () =>
    esEnas({ space, pairs: 4, controller: "neat", estimator: "asebo", warmUp: 3, alpha: 0.05 });
  const whole = walk(make(), space.point(), 9).state;
  let state = walk(make(), space.point(), 4).state;
  const copied = structured(state) as EsEnasState;
  state = copied;
  const search = make();
  for (let i = 4; i < 9; i++) {
    const asked = search.ask(state, key(i));
    state = search.tell(asked.state, evaluate(asked.candidates, key(i)).losses).state;
  }
  expect(plain(state)).toEqual(plain(whole));
});

/** Tensors anew from their numbers, records and numbers as they are. */
function structured(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if ("isUnspoolTensor" in node) {
    const { data, shape, dtype } = node as ReturnType<typeof np.array>;
    return np.array(data.slice(), { shape: [...shape], dtype });
  }
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, structured(child)]));
}

const plain = (state: EsEnasState): unknown => {
  const { asked: _asked, choices: _choices, ...rest } = state;
  const { step, bestLoss, ...trees } = rest;
  return [step, bestLoss, tree.entries(trees).map(([path, leaf]) => [path, leaf.shape, [...leaf.data]])];
};

test(
  "oracle: separate choices add 2 Var(c) / (4 sigma²) d to the trace of a pair's covariance",
  { tags: ["long"] },
  () => {
    // f = c_m + b · theta, b = (1, -2, .5), Var c = 4, sigma .1: 21 with shared choices, 621 with separate ones.
    const b = [1, -2, 0.5];
    const linear = hybridSpace({ discrete: oneOf(2), continuous: 3 });
    const traceOf = (shareWithinPair: boolean): number => {
      const search = esEnas({
        space: linear,
        pairs: 1,
        alpha: 1,
        normalizeValues: false,
        controller: "random",
        shareWithinPair,
      });
      const start = search.init(linear.point(), random.key(0));
      const draws = 6000;
      let trace = 0;
      for (let i = 0; i < draws; i++) {
        const asked = search.ask(start, key(i));
        const { losses } = hybridLosses(
          (choice, theta) => 4 * choice[0]! - 2 + b.reduce((sum, x, j) => sum + x * theta[j]!, 0),
        )(asked.candidates, key(i));
        // One step of length 1 from 0: theta is minus the gradient.
        const { theta } = search.tell(asked.state, losses).state;
        trace += floatsOf(theta).reduce((sum, x, j) => sum + (x + b[j]!) ** 2 / draws, 0);
      }
      return trace;
    };
    // |ĝ|² has, of 21, a standard deviation of about 40, and of 621 of about 1500.
    expect(Math.abs(traceOf(true) - 21)).toBeLessThan((4 * 40) / Math.sqrt(6000));
    expect(Math.abs(traceOf(false) - 621)).toBeLessThan((4 * 1500) / Math.sqrt(6000));
  },
);

test("the random stream of hybridLosses is common to candidates, or each one's own", () => {
  const candidates = { choice: np.zeros([3, 1], { dtype: "int32" }), theta: np.zeros([3, 2]) };
  const draw = (isCommon: boolean) => [
    ...Array.from(
      hybridLosses((_choice, _theta, source) => source.uniform(), { isCommon })(candidates, key(1)).losses,
    ),
  ];
  expect(new Set(draw(true)).size).toBe(1);
  expect(draw(true)[0]).toBe(randomStream(key(1).data).uniform());
  expect(new Set(draw(false)).size).toBe(3);
});
