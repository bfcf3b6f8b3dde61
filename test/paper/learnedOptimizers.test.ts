/**
 * Claims of two papers on learned optimizers, at CPU size: Metz, Freeman, Harrison, Maheswaranathan and Sohl-Dickstein
 * (CoLLAs 2022), and Harrison, Metz and Sohl-Dickstein (NeurIPS 2022). Networks 49-16-10 on MNIST of 7x7 pixels,
 * batches of 32, runs of 100 steps, PES with 8 pairs, K = 20, sigma 0.01. `npm run test:paper`; docs/results.md.
 */
import { describe, expect, test } from "vitest";
import {
  type AnyEstimator,
  type Key,
  type LearnedOptimizer,
  type Optimizer,
  type Problem,
  adam,
  classification,
  compiled,
  createEstimator,
  learnableAdam,
  learnableSgd,
  metaTraining,
  mlpLopt,
  nnAdam,
  np,
  pes,
  random,
  rnnMlpLopt,
  scan,
  singleTask,
  smallFc,
  star,
  truncatedEs,
  unroll,
  updateStability,
  tree,
} from "unspool";
import { loadMnist } from "../../packages/experiments/src/shared/data/mnist.ts";
import { initLayers } from "../../packages/unspool/src/optimizers/learned/learnedOptimizer.ts";
import { perParameterNetwork } from "../../packages/unspool/src/optimizers/learned/perParameterNetwork.ts";
import {
  type Runs,
  bestAdam,
  taskProblem,
  trainingRuns,
} from "../../packages/experiments/src/learnedOptimizer/learnedOptimizerStudy.ts";
import { metaOptimizer } from "../../packages/experiments/src/learnedOptimizer/metaOptimizer.ts";

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]!;

const seeds = [0, 1, 2];
const { train: images } = loadMnist(4);
const setting = { hidden: [16], batchSize: 32, scales: [1, 1] as const, horizon: 100 };
const runsKey = random.key(77);
const runs = 16;

interface Meta {
  weightDecay: number;
  steps: number;
  seed: number;
}

/** Meta-training with a constant rate of 0.01, as in the papers' code. */
function metaTrained<M>(learned: LearnedOptimizer<M>, { weightDecay, steps, seed }: Meta): M {
  const key = random.key(seed);
  const problem = taskProblem(learned, images, setting);
  const estimator: AnyEstimator<M> = createEstimator("pes", problem, {
    sigma: 0.01,
    pairs: 8,
    truncation: 20,
    resets: "staggered",
    objective: "mean",
  }) as never;
  const outer = { outerLearningRate: 0.01, outerSchedule: "constant", outerClip: 3 } as const;
  const rule = metaOptimizer({ ...outer, outerWeightDecay: weightDecay, steps });
  const update = compiled("metaUpdate", (gradient: never, state: never, theta: never) =>
    rule.update(gradient, state, theta),
  );
  let theta = learned.init(random.foldIn(key, "parameters"));
  let [state, own] = [estimator.init(theta, random.foldIn(key, "particles")), rule.init(theta) as unknown];
  for (let step = 0; step < steps; step++) {
    const estimate = estimator.estimate(theta, state, random.foldIn(random.foldIn(key, "step"), step));
    const next = update(estimate.gradient as never, own as never, theta as never);
    [state, theta, own] = [estimate.state, next.theta as never, next.state];
  }
  return theta;
}

/** The last 20 steps of `steps`, as the mean over runs; and the whole run. */
function lastOf<M>(learned: LearnedOptimizer<M>, meta: M, steps: number): { mean: number; last: number } {
  const { curve, mean }: Runs = trainingRuns(
    taskProblem(learned, images, { ...setting, horizon: steps }),
    meta,
    runsKey,
    runs,
  );
  return { mean, last: curve.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20 };
}

const blackbox = smallFc();
const stable = star({ nominalStep: 3e-3, stepMultiplier: 1e-4 });

/** Both architectures from three meta-seeds, 600 outer steps each: made once, for several claims. */
const trained = (() => {
  let made: { small: ReturnType<typeof outcome>[]; star: ReturnType<typeof outcome>[] } | undefined;
  const outcome = <M>(learned: LearnedOptimizer<M>, meta: M) => ({
    meta: meta as unknown,
    at100: lastOf(learned, meta, 100),
    at200: lastOf(learned, meta, 200),
    at1000: lastOf(learned, meta, 1000),
  });
  return () => {
    made ??= {
      small: seeds.map((seed) =>
        outcome(blackbox, metaTrained(blackbox, { weightDecay: 0, steps: 600, seed })),
      ),
      star: seeds.map((seed) => outcome(stable, metaTrained(stable, { weightDecay: 1, steps: 600, seed }))),
    };
    return made;
  };
})();
type Outcome = Record<"at100" | "at200" | "at1000", { mean: number; last: number }>;
const bare = (all: readonly Outcome[]) => all.map(({ at100, at200, at1000 }) => ({ at100, at200, at1000 }));

describe("small_fc and STAR against Adam, three meta-seeds", () => {
  test("small_fc beats Adam with its best learning rate on its own task", () => {
    const best = bestAdam(images, setting, runsKey, runs);
    const means = trained().small.map(({ at100 }) => at100.mean);
    report("small_fc, mean loss over 100 steps", { means, adam: best.mean, rate: best.learningRate });
    expect(Math.min(...means)).toBeLessThan(0.96 * best.mean);
    // Untrained: 2.3, the loss of guessing.
    for (const mean of means) expect(mean).toBeLessThan(1.35);
  });

  test("at 10 times the horizon STAR still descends where small_fc does not", () => {
    const { small, star: stars } = trained();
    report("small_fc", bare(small));
    report("star", bare(stars));
    const [ofSmall, ofStar] = [small, stars].map((all) => all.map(({ at1000 }) => at1000.last));
    expect(median(ofStar!)).toBeLessThan(0.7 * median(ofSmall!));
    expect(Math.max(...ofStar!)).toBeLessThan(0.6);
    expect(small.some(({ at200, at1000 }) => at1000.last > at200.last)).toBe(true);
    for (const { at200, at1000 } of stars) expect(at1000.last).toBeLessThan(at200.last);
  });

  test("on its own horizon STAR is no worse, and more repeatable", () => {
    const { small, star: stars } = trained();
    const spread = (all: typeof small): number => {
      const means = all.map(({ at100 }) => at100.mean);
      return Math.max(...means) - Math.min(...means);
    };
    const last = (all: typeof small): number => median(all.map(({ at100 }) => at100.last));
    report("own horizon", { last: [last(small), last(stars)], spread: [spread(small), spread(stars)] });
    expect(last(stars)).toBeLessThanOrEqual(last(small));
    expect(spread(stars)).toBeLessThan(spread(small) / 2);
  });

  test("STAR at 10 times the horizon is within a quarter of the best of six Adams", () => {
    const rates = [1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1];
    const adams = rates.map((learningRate) => {
      const rule = learnableAdam({ learningRate });
      const { curve } = trainingRuns(
        taskProblem(rule, images, { ...setting, horizon: 1000 }),
        rule.init(runsKey),
        runsKey,
        runs,
      );
      return curve.slice(-50).reduce((sum, loss) => sum + loss, 0) / 50;
    });
    const stars = trained().star.map(({ at1000 }) => at1000.last);
    report("1000 steps, last losses", { stars, adams });
    expect(stars.filter((loss) => loss < 1.25 * Math.min(...adams)).length).toBeGreaterThanOrEqual(2);
  });

  test("small_fc does not mind the scale of the loss; gradient descent does", () => {
    const family = classification({ data: images, classes: 10, hidden: [16] });
    const scaled = (factor: number): typeof family => ({
      ...family,
      loss: (...given) => family.loss(...given).mul(factor),
      ceiling: Infinity,
    });
    const means = <M>(learned: LearnedOptimizer<M>, meta: M): number[] =>
      [-2, -1, 0, 1, 2].map((k) => {
        const factor = 10 ** k;
        const problem = metaTraining(learned, scaled(factor), { horizon: 100 }) as unknown as Problem<M>;
        const { losses } = unroll(problem, meta, { key: runsKey, particles: 8 });
        const ceiling = 1.5 * Math.log(10);
        const cut = Array.from(losses.data, (loss) => (loss / factor <= ceiling ? loss / factor : ceiling));
        return cut.reduce((sum, loss) => sum + loss, 0) / cut.length;
      });
    const sgdAt = (learningRate: number): number[] => {
      const rule = learnableSgd({ learningRate });
      return means(rule, rule.init(runsKey));
    };
    const sgds = [0.1, 0.3, 1].map(sgdAt);
    const sgd = sgds.reduce((best, one) => (one[2]! < best[2]! ? one : best));
    const all = trained().small.map(({ meta }) => means(blackbox, meta as never));
    report("loss times 10^-2 .. 10^2", { small: all, sgd });
    const deviation = all.map((one) => Math.max(...one.map((loss) => Math.abs(loss / one[2]! - 1))));
    expect(median(deviation)).toBeLessThan(0.15);
    expect(Math.min(sgd[1]!, sgd[3]!)).toBeGreaterThan(1.6 * sgd[2]!);
  });
});

test("one learning rate, learned: PES comes nearer to the optimum 1.3774 than truncated ES", () => {
  // f = 1/2 sum h x^2, T = 20: the rate that minimises the mean loss before each step, by a search in float64.
  const [h, start] = [
    [1, 0.1],
    [1, 2],
  ];
  const objective = (rate: number): number => {
    let sum = 0;
    for (let t = 0; t < 20; t++)
      h!.forEach(
        (curvature, i) => (sum += 0.5 * curvature * (start![i]! * (1 - rate * curvature) ** t) ** 2),
      );
    return sum / 20;
  };
  const optimum = Array.from({ length: 20001 }, (_, i) => 1 + i * 5e-5).reduce((best, rate) =>
    objective(rate) < objective(best) ? rate : best,
  );
  expect(optimum).toBeCloseTo(1.3774, 3);

  const curvature = np.array(h!);
  const task = singleTask({
    name: "quadratic",
    init: () => ({ x: np.array(start!) }),
    loss: ({ x }: { x: ReturnType<typeof np.array> }) => curvature.mul(x).mul(x).sum().mul(0.5),
  });
  const learned = learnableSgd({ learningRate: 0.05 });
  const problem = metaTraining(learned, task as never, { horizon: 20 });
  type Rate = ReturnType<typeof learned.init>;
  const found = (make: typeof pes | typeof truncatedEs, seed: number): number => {
    const key: Key = random.key(seed);
    const options = { sigma: 0.1, pairs: 32, truncation: 5, resets: "staggered", objective: "mean" };
    const estimator = make(problem as never, options as never) as unknown as AnyEstimator<Rate>;
    const rule = adam({ learningRate: 0.05, beta2: 0.99 });
    const update = compiled("rateUpdate", (gradient: never, state: never, theta: never) =>
      rule.update(gradient, state, theta),
    );
    let theta = learned.init(key);
    let [state, own] = [estimator.init(theta, random.foldIn(key, 0)), rule.init(theta) as unknown];
    let sum = 0;
    for (let step = 0; step < 400; step++) {
      const estimate = estimator.estimate(theta, state, random.foldIn(key, 1 + step));
      const next = update(estimate.gradient as never, own as never, theta as never);
      [state, theta, own] = [estimate.state, next.theta as never, next.state];
      if (step >= 300) sum += Math.exp(theta.logLearningRate.item());
    }
    return sum / 100;
  };
  const pairs = [0, 1, 2, 3, 4].map((seed) => [found(pes, seed), found(truncatedEs, seed)] as const);
  report("learning rate of 400 outer steps, [PES, truncated ES]", pairs);
  for (const [byPes, byEs] of pairs) {
    expect(Math.abs(byPes - optimum)).toBeLessThan(0.6 * Math.abs(byEs - optimum));
  }
});

test("NNAdam, meta-trained for 300 outer steps, leaves its initial learning rate behind", () => {
  const learned = nnAdam();
  const untrained = lastOf(learned, learned.init(random.foldIn(random.key(0), "parameters")), 100);
  const after = lastOf(learned, metaTrained(learned, { weightDecay: 0, steps: 300, seed: 0 }), 100);
  report("NNAdam, mean loss over 100 steps", { untrained, after });
  expect(after.mean).toBeLessThan(1.6);
  expect(untrained.mean).toBeGreaterThan(2);
});

test("each bias of STAR moves eigenvalues into the unit circle: 1000 random Hessians and rules", () => {
  // H: random rotation of eigenvalues log-uniform in [0.01, 4]; P: entries N(0, 0.15^2); n = 6; alpha 0.2.
  const [n, count] = [6, 1000];
  const key = random.key(0);
  const normals = random.normal(random.foldIn(key, "normals"), [count, 2, n, n], { dtype: "float64" }).data;
  const uniforms = random.uniform(random.foldIn(key, "values"), [count, n], { dtype: "float64" }).data;
  const at = (pair: number, kind: number): number[][] =>
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => normals[((pair * 2 + kind) * n + i) * n + j]!),
    );
  const rows = (of: number[][], factor: number): number[][] => of.map((row) => row.map((x) => x * factor));
  const variants = {
    blackbox: { nominalStep: 0, factor: 1, isPreconditioned: false },
    nominal: { nominalStep: 0.2, factor: 1, isPreconditioned: false },
    "nominal, decay": { nominalStep: 0.2, factor: 0.25, isPreconditioned: false },
    "nominal, decay, preconditioner": { nominalStep: 0.2, factor: 0.25, isPreconditioned: true },
  };
  const stableOnes = Object.fromEntries(Object.keys(variants).map((name) => [name, 0]));
  for (let pair = 0; pair < count; pair++) {
    const basis = orthonormal(at(pair, 0));
    const values = Array.from({ length: n }, (_, i) => 0.01 * 400 ** uniforms[pair * n + i]!);
    const hessian = values.map((_, i) =>
      values.map((_, j) => values.reduce((sum, value, k) => sum + basis[k]![i]! * value * basis[k]![j]!, 0)),
    );
    for (const [name, { nominalStep, factor, isPreconditioned }] of Object.entries(variants)) {
      const learned = rows(at(pair, 1), 0.15 * factor);
      if (updateStability({ hessian, nominalStep, learned, isPreconditioned }).isStable)
        stableOnes[name]! += 1;
    }
  }
  const shares = Object.values(stableOnes).map((stableCount) => stableCount / count);
  report("share of stable rules", stableOnes);
  expect(shares[0]).toBeLessThan(0.03);
  expect(shares[1]).toBeGreaterThan(0.18);
  expect(shares[1]).toBeLessThan(0.31);
  expect(shares[2]).toBeGreaterThan(0.98);
  expect(shares[3]).toBeGreaterThan(0.98);
});

/** Gram-Schmidt on the rows of a random matrix: a rotation without preferred direction. */
function orthonormal(rows: number[][]): number[][] {
  const basis: number[][] = [];
  for (const row of rows) {
    const rest = basis.reduce((left, unit) => {
      const along = left.reduce((sum, x, i) => sum + x * unit[i]!, 0);
      return left.map((x, i) => x - along * unit[i]!);
    }, row);
    const norm = Math.hypot(...rest);
    basis.push(rest.map((x) => x / norm));
  }
  return basis;
}

test("cost: time of an update of a 400x250 matrix, in the order of the networks", () => {
  const theta = { w: random.normal(random.key(1), [400, 250]) };
  const gradient = { w: random.normal(random.key(2), [400, 250]).mul(0.01) };
  const updates = 10;
  const timed = (name: string, rule: Optimizer) => {
    // Several updates per call, so that handing over theta and state is not what is measured.
    const update = compiled(name, (g: typeof theta, start: never, from: typeof theta) => {
      const step = ([at, state]: [typeof theta, never]) => {
        const next = rule.update(g, state, at, { loss: np.ones([]) });
        return [[next.theta, next.state], undefined];
      };
      const run = scan(step as never, [from, start] as never, undefined as never, { length: updates });
      return (run as unknown as [typeof theta])[0];
    });
    const state = rule.init(theta);
    const once = (): number => {
      const began = performance.now();
      update(gradient, state as never, theta);
      return (performance.now() - began) / updates;
    };
    // The first calls run code that the engine of the host has not optimised yet.
    for (let call = 0; call < 15; call++) once();
    return { name, once, times: [] as number[] };
  };
  const rules: [string, Optimizer][] = [["adam", adam() as Optimizer]];
  for (const learned of [
    smallFc(),
    star(),
    smallFc({ hiddenUnits: 32 }),
    mlpLopt(),
    rnnMlpLopt(),
    nnAdam(),
  ]) {
    const name = rules.some(([known]) => known === learned.name) ? `${learned.name}, 32 units` : learned.name;
    rules.push([name, learned.optimizer(learned.init(random.key(0)) as never) as Optimizer]);
  }
  const all = rules.map(([name, rule]) => timed(name, rule));
  for (let round = 0; round < 10; round++) for (const one of all) one.times.push(one.once());
  const medians = Object.fromEntries(all.map(({ name, times }) => [name, median(times)]));
  report("milliseconds per update of 100,000 parameters, median of 10 calls of 10", medians);
  expect(medians["adam"]!).toBeLessThan(medians["smallFc"]!);
  expect(medians["smallFc"]!).toBeLessThan(medians["mlpLopt"]!);
  expect(medians["mlpLopt"]!).toBeLessThan(medians["rnnMlpLopt"]!);
});

test("cost: a network written out as sums and by matrices is the same, and so long each takes", () => {
  const features = Array.from({ length: 28 }, (_, i) => random.normal(random.key(i), [400, 250]));
  const time = random.normal(random.key(28), [11]);
  const timed = (units: number) => {
    const layers = initLayers(random.key(1), [39, units, units, 2]);
    const forms = (["sums", "matrices"] as const).map((form) => ({
      run: compiled(form, (weights: typeof layers, xs: typeof features, s: typeof time) =>
        perParameterNetwork(weights, xs, s, form),
      ),
      times: [] as number[],
    }));
    for (let round = 0; round < 25; round++) {
      for (const { run, times } of forms) {
        const began = performance.now();
        run(layers, features, time);
        if (round >= 10) times.push(performance.now() - began);
      }
    }
    const [sums, matrices] = forms.map(({ run }) => tree.flatten(run(layers, features, time)));
    const furthest = sums!.reduce((most, x, i) => Math.max(most, Math.abs(x - matrices![i]!)), 0);
    expect(furthest).toBeLessThan(1e-4);
    return forms.map(({ times }) => median(times));
  };
  const milliseconds = Object.fromEntries([4, 8, 16, 32].map((units) => [units, timed(units)]));
  report("milliseconds of a network at 100,000 parameters, [sums, matrices]", milliseconds);
});
