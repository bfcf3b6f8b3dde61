/**
 * Implicit bias in overparameterised bilevel optimisation (Vicol, Lorraine, Pedregosa, Duvenaud and Grosse 2022), at CPU
 * size. `npm run test:paper`; recorded in docs/results.md. Cyclic projection (C3) is a unit test of the tasks.
 */
import { describe, expect, test } from "vitest";
import {
  type BilevelOptions,
  type BilevelState,
  type BilevelTheta,
  type HypergradientOptions,
  type Layer,
  type Method,
  type Tensor,
  adam,
  antidistillation,
  bilevel,
  compiled,
  dataWeighting,
  discAndRing,
  featurePenalties,
  learnedAugmentation,
  np,
  random,
  retrainGap,
  rotatingLine,
  sgd,
} from "unspool";
import { train } from "unspool/train";
import { datasetDistillation } from "@unspool/experiments";
import { mnistPart } from "../../packages/experiments/src/shared/data/mnist.ts";

const wide = { dtype: "float64" } as const;
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const norm = (x: Tensor): number => Math.hypot(...Array.from(x.data, Number));

type Theta = BilevelTheta<Tensor, Tensor>;

/** Steps of a method without a store; `visit` sees theta after each. */
function run(
  method: Method<Theta, BilevelState<Tensor>>,
  from: Theta,
  steps: number,
  visit: (theta: Theta, loss: number, i: number) => void = () => {},
): Theta {
  const key = random.key(0);
  let theta = from;
  let state = method.init(theta, key);
  for (let i = 0; i < steps; i++) {
    const made = method.step(theta, state, random.foldIn(key, i));
    ({ theta, state } = made);
    visit(theta, made.loss!, i);
  }
  return theta;
}

const none = { every: 0 };

describe("antidistillation", () => {
  const task = antidistillation();
  const { inner, outer, solve } = task;
  const solutionOf = (hypergradient: HypergradientOptions) => {
    const isSeries = hypergradient.kind === "neumann";
    const kind = { ...hypergradient, ...(isSeries && { alpha: task.alpha }) };
    const parts = { inner, outer, solver: solve, hypergradient: kind, retrain: none };
    // One step of length 1 from 0 is the direction times y_0; the rate that would end in one step is |u| / |step|.
    const once = run(bilevel({ ...parts, optimizer: sgd({ learningRate: 1 }) }), task.theta, 1);
    const learningRate = (0.8 * task.limit(kind).outerNorm) / norm(once.outer);
    let loss = Infinity;
    const end = run(
      bilevel({ ...parts, optimizer: sgd({ learningRate }) }),
      task.theta,
      40,
      (_, now) => (loss = now),
    );
    const weights = solve(end.outer, task.theta.weights);
    return { kind, outer: end.outer, outerNorm: norm(end.outer), weightsNorm: norm(weights), loss };
  };

  test("C1: longer series and less damping give smaller u and larger w", () => {
    const series = [1, 2, 5, 10, 20, 50, 100].map((terms) => solutionOf({ kind: "neumann", terms }));
    const damped = [10, 1, 0.1, 0.01].map((eps) => solutionOf({ kind: "damped", eps }));
    const exact = solutionOf({ kind: "exact" });
    const round = ({ outerNorm, weightsNorm }: typeof exact) =>
      [outerNorm, weightsNorm].map((x) => x.toFixed(4));
    report("C1 |u|, |w|", { series: series.map(round), damped: damped.map(round), exact: round(exact) });
    for (const family of [series, damped]) {
      family.slice(1).forEach((one, i) => {
        expect(one.outerNorm).toBeLessThan(family[i]!.outerNorm);
        expect(one.weightsNorm).toBeGreaterThan(family[i]!.weightsNorm);
      });
    }
    for (const one of [...series, ...damped, exact]) {
      expect(one.loss).toBeLessThan(1e-12);
      expect(one.outerNorm).toBeCloseTo(task.limit(one.kind).outerNorm, 7);
    }
    expect(series[0]!.outerNorm).toBeCloseTo(3.5248, 4);
    expect(exact.outerNorm).toBeCloseTo(2.0191, 4);
    // C2: from u = 0 the exact hypergradient ends in y_0 g / |g|², g_i what the i-th point does to the prediction at x_0.
    const unit = (i: number): Tensor =>
      np.array(
        task.places.map((_, j) => Number(i === j)),
        wide,
      );
    const g = task.places.map((_, i) => task.predict(solve(unit(i), task.theta.weights), [1])[0]!);
    const square = g.reduce((sum, x) => sum + x * x, 0);
    const distance = Math.hypot(...g.map((x, i) => (2 * x) / square - Number(exact.outer.data[i])));
    report("C2 distance to the least-norm u", distance);
    expect(distance).toBeLessThan(1e-8);
    for (const one of [...series, ...damped]) expect(one.outerNorm).toBeGreaterThan(exact.outerNorm + 1e-6);
  });
});

describe("C4: two learned points against a disc in a ring", () => {
  const task = discAndRing({ width: 0.3 });
  const steps = 2000;
  const accuracy = compiled("accuracy", task.accuracy);
  type Setting = Pick<BilevelOptions<Tensor, Tensor>, "strategy" | "solver" | "hypergradient"> & {
    rate: number;
  };
  const methodOf = ({ rate, ...setting }: Setting) =>
    bilevel({
      inner: task.inner,
      outer: task.outer,
      retrain: none,
      optimizer: adam({ learningRate: rate }),
      ...setting,
    });
  const warm = methodOf({
    strategy: "warm",
    solver: task.descend(1),
    hypergradient: { kind: "neumann", terms: 5 },
    rate: 0.1,
  });
  const colds = [0.05, 0.1].flatMap((rate) => [
    methodOf({ strategy: "cold", solver: task.descend(1), hypergradient: { terms: 5 }, rate }),
    methodOf({ strategy: "cold", solver: task.descend(50), hypergradient: { terms: 50 }, rate }),
    // Two iterations are the pseudo-inverse of a Hessian of rank two; four, for points that nearly meet.
    methodOf({
      strategy: "cold",
      solver: task.solve,
      hypergradient: { kind: "normalCg", iterations: 4 },
      rate,
    }),
  ]);
  const outcome = (method: ReturnType<typeof methodOf>, points: number[][]) => {
    const from = { outer: np.array(points, wide), weights: task.theta.weights };
    let sum = 0;
    const end = run(method, from, steps, ({ weights }, _, i) => {
      if (i >= steps - 200) sum += accuracy(weights).item() / 200;
    });
    const retrained = accuracy(task.solve(end.outer, task.theta.weights)).item();
    return { accuracy: Number(sum.toFixed(3)), retrained: Number(retrained.toFixed(3)) };
  };

  test("four starts: warm starts remember the ring, cold starts and re-training cannot", () => {
    const starts = [
      [[0.2, 0.1], [0.9, 0.4]],
      [[-0.3, 0.2], [0.1, -1.1]],
      [[0.1, -0.4], [-0.8, 0.5]],
      [[0.5, 0.5], [-0.5, -0.5]],
    ]; // prettier-ignore
    const warms = starts.map((points) => outcome(warm, points));
    const cold = colds.map((method) => starts.map((points) => outcome(method, points).accuracy));
    report("C4 four starts", { warms, cold });
    expect(Math.max(...warms.map((one) => one.accuracy))).toBeGreaterThanOrEqual(0.98);
    expect(Math.max(...warms.map((one) => one.retrained))).toBeLessThan(0.71);
    expect(Math.max(...cold.flat())).toBeLessThanOrEqual(0.71);
  });

  test("twelve random starts: some warm runs exceed all cold and all re-trained ones", () => {
    const drawn = random.normal(random.key(12), [12, 2, 2], wide).mul(0.5).toArray() as number[][][];
    const warms = drawn.map((points) => outcome(warm, points));
    const cold = [colds[0]!, colds[2]!].map((method) =>
      drawn.map((points) => outcome(method, points).accuracy),
    );
    report("C4 random starts", { warms, cold });
    expect(warms.filter((one) => one.accuracy > 0.71).length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...warms.map((one) => one.retrained))).toBeLessThanOrEqual(0.71);
    expect(Math.max(...cold.flat())).toBeLessThanOrEqual(0.71);
  });
});

test("C6: on a line that turns, warm and cold starts end in the same u and in different losses", () => {
  const line = rotatingLine();
  const endOf = (strategy: "warm" | "cold", learningRate: number) => {
    let loss = NaN;
    const method = bilevel({
      inner: line.inner,
      outer: line.outer,
      solver: line.solve,
      strategy,
      optimizer: sgd({ learningRate }),
      hypergradient: { kind: "exact" },
      retrain: none,
    });
    const end = run(method, line.theta, 20_000, (_, now) => (loss = now));
    return { u: end.outer.item(), w: Array.from(end.weights.data, Number), loss };
  };
  const cold = endOf("cold", 0.1);
  const [slow, fast] = [endOf("warm", 0.01), endOf("warm", 0.1)];
  report("C6", { cold, slow, fast });
  for (const { u } of [cold, slow, fast]) expect(Math.abs(u + Math.atan(0.75))).toBeLessThan(1e-6);
  expect(cold.loss).toBeCloseTo(1.28, 9);
  expect(cold.w[0]).toBeCloseTo(1.04, 6);
  expect(cold.w[1]).toBeCloseTo(-0.28, 6);
  // ½ (2 - 1.1435…)² = 0.366795 for rates that tend to 0.
  expect(slow.loss).toBeCloseTo(0.36763347, 8);
  expect(fast.loss).toBeCloseTo(0.375301152, 8);
});

describe("C5: ten images in the place of MNIST", () => {
  const distilled = async (config: object, seed: number) => {
    const { evaluation } = await train(datasetDistillation, { config, seed });
    const { accuracy, retrainedAccuracy, retrainedSameStart } = evaluation!.metrics;
    return [accuracy!, retrainedSameStart!, retrainedAccuracy!] as const;
  };

  test("warm starts do well with images that teach a new network next to nothing", async () => {
    const runs = [];
    for (const seed of [0, 1, 2]) runs.push(await distilled({}, seed));
    report("C5 warm: accuracy, re-trained from the same start, from new ones", runs);
    for (const [accuracy, , fresh] of runs) expect(accuracy - fresh).toBeGreaterThanOrEqual(0.35);
  });

  test("cold starts do as well with images that teach the start that they are made for", async () => {
    const config = {
      strategy: "cold",
      innerSteps: 30,
      innerLearningRate: 0.1,
      learningRate: 0.05,
      steps: 200,
      retrainSteps: 30,
    };
    const runs = [];
    for (const seed of [0, 1]) runs.push(await distilled(config, seed));
    report("C5 cold: accuracy, re-trained from the same start, from new ones", runs);
    for (const [accuracy, same, fresh] of runs) {
      expect(Math.abs(accuracy - same)).toBeLessThanOrEqual(0.03);
      expect(fresh).toBeLessThan(accuracy - 0.05);
    }
  });
});

test("a learned augmentation: a classifier that was carried along is ahead of one trained anew with it", () => {
  const part = (from: number) => mnistPart("train", [from, from + 5000], 2);
  const held = mnistPart("test", [0, 2000], 2);
  const task = learnedAugmentation({ train: part(0), validation: part(5000), classes: 10 });
  const { inner, outer, start, data } = task;
  const solver = { optimizer: sgd({ learningRate: 0.05 }), steps: 1 };
  const method = bilevel({
    ...{ inner, outer, start, solver, retrain: none },
    ...(data && { data }),
    optimizer: adam({ learningRate: 0.02 }),
    hypergradient: { kind: "unroll" },
  });
  const found = [0, 1].map((seed) => {
    const key = random.key(seed);
    let theta = task.theta(key);
    let state = method.init(theta, key);
    for (let i = 0; i < 2000; i++) ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
    const measure = (_: unknown, weights: Layer[]): Tensor => task.accuracy(weights, held);
    const { final, retrained } = retrainGap(task, theta, { solver, steps: 500, seeds: 2, measure });
    return { final, retrained };
  });
  report("learned augmentation, warm and re-trained accuracy", found);
  for (const { final, retrained } of found) expect(final - Math.max(...retrained)).toBeGreaterThan(0.15);
});

describe("hyperparameters by the thousand", () => {
  test("a penalty for every feature: below the best single penalty", () => {
    const found = [0, 1, 2, 3, 4].map((seed) => {
      const task = featurePenalties({ seed });
      const { inner, outer, solve, theta } = task;
      const method = bilevel({
        inner,
        outer,
        solver: solve,
        optimizer: adam({ learningRate: 0.1 }),
        hypergradient: { kind: "cg", eps: 0, iterations: 60, assumeNonsingular: true },
        retrain: none,
      });
      const end = run(method, theta, 200);
      const shared = Array.from({ length: 41 }, (_, i) => np.full([60], -6 + i * 0.25, wide)).map(
        (penalty) => {
          const weights = solve(penalty, theta.weights);
          return {
            validation: outer(penalty, weights, undefined).item(),
            test: task.testError(weights).item(),
          };
        },
      );
      const best = shared.reduce((a, b) => (b.validation < a.validation ? b : a));
      return { tuned: task.testError(solve(end.outer, theta.weights)).item(), single: best.test };
    });
    report("feature penalties, test error of 60 penalties and of the best single one", found);
    for (const { tuned, single } of found) expect(tuned).toBeLessThan(single);
  });

  test("a network that weighs examples: wrong labels count less, and the test accuracy is above plain training", () => {
    const found = [0, 1, 2].map((seed) => {
      const task = dataWeighting({ seed });
      const { inner, outer, start } = task;
      const parts = { inner, outer, start, solver: { optimizer: sgd({ learningRate: 0.5 }), steps: 1 } };
      const hypergradient = { kind: "unroll" } as const;
      const weighed = bilevel({
        ...parts,
        optimizer: adam({ learningRate: 0.01 }),
        hypergradient,
        retrain: none,
      });
      // A rate of nothing: all examples keep the weight 1.
      const plain = bilevel({
        ...parts,
        optimizer: sgd({ learningRate: 1e-30 }),
        hypergradient,
        retrain: none,
      });
      const key = random.key(seed);
      const ends = [weighed, plain].map((method) => {
        let theta = task.theta(key);
        let state = method.init(theta, key);
        for (let i = 0; i < 3000; i++) ({ theta, state } = method.step(theta, state, key));
        return theta;
      });
      const [own, without] = ends.map(({ weights }) => task.accuracy(weights).item());
      const flips = Array.from(task.isFlipped.data, Number);
      const omega = Array.from(task.exampleWeights(ends[0]!.outer, ends[0]!.weights).data, Number);
      const mean = (wanted: number): number => {
        const chosen = omega.filter((_, i) => flips[i] === wanted);
        return chosen.reduce((sum, x) => sum + x, 0) / chosen.length;
      };
      return { own: own!, without: without!, right: mean(0), wrong: mean(1) };
    });
    report("data weighting, accuracy and weights of right and wrong labels", found);
    for (const { own, without, right, wrong } of found) {
      expect(wrong).toBeLessThan(right);
      expect(own).toBeGreaterThan(without);
    }
  });
});
