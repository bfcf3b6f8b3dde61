/**
 * Claims of Maheswaranathan, Sussillo, Metz, Sun and Sohl-Dickstein, "Reverse engineering learned optimizers reveals
 * known and novel mechanisms" (NeurIPS 2021), on quadratics at CPU size: a GRU of 16 units, 60 training steps, three
 * meta-seeds. `npm run test:paper -- reverseEngineering`; recorded in docs/results.md.
 */
import {
  type CwRnnMeta,
  adam,
  analyseOptimizer,
  bptt,
  clipByValue,
  componentSystem,
  cwRnn,
  exponentialDecay,
  inputFixedPoints,
  learnableMomentum,
  linearModel,
  metaTraining,
  np,
  quadratics,
  random,
  saturation,
  autonomous,
  type LearnedOptimizer,
  unroll,
} from "unspool";
import { initTraining, trainSteps } from "unspool/train";
import { describe, expect, test } from "vitest";

const horizon = 60;
const tasks = 128;
const curvatures = [0.01, 1] as const;
const family = quadratics({ curvatures });
const optimizer = cwRnn({ units: 16 });
const evaluationKey = random.key(12345);
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

/** Backpropagation through whole training runs, elementwise clipping at 0.05, Adam. */
function trained(seed: number, steps: number, learningRate: number): CwRnnMeta {
  const problem = metaTraining(optimizer, family, { horizon, objective: "relative" });
  const rate = exponentialDecay({ from: learningRate, rate: 0.5, steps: steps / 4 });
  const setup = {
    theta: optimizer.init(random.key(seed)),
    estimator: bptt(problem, { tasks: 32 }),
    optimizer: clipByValue(adam({ learningRate: rate, beta1: 0.8, beta2: 0.9, eps: 1e-6 }), { maxAbs: 0.05 }),
    steps,
  };
  let state = initTraining(setup as never, random.key(seed));
  while (state.step < steps) state = trainSteps(setup as never, state, 100).state;
  return state.theta as CwRnnMeta;
}

/** Mean over steps of the loss over that of the first step, per task. */
function scores<Meta>(learned: LearnedOptimizer<Meta>, meta: Meta): Float64Array {
  const problem = metaTraining(learned, family, { horizon, objective: "relative" });
  return Float64Array.from(
    unroll(problem, meta, { key: evaluationKey, particles: tasks }).losses.mean(0).data,
  );
}

const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

function momentumScores(learningRate: number, momentum: number): Float64Array {
  const log = (x: number) => np.array(Math.log(x));
  return scores(learnable, { logLearningRate: log(learningRate), logOneMinusMomentum: log(1 - momentum) });
}

const learnable = learnableMomentum();

/** Best of 14 learning rates from 0.01 to 10^0.6 and 7 momenta. */
function tunedMomentum() {
  let best = { score: Infinity, learningRate: 0, momentum: 0 };
  for (let i = 0; i < 14; i++) {
    for (const momentum of [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9]) {
      const learningRate = 10 ** (-2 + (2.6 * i) / 13);
      const score = mean(momentumScores(learningRate, momentum));
      if (score < best.score) best = { score, learningRate, momentum };
    }
  }
  return best;
}

function measured(seed: number, steps: number, learningRate: number) {
  const meta = trained(seed, steps, learningRate);
  const system = componentSystem(optimizer, meta);
  const analysis = analyseOptimizer({ optimizer, family: family as never, horizon, curvatures }, meta);
  const { learned, meta: linear } = linearModel(analysis.linear, system.start);
  const all = scores(optimizer, meta);
  const against = momentumScores(best.learningRate, best.momentum);
  const { nearest, modes, rest } = analysis;
  return {
    seed,
    system,
    analysis,
    score: mean(all),
    winRate: all.filter((score, i) => score < against[i]!).length / tasks,
    linearised: mean(scores(learned, linear)),
    nearest,
    nearestScore: mean(momentumScores(nearest.learningRate, nearest.momentum)),
    spectralRadius: Math.hypot(modes.modes[0]!.eigenvalue.re, modes.modes[0]!.eigenvalue.im),
    fixedPoints: rest.distinct.length,
    isEverySearchFixed: rest.points.every(({ isFixed }) => isFixed),
  };
}

const best = tunedMomentum();
/** The best of a fine grid around it. */
const finest = Math.min(
  ...Array.from({ length: 17 }, (_, i) => 2 + 0.1 * i).flatMap((learningRate) =>
    Array.from({ length: 9 }, (_, j) => mean(momentumScores(learningRate, 0.55 + 0.03 * j))),
  ),
);
const runs = [0, 1, 2].map((seed) => measured(seed, 900, 2e-3));
const top = runs.reduce((a, b) => (b.score < a.score ? b : a));
const inShort = ({ system: _s, analysis, ...run }: (typeof runs)[number]) => ({
  ...run,
  rates: analysis.modes.modes
    .slice(0, 6)
    .map(({ eigenvalue, learningRate }) => [
      +eigenvalue.re.toFixed(3),
      +eigenvalue.im.toFixed(3),
      +learningRate.re.toFixed(3),
    ]),
  condition: analysis.modes.condition,
});
report("tuned momentum", { ...best, fineGrid: finest });
for (const run of runs) report(`seed ${run.seed}, 900 outer steps`, inShort(run));

describe("900 outer steps", () => {
  test("1: learned optimizers beat tuned momentum", () => {
    const ratios = runs.map(({ score }) => score / best.score);
    report("claim 1", { ratios, winRate: top.winRate });
    expect(ratios.filter((ratio) => ratio <= 0.97).length).toBeGreaterThanOrEqual(2);
    for (const ratio of ratios) expect(ratio).toBeLessThanOrEqual(1.2);
    expect(top.winRate).toBeGreaterThan(0.65);
  });

  test("2: the state has one fixed point, where its modes are momenta", () => {
    for (const { fixedPoints, isEverySearchFixed } of runs)
      expect([fixedPoints, isEverySearchFixed]).toEqual([1, true]);
    expect(top.spectralRadius).toBeGreaterThan(0.6);
    expect(top.spectralRadius).toBeLessThan(0.99);
    report(
      "claim 2",
      runs.map(({ nearest, nearestScore }) => ({ ...nearest, relative: nearestScore / best.score })),
    );
    // One momentum accounts for nearly all of the linear response, and is nearly as good as the best of the grid.
    expect(top.nearest.unexplained).toBeLessThan(0.05);
    expect(top.nearestScore).toBeLessThan(1.05 * best.score);
    expect(Math.abs(Math.log(top.nearest.learningRate / best.learningRate))).toBeLessThan(Math.log(1.6));
    expect(Math.abs(top.nearest.momentum - best.momentum)).toBeLessThan(0.15);
  });

  test("3: the best optimizer is as good when it is linearised", () => {
    const off = runs.map(({ linearised, score }) => linearised / score - 1);
    report("claim 3", off);
    expect(Math.abs(top.linearised / top.score - 1)).toBeLessThan(0.1);
  });

  test("4: update functions saturate", () => {
    const found = runs.map(({ system }) => [...saturation(system, system.start, [0.1, 3, 10])]);
    report("claim 4", found);
    for (const [small, large, largest] of found) {
      expect(small).toBeGreaterThan(0.97);
      expect(large).toBeLessThan(0.5);
      expect(largest).toBeLessThan(0.15);
    }
  });

  test("5: the effective learning rate follows a schedule", () => {
    const starts = runs.map(({ system, analysis }) => {
      const rest = analysis.modes.effectiveLearningRate;
      const { learningRates } = autonomous(system, { steps: horizon });
      expect(Math.max(...learningRates)).toBeGreaterThanOrEqual(rest);
      for (const rate of learningRates.slice(40)) expect(Math.abs(rate / rest - 1)).toBeLessThan(0.02);
      return learningRates[0]! / rest;
    });
    report("claim 5", starts);
    expect(starts.filter((ratio) => ratio >= 1.15).length).toBeGreaterThanOrEqual(1);
  });

  test("6: fixed points under steady gradients form a curve along which the learning rate falls", () => {
    const gradients = [-3, -1, -0.3, -0.1, 0, 0.1, 0.3, 1, 3];
    for (const { system, analysis } of runs) {
      const { projections, learningRates, origin } = inputFixedPoints(system, gradients);
      const shares = learningRates.map((rate) => rate / origin.learningRate);
      report("claim 6", { projections: [...projections], shares: [...shares] });
      const steps = [...projections].slice(1).map((x, i) => Math.sign(x - projections[i]!));
      expect(new Set(steps).size).toBe(1);
      // From |g| = 0.3 outwards, on both arms.
      expect(shares[0]! / shares[2]!).toBeLessThan(0.85);
      expect(shares[8]! / shares[6]!).toBeLessThan(0.85);
      expect(origin.learningRate).toBeCloseTo(analysis.modes.effectiveLearningRate, 9);
    }
  });
});

test("with 2500 outer steps at twice the learning rate every seed beats finely tuned momentum by 8 %", () => {
  const longer = [0, 1, 2].map((seed) => measured(seed, 2500, 4e-3));
  for (const run of longer) report(`seed ${run.seed}, 2500 outer steps`, inShort(run));
  for (const { score, winRate } of longer) {
    expect(score).toBeLessThan(0.92 * finest);
    expect(winRate).toBeGreaterThan(0.8);
  }
});
