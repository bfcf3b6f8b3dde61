import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, np, random, tree } from "../array/index.ts";
import { descent } from "../methods/index.ts";
import { type Layer, applyMlp, fanInNormal, initMlp } from "../networks/index.ts";
import { adam, categoricalLogits, gaussianLikelihood, sgd } from "../optimizers/index.ts";
import { affineAugment } from "./affineAugment.ts";
import { augerino } from "./augerino.ts";
import { evidenceOfGuessing, hasCollapsed } from "./collapse.ts";
import { invarianceGradient } from "./invarianceGradient.ts";
import { type LilaOptions } from "./lilaOptions.ts";
import { lila } from "./lila.ts";
import { lilaTheta } from "./lilaTheta.ts";
import { ringToy } from "./ringToy.ts";
import { rotation2d } from "./rotation2d.ts";

const network = (theta: Layer[], x: Tensor, layers: Layers): Tensor => applyMlp(theta, x, layers, np.tanh);
const weights = (): Layer[] => initMlp(random.key(2), [2, 8, 2], { weights: fanInNormal, dtype: "float64" });
const data = ringToy(random.key(1), { n: 24, dtype: "float64" });

function options(given: Partial<LilaOptions<Layer[]>> = {}): LilaOptions<Layer[]> {
  const augmentation = rotation2d({ samples: 5, deterministic: true });
  return {
    evidence: { network, likelihood: categoricalLogits, augmentation },
    data,
    burnIn: 0,
    mapOptimizer: adam({ learningRate: 0.05 }),
    ...given,
  };
}

function run(given: LilaOptions<Layer[]>, steps: number, eta: readonly number[] = [0.2]) {
  const method = lila(given);
  let theta = lilaTheta(given, { network: weights(), ...(eta.length > 0 && { eta }) });
  let state = method.init(theta, random.key(0));
  const records = [];
  for (let i = 0; i < steps; i++) {
    const made = method.step(theta, state, random.foldIn(random.key(3), i));
    [theta, state] = [made.theta, made.state];
    records.push(made);
  }
  return { method, theta, state, records };
}

test("evidence rises, ranges and precision move, and the best theta is kept", () => {
  const { method, theta, state, records } = run(options(), 60);
  const losses = records.map(({ loss }) => loss!);
  expect(Math.min(...losses)).toBeLessThan(losses[0]! - 5);
  expect(state.bestEvidence).toBe(-Math.min(...losses));
  expect(method.evaluationTheta!(theta, state)).toBe(state.best);
  expect(theta.eta.item()).not.toBe(0.2);
  expect(theta.logDelta.item()).not.toBe(0);
  const { metrics } = records.at(-1)!;
  const half = (metrics["logDetPosterior"]! - metrics["logDetPrior"]! + metrics["scatter"]!) / 2;
  expect(metrics["logLikelihood"]! - half).toBeCloseTo(-losses.at(-1)!, 9);
});

test("burn-in and frequency: the hyperparameters stand still in between", () => {
  const { records } = run(options({ burnIn: 2, frequency: 3 }), 7);
  expect(records.map(({ loss }) => loss === null)).toEqual([true, true, false, true, true, false, true]);
  expect(records[1]!.theta.eta.item()).toBe(0.2);
  expect(records[2]!.theta.eta.item()).not.toBe(0.2);
  expect(records[3]!.theta.eta.item()).toBe(records[2]!.theta.eta.item());
});

describe("both gradients by the ranges", () => {
  // The diagonal only by `npm run test:robustness`.
  const structures = ["full", "kron", "diag"] as const;
  test.each(process.env["UNSPOOL_LONG_TESTS"] ? structures : structures.slice(0, 2))(
    "are the same in structure %s, in batches too",
    { tags: ["long"] },
    (structure) => {
      const evidence = { ...options().evidence, structure };
      for (const hyperBatch of [24, 8]) {
        const moved = (["contract", "direct"] as const).map((gradient) => {
          const given = { evidence, gradient, hyperBatch, fitBatch: 12, hyperSteps: 2 };
          const etaOptimizer = sgd({ learningRate: 1e-3 });
          return run(options({ ...given, etaOptimizer }), 2).theta.eta.item() - 0.2;
        });
        expect(Math.abs(moved[0]!)).toBeGreaterThan(1e-6);
        expect(moved[1]! / moved[0]!).toBeCloseTo(1, 8);
      }
    },
  );

  test("rescaled parts add up to the whole", { tags: ["long"] }, () => {
    const slopeFor = (given: Partial<LilaOptions<Layer[]>>): number => {
      const etaOptimizer = sgd({ learningRate: 1 });
      return run(options({ ...given, etaOptimizer }), 1).theta.eta.item() - 0.2;
    };
    const whole = slopeFor({});
    expect(slopeFor({ hyperBatch: 8, hyperSteps: 3 })).toBeCloseTo(whole, 8);
    // Batches of 9, 9 and 6: each example counts the same.
    expect(slopeFor({ hyperBatch: 9, hyperSteps: 3 })).toBeCloseTo(whole, 8);
    expect(slopeFor({ hyperBatch: 8, hyperSteps: 3, rescale: false })).toBeCloseTo(whole, 8);
  });
});

test(
  "the estimator at fixed weights: its gradient is that of central differences",
  { tags: ["long"] },
  () => {
    const given = { evidence: options().evidence, data, network: weights() };
    const estimator = invarianceGradient(given);
    const at = (eta: number, logDelta: number) => ({
      eta: np.array([eta], { dtype: "float64" }),
      logDelta: tree.scalar(logDelta, "float64"),
    });
    const estimate = (eta: number, logDelta: number) =>
      estimator.estimate(at(eta, logDelta), { estimates: 0 }, random.key(0));
    const { gradient } = estimate(0.3, -0.5);
    const h = 1e-5;
    const byEta = (estimate(0.3 + h, -0.5).loss - estimate(0.3 - h, -0.5).loss) / (2 * h);
    const byDelta = (estimate(0.3, -0.5 + h).loss - estimate(0.3, -0.5 - h).loss) / (2 * h);
    expect(gradient.eta.item()).toBeCloseTo(byEta, 5);
    expect(gradient.logDelta.item()).toBeCloseTo(byDelta, 7);
    const batched = invarianceGradient({ ...given, batchSize: 8 });
    const other = batched.estimate(at(0.3, -0.5), { estimates: 0 }, random.key(0));
    expect(other.gradient.eta.item()).toBeCloseTo(gradient.eta.item(), 8);
    // With an optimizer it is a method.
    const method = descent(estimator, adam({ learningRate: 0.1 }));
    let place = { theta: at(0.3, -0.5), state: method.init(at(0.3, -0.5), random.key(0)) };
    const losses: number[] = [];
    for (let i = 0; i < 15; i++) {
      const made = method.step(place.theta, place.state, random.foldIn(random.key(1), i));
      losses.push(made.loss!);
      place = made;
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 1);
  },
);

test("regression learns its noise", () => {
  const inputs = random.uniform(random.key(5), [40, 2], { minval: -1, maxval: 1, dtype: "float64" });
  const noise = random.normal(random.key(6), [40, 1], { dtype: "float64" }).mul(0.1);
  const targets = np.matmul(inputs, np.array([[1], [-0.5]], { dtype: "float64" })).add(noise);
  const given = {
    evidence: { network, likelihood: gaussianLikelihood },
    data: { inputs, targets },
    burnIn: 5,
    mapOptimizer: adam({ learningRate: 0.02 }),
    priorOptimizer: adam({ learningRate: 0.05 }),
  };
  const linear = initMlp(random.key(7), [2, 1], { dtype: "float64" });
  const method = lila(given);
  let theta = lilaTheta(given, { network: linear });
  let state = method.init(theta, random.key(0));
  for (let i = 0; i < 300; i++) {
    const made = method.step(theta, state, random.foldIn(random.key(8), i));
    [theta, state] = [made.theta, made.state];
  }
  // 37 degrees of freedom: the deviation of an estimate of sigma is a ninth of it.
  expect(Math.exp(theta.logSigma!.item())).toBeGreaterThan(0.07);
  expect(Math.exp(theta.logSigma!.item())).toBeLessThan(0.13);
});

test("a prior for each layer, and one for each parameter", { tags: ["long"] }, () => {
  for (const [structure, priorStructure, size] of [
    ["kron", "layer", 4],
    ["diag", "diag", 42],
    ["full", "diag", 42],
  ] as const) {
    const evidence = { ...options().evidence, structure, priorStructure };
    const { theta, records } = run(options({ evidence }), 3);
    expect(theta.logDelta.size).toBe(size);
    expect(new Set(theta.logDelta.data).size).toBeGreaterThan(1);
    expect(Number.isFinite(records.at(-1)!.loss)).toBe(true);
  }
});

describe("collapse", () => {
  test("the evidence of guessing: N log(1 / C)", () => {
    // Card of the method, section 3: -138.6 for 200 points of two classes.
    expect(evidenceOfGuessing(categoricalLogits, 200, 2)).toBeCloseTo(-138.629, 3);
    expect(evidenceOfGuessing(gaussianLikelihood, 200, 2)).toBeUndefined();
    expect(hasCollapsed(-138.8, categoricalLogits, 200, 2)).toBe(true);
    expect(hasCollapsed(-130, categoricalLogits, 200, 2)).toBe(false);
  });

  // A prior that leaves nothing of the weights.
  const strong = { mapOptimizer: sgd({ learningRate: 1e-6 }), learn: [], collapsePatience: 2 } as const;

  test("is reported, thrown, or answered by new weights", () => {
    const { records } = run(options(strong), 3);
    expect(records.map(({ metrics }) => metrics["collapsed"])).toEqual([undefined, 1, 1]);
    expect(() => run(options({ ...strong, onCollapse: "error" }), 3)).toThrow(
      "the network has collapsed in epoch 2",
    );
    const restart = () => initMlp(random.key(9), [2, 8, 2], { dtype: "float64" });
    const again = run(options({ ...strong, onCollapse: "restart", restart }), 3);
    expect(again.state).toMatchObject({ restarts: 1, epoch: 1, guessing: 1 });
    expect(() => lila(options({ onCollapse: "restart" }))).toThrow("restart must be a function");
  });
});

test("Augerino trains ranges with the weights, and its reward pushes them up", () => {
  const theta = { network: weights(), eta: np.array([0.2], { dtype: "float64" }) };
  const ranges = [0, 1].map((reward) => {
    const augmentation = rotation2d({ samples: 5 });
    const method = augerino({ network, likelihood: categoricalLogits, augmentation, data, reward });
    let place = { theta, state: method.init(theta, random.key(0)) };
    for (let i = 0; i < 30; i++)
      place = method.step(place.theta, place.state, random.foldIn(random.key(4), i));
    return place.theta.eta.item();
  });
  expect(ranges[1]).toBeGreaterThan(ranges[0]! + 0.05);
});

describe("bad input", () => {
  test("one sample with ranges to learn is told", () => {
    const warnings: string[] = [];
    const augmentation = rotation2d({ samples: 1 });
    const evidence = { ...options().evidence, augmentation };
    lila(options({ evidence, onWarning: (message) => warnings.push(message) }));
    expect(warnings).toEqual([expect.stringContaining("one sample (rotation2d)")]);
    lila(options({ evidence, learn: ["logDelta"], onWarning: (message) => warnings.push(message) }));
    expect(warnings).toHaveLength(1);
  });

  test("options and theta", () => {
    expect(() => lila(options({ hyperSteps: 0 }))).toThrow(
      "lila: hyperSteps must be an integer of at least 1",
    );
    expect(() => lila(options({ burnIn: -1 }))).toThrow("burnIn must be an integer of at least 0");
    expect(() => lila(options({ gradient: "contrakt" as "contract" }))).toThrow('Did you mean "contract"?');
    expect(() => lilaTheta(options(), { network: weights(), delta: 0 })).toThrow(
      "lila: delta must be a finite number above 0, got 0",
    );
    expect(() => lilaTheta(options(), { network: weights(), delta: -1 })).toThrow("got -1");
    const method = lila(options());
    const theta = lilaTheta(options(), { network: weights() });
    expect(() => method.init({ ...theta, eta: np.zeros([3]) }, random.key(0))).toThrow(
      "theta.eta must be [1]",
    );
    const images = options({ evidence: { ...options().evidence, augmentation: affineAugment() } });
    expect(() => lila(images).init(lilaTheta(images, { network: weights() }), random.key(0))).toThrow(
      "2 pixels are no square image",
    );
  });

  test("weights that are not finite are named", () => {
    const theta = lilaTheta(options(), { network: tree.map((x) => x.mul(NaN), weights()) });
    const method = lila(options());
    expect(() => {
      const state = method.init(theta, random.key(0));
      method.step(theta, state, random.key(0));
    }).toThrow('lila: the weights at "0.bias"');
  });
});
