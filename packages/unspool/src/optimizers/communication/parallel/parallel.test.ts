/** Workers against plain computations: fixed points, numbers of workers, delays. */
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, np, random, tree } from "../../../array/index.ts";
import { adam } from "../../rules/adam.ts";
import { compiledStep } from "../../objective/compiledStep.ts";
import { errorFeedback } from "../compression/errorFeedback.ts";
import { topK } from "../compression/topK.ts";
import { qsgd } from "../compression/qsgd.ts";
import { firstOrder } from "../../objective/firstOrder.ts";
import { lookahead } from "../../wrappers/lookahead.ts";
import { momentum } from "../../rules/momentum.ts";
import type { Objective, ObjectiveOptimizer, StepOutcome } from "../../objective/objective.ts";
import { createObjectiveOptimizer, objectiveOptimizers } from "../../objective/objectiveRegistry.ts";
import { sgd } from "../../rules/sgd.ts";
import { expectClose, expectSameBits, f64, numbers, throughData } from "../../testing.ts";
import { dataParallel } from "./dataParallel.ts";
import { elasticAveraging } from "./elasticAveraging.ts";
import { gossipSgd } from "./gossipSgd.ts";
import { localSgd } from "./localSgd.ts";
import { oneBitAdam } from "./oneBitAdam.ts";
import { shardedObjective } from "./shards.ts";
import { staleGradients } from "./staleGradients.ts";
import { staleSynchronous } from "./staleSynchronous.ts";

const key = random.key(3);

interface Batch {
  a: Tensor;
  c: Tensor;
}

/** Mean over examples of ½ a_i (w - c_i)². */
const parabolas = ({ a, c }: Batch): Objective<Tensor> => ({
  loss: (w) => w.sub(c).mul(w.sub(c)).mul(a).mean().mul(0.5),
});
const split = (workers: number) => (batch: Batch) =>
  shardedObjective({ batch, workers, objective: parabolas });

/** Theta after each of so many steps on one batch. */
function run<State extends Tree>(
  optimizer: ObjectiveOptimizer<State>,
  batch: Batch,
  workers: number,
  steps: number,
): StepOutcome<Tensor, State>[] {
  const step = compiledStep(optimizer, split(workers));
  const start = np.zeros([], { dtype: "float64" });
  let [theta, state] = [start, optimizer.init(start, split(workers)(batch), key)];
  return Array.from({ length: steps }, (_, t) => {
    const outcome = step(theta, state, batch, random.foldIn(key, t));
    ({ theta, state } = outcome);
    return outcome;
  });
}

const two: Batch = { a: f64([1, 3]), c: f64([2, -1]) };

describe("local SGD", () => {
  // The fixed point of w ← mean_i c_i + (1 - η a_i)^H (w - c_i).
  const fixedPoint = (steps: number) => {
    const b = [1, 3].map((a) => 1 - (1 - 0.1 * a) ** steps);
    return (b[0]! * 2 - b[1]!) / (b[0]! + b[1]!);
  };
  test.each([
    [1, -0.25],
    [2, -0.1857142857],
    [5, -0.0103992138],
    [20, 0.4035121192],
  ])("ends at Σ b c / Σ b, H = %i", (localSteps, value) => {
    expect(fixedPoint(localSteps)).toBeCloseTo(value, 9);
    const optimizer = localSgd({ workers: 2, localSteps, optimizer: sgd({ learningRate: 0.1 }) });
    const outcomes = run(optimizer, two, 2, 160);
    expectClose(outcomes.at(-1)!.theta, [value], 1e-9);
    const sent = outcomes.map(({ metrics }) => metrics["bytesSent"]!.item());
    expect(sent).toEqual(sent.map((_, t) => ((t + 1) % localSteps === 0 ? 8 : 0)));
  });
  test("averages the first steps one by one where it is post-local", () => {
    const options = { workers: 2, localSteps: 5, optimizer: sgd({ learningRate: 0.1 }) };
    const early = run(localSgd({ ...options, synchronousSteps: 6 }), two, 2, 12);
    const sync = run(localSgd({ ...options, localSteps: 1 }), two, 2, 6);
    expectSameBits(early[5]!.theta, sync[5]!.theta);
    expect(early.map(({ metrics }) => Number(metrics["bytesSent"]!.item() > 0))).toEqual([
      1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0,
    ]);
  });
  test("with outer momentum is SlowMo: Lookahead's heavy ball around the mean", () => {
    const slow = localSgd({
      workers: 1,
      localSteps: 3,
      optimizer: sgd({ learningRate: 0.1 }),
      outerMomentum: 0.5,
      outerRate: 0.8,
    });
    const one = { a: f64([2]), c: f64([3]) };
    const known = firstOrder(lookahead(sgd({ learningRate: 0.1 }), { k: 3, alpha: 0.8, outerMomentum: 0.5 }));
    const thetas = (outcomes: { theta: Tensor }[]) => outcomes.map(({ theta }) => theta.item());
    expectClose(thetas(run(slow, one, 1, 12)), thetas(run(known, one, 1, 12)), 1e-12);
  });
});

describe("synchronous workers", () => {
  const theta = { weights: random.normal(key, [6, 3]), bias: np.zeros([3]) };
  type Theta = typeof theta;
  const batch = {
    inputs: random.normal(random.key(1), [8, 6]),
    targets: random.normal(random.key(2), [8, 3]),
  };
  const regression = ({ inputs, targets }: typeof batch): Objective<Theta> => ({
    loss({ weights, bias }) {
      const error = np.matmul(inputs, weights).add(bias).sub(targets);
      return error.mul(error).mean();
    },
  });
  const trained = (optimizer: ObjectiveOptimizer, workers: number, steps = 5) => {
    const objective = (of: typeof batch) => shardedObjective({ batch: of, workers, objective: regression });
    const step = compiledStep(optimizer, objective);
    let point = { theta, state: optimizer.init(theta, objective(batch), key) } as StepOutcome<Theta, Tree>;
    for (let t = 0; t < steps; t++) point = step(point.theta, point.state, batch, random.foldIn(key, t));
    return point;
  };
  test("1, 2 and 4 of them do what one does with the whole batch", () => {
    const optimizer = momentum({ learningRate: 0.1 });
    const alone = trained(firstOrder(optimizer) as ObjectiveOptimizer, 1);
    for (const workers of [1, 2, 4]) {
      const together = trained(dataParallel({ workers, optimizer }) as never, workers);
      expectClose(together.theta, numbers(alone.theta), 1e-6);
      expect(together.loss.item()).toBeCloseTo(alone.loss.item(), 5);
      expect(together.metrics["bytesSent"]!.item()).toBe(4 * 21);
    }
  });
  test("repeat to the bit, with stochastic compressors too, and from a copy of their state", () => {
    const make = () =>
      dataParallel({ workers: 4, compressor: qsgd() as never }) as unknown as ObjectiveOptimizer;
    const [first, second] = [trained(make(), 4), trained(make(), 4)];
    expectSameBits(first.theta, second.theta);
    expectSameBits(throughData(first.state), second.state);
  });
  test("compress updates where the compressor says so, which for SGD at one rate is the same", () => {
    const [ofUpdates, ofGradients] = (["update", "gradient"] as const).map((units) =>
      trained(
        dataParallel({
          workers: 4,
          optimizer: sgd({ learningRate: 0.1 }),
          compressor: errorFeedback(topK({ fraction: 0.3 }), { units }) as never,
        }) as never,
        4,
      ),
    );
    expectClose(ofUpdates!.theta, numbers(ofGradients!.theta), 1e-5);
    const { error } = (ofUpdates!.state as { compressor: { error: Theta } }).compressor;
    expect(error.weights.shape).toEqual([4, 6, 3]);
  });
  test("an objective that is not split is what every worker sees", () => {
    const optimizer = dataParallel({ workers: 3, optimizer: sgd({ learningRate: 0.1 }) });
    const outcome = optimizer.step(theta, optimizer.init(theta, regression(batch), key), regression(batch), {
      key,
    });
    const alone = firstOrder(sgd({ learningRate: 0.1 }));
    const plain = alone.step(theta, alone.init(theta, regression(batch), key), regression(batch), { key });
    expectClose(outcome.theta, numbers(plain.theta), 1e-6);
  });
  test("a batch that does not divide, another number of workers and positions in the state are refused", () => {
    expect(() => shardedObjective({ batch, workers: 3, objective: regression })).toThrow(
      /multiple of 3 workers/,
    );
    const objective = shardedObjective({ batch, workers: 2, objective: regression });
    const optimizer = dataParallel({ workers: 4 });
    expect(() => optimizer.step(theta, optimizer.init(theta, objective, key), objective, { key })).toThrow(
      /split for 2 workers, expected 4/,
    );
    expect(() => localSgd({ optimizer: lookahead(sgd()) as never })).toThrow(/holds no positions/);
  });
});

test("1-bit Adam is Adam during its warm-up, then keeps the second moment and sends one bit per element", () => {
  const options = { learningRate: 0.05, beta2: 0.9 };
  const outcomes = run(oneBitAdam({ workers: 2, warmupSteps: 20, ...options }), two, 2, 300);
  const known = run(firstOrder(adam(options)), two, 2, 20);
  expectClose(outcomes[19]!.theta, [known[19]!.theta.item()], 1e-12);
  const moments = [20, 60, 299].map((t) => (outcomes[t]!.state.adam.secondMoment as Tensor).item());
  expect(new Set(moments).size).toBe(1);
  expect(outcomes.slice(19, 21).map(({ metrics }) => metrics["bytesSent"]!.item())).toEqual([8, 9]);
  // The minimum of the mean of the parabolas.
  expect(outcomes.at(-1)!.theta.item()).toBeCloseTo(-0.25, 2);
  // Without a known phase both are computed and one is taken.
  const optimizer = oneBitAdam({ workers: 2, warmupSteps: 1, ...options });
  const start = f64(0.5);
  const state = optimizer.init(start, split(2)(two), key);
  const known0 = optimizer.step(start, state, split(2)(two), { key, phase: { warmup: true } });
  const open0 = optimizer.step(start, state, split(2)(two), { key });
  expectClose(open0, numbers(known0));
});

describe("simulated delays", () => {
  const one: Batch = { a: f64([1]), c: f64([0]) };
  /** θ_{t+1} = θ_t - rate · (θ_{t-τ} - 1), from 0 in plain numbers. */
  const recurrence = (rate: number, staleness: number, steps: number) => {
    const thetas = Array.from({ length: staleness + 1 }, () => 0);
    for (let t = 0; t < steps; t++) thetas.push(thetas.at(-1)! - rate * (thetas.at(-1 - staleness)! - 1));
    return thetas.slice(staleness + 1);
  };
  test("gradients that are late by tau follow the delayed recurrence; aware of it they take a tau-th", () => {
    for (const [isAware, rate] of [
      [false, 0.3],
      [true, 0.1],
    ] as const) {
      const optimizer = staleGradients({ staleness: 3, isAware, optimizer: sgd({ learningRate: 0.3 }) });
      const thetas = run(optimizer, { ...one, c: f64([1]) }, 1, 20).map(({ theta }) => theta.item());
      expectClose(thetas, recurrence(rate, 3, 20), 1e-12);
    }
  });
  test("stale-synchronous workers never get further apart than the bound, and wait for the slowest", () => {
    const optimizer = staleSynchronous({
      periods: [1, 2, 5],
      bound: 2,
      optimizer: sgd({ learningRate: 0.05 }),
    });
    const batch = { a: f64([1, 1, 1]), c: f64([0.5, 1, 1.5]) };
    const outcomes = run(optimizer, batch, 3, 60);
    const clocks = outcomes.map(({ state }) => numbers(state.clocks));
    const spread = Math.max(...clocks.map((each) => Math.max(...each) - Math.min(...each)));
    // Who starts at the bound is one further when done.
    expect(spread).toBe(3);
    expect(clocks.at(-1)![2]).toBe(12);
    expect(clocks.at(-1)![0]).toBeGreaterThanOrEqual(14);
    expect(Math.max(...outcomes.map(({ metrics }) => metrics["waiting"]!.item()))).toBeGreaterThan(0);
  });
  test("with bound 0 and one speed it is a step of each worker at the same theta, one after the other", () => {
    const optimizer = staleSynchronous({ periods: [1, 1], bound: 0, optimizer: sgd({ learningRate: 0.1 }) });
    const thetas = run(optimizer, two, 2, 3).map(({ theta }) => theta.item());
    let w = 0;
    const expected = thetas.map(() => (w -= 0.1 * (w - 2 + 3 * (w + 1))));
    expectClose(thetas, expected, 1e-12);
  });
});

test("elastic averaging follows its equations", () => {
  const optimizer = elasticAveraging({ workers: 2, learningRate: 0.1, elasticity: 0.7 });
  const thetas = run(optimizer, two, 2, 10).map(({ theta }) => theta.item());
  let [w, centre] = [[0, 0], 0];
  const [a, c] = [
    [1, 3],
    [2, -1],
  ];
  const expected = thetas.map(() => {
    const next = w.map((x, i) => x - 0.1 * (a[i]! * (x - c[i]!) + 0.7 * (x - centre)));
    centre += 0.1 * 0.7 * w.reduce((sum, x) => sum + x - centre, 0);
    w = next;
    return centre;
  });
  expectClose(thetas, expected, 1e-12);
});

describe("gossip", () => {
  const four: Batch = { a: f64([1, 1, 1, 1]), c: f64([4, 0, -2, 2]) };
  test("moves the mean as all together do, and neighbours agree at the rate of the second eigenvalue", () => {
    const ring = run(gossipSgd({ optimizer: sgd({ learningRate: 0.1 }) }), four, 4, 20);
    const together = run(dataParallel({ optimizer: sgd({ learningRate: 0.1 }) }), four, 4, 20);
    expectClose(ring.at(-1)!.theta, numbers(together.at(-1)!.theta), 1e-12);
    expect(ring[0]!.metrics["bytesSent"]!.item()).toBe(2 * 8);
    // Deviations from the mean d obey d ← P d - η (d - (c - c̄)); of c - c̄ = (3, -1, -3, 1) on a ring of 4, where P
    // has the eigenvalue 1/3 on (1, 0, -1, 0) and (0, 1, 0, -1): d = η (c - c̄) / (1 - 1/3 + η).
    const local = numbers(
      run(gossipSgd({ optimizer: sgd({ learningRate: 0.1 }) }), four, 4, 60).at(-1)!.state.local,
    );
    const mean = local.reduce((sum, x) => sum + x, 0) / 4;
    expectClose(
      local.map((x) => x - mean),
      [3, -1, -3, 1].map((x) => (0.1 * x) / (2 / 3 + 0.1)),
      1e-9,
    );
  });
  test("refuses weights that are not doubly stochastic", () => {
    const rows = [
      [0.5, 0.5],
      [0.9, 0.1],
    ];
    expect(() => gossipSgd({ workers: 2, mixing: rows })).toThrow(/doubly stochastic/);
    expect(() => gossipSgd({ mixing: "star" as never })).toThrow(/mixing/);
  });
});

test("by name, with optimizer and compressor as data", () => {
  const optimizer = createObjectiveOptimizer("dataParallel", {
    workers: 2,
    optimizer: { name: "momentum", learningRate: 0.1 },
    compressor: { name: "topK", fraction: 0.1, errorFeedback: "update" },
  });
  expect(optimizer.name).toBe("dataParallel(momentum, errorFeedback(topK))");
  for (const { name, defaults } of objectiveOptimizers) {
    expect(createObjectiveOptimizer(name, { ...defaults }).name, name).toContain(name);
  }
  expect(() => createObjectiveOptimizer("dataParallel", { compressor: "topk" })).toThrow(/topK/);
  expect(tree.leaves(optimizer.init(f64([1]), split(2)(two) as never, key)).length).toBeGreaterThan(1);
});
