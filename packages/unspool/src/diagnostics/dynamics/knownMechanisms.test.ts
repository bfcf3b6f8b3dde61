/**
 * The analysis finds the mechanisms of optimizers whose mechanisms are known: momentum, Nesterov's, swinging momenta,
 * clipping, RMSProp, Adam. Expected values are derived by hand in the comments.
 */
import { describe, expect, test } from "vitest";
import { np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { aggMo, linearHistory } from "../../optimizers/index.ts";
import { autonomous } from "./autonomous.ts";
import { type ComponentSystem, componentSystem } from "./componentSystem.ts";
import { fixedPoints } from "./fixedPoints.ts";
import { inputFixedPoints } from "./inputFixedPoints.ts";
import { effectiveLearningRate, linearize } from "./linearize.ts";
import { impulseResponse, modes, steadyLearningRate } from "./modes.ts";
import { nearestMomentum } from "./nearestMomentum.ts";
import { optimalMomentum } from "./optimalMomentum.ts";
import { adamSystem, momentumSystem, nesterovSystem, rmspropSystem } from "./plainSystems.ts";
import { saturation, updateFunction } from "./updateFunction.ts";

const f64 = { dtype: "float64" } as const;
const modesAtRest = (system: ComponentSystem) =>
  modes(linearize(system, fixedPoints(system, [system.start]).distinct[0]!.state));

describe("momentum", () => {
  const system = momentumSystem({ learningRate: 0.3, momentum: 0.9 });

  test("is one mode: its momentum and its learning rate", () => {
    const { modes: found, direct, condition } = modesAtRest(system);
    expect(found.length).toBe(1);
    expect(found[0]!.eigenvalue.re).toBeCloseTo(0.9, 11);
    expect(found[0]!.learningRate.re).toBeCloseTo(0.3, 11);
    expect(found[0]!.timeConstant).toBeCloseTo(-1 / Math.log(0.9), 8);
    expect(direct).toBeCloseTo(0, 11);
    expect(condition).toBeCloseTo(1, 12);
    const nearest = nearestMomentum(modesAtRest(system));
    expect(nearest.learningRate).toBeCloseTo(0.3, 6);
    expect(nearest.momentum).toBeCloseTo(0.9, 6);
    expect(nearest.unexplained).toBeLessThan(1e-9);
  });

  test("is linear, has no schedule and does not adapt", () => {
    for (const S of saturation(system, system.start, [0.1, 1, 100])) expect(S).toBeCloseTo(1, 10);
    for (const rate of autonomous(system, { steps: 10 }).learningRates) expect(rate).toBeCloseTo(0.3, 11);
    const { learningRates, projections } = inputFixedPoints(system, [-1, 0, 2]);
    for (const rate of learningRates) expect(rate).toBeCloseTo(0.3, 11);
    // v* = g / (1 - b), read with weight -a.
    [10, 0, -20].forEach((x, i) => expect(projections[i]).toBeCloseTo(x, 9));
  });

  test("shifts the update function along its mode, without bending it", () => {
    const [low, high] = [-1, 1].map((v) => updateFunction(system, Float64Array.of(v), [-2, 0, 2]));
    high!.forEach((change, i) => expect(change - low![i]!).toBeCloseTo(-0.3 * 0.9 * 2, 12));
  });

  test("in the long run a steady gradient counts a / (1 - b) times", () => {
    expect(steadyLearningRate(modesAtRest(system))).toBeCloseTo(3, 8);
  });
});

test("Nesterov's is a mode (a b, b) and a part a without memory", () => {
  const found = modesAtRest(nesterovSystem({ learningRate: 0.5, momentum: 0.8 }));
  expect(found.modes[0]!.learningRate.re).toBeCloseTo(0.4, 11);
  expect(found.modes[0]!.eigenvalue.re).toBeCloseTo(0.8, 11);
  expect(found.direct).toBeCloseTo(0.5, 11);
  expect(found.sumOfRates).toBeCloseTo(found.effectiveLearningRate, 12);
  impulseResponse(found, 3).forEach((x, k) =>
    expect(x).toBeCloseTo(-0.4 * 0.8 ** k - (k === 0 ? 0.5 : 0), 10),
  );
});

test("aggMo with complex momenta is as many pairs, with half the learning rate each", () => {
  const meta = {
    start: np.zeros([4], f64),
    rates: np.array([0.3, 0.1, 0.05, 0], f64),
    decays: np.array([0.6, 0.9, 0.3, 0.1], f64),
  };
  const { modes: found, sumOfRates } = modesAtRest(
    componentSystem(aggMo({ velocities: 2, isComplex: true }), meta),
  );
  // v' = b v - a g, and Re v = (v + v̄) / 2.
  const wanted = [
    [0.9, 0.1, 0.05, 0],
    [0.9, -0.1, 0.05, 0],
    [0.6, 0.3, 0.15, 0.025],
    [0.6, -0.3, 0.15, -0.025],
  ];
  found.forEach(({ eigenvalue, learningRate }, j) => {
    const numbers = [eigenvalue.re, eigenvalue.im, learningRate.re, learningRate.im];
    numbers.forEach((x, i) => expect(x).toBeCloseTo(wanted[j]![i]!, 12));
  });
  expect(sumOfRates).toBeCloseTo(0.4, 12);
});

test("a window of past gradients is no sum of modes, and the condition says so", () => {
  const system = componentSystem(linearHistory({ length: 4 }), { weights: np.array([0.5, 1, 2, 4], f64) });
  const { condition, effectiveLearningRate: rate, modes: found } = modesAtRest(system);
  expect(rate).toBeCloseTo(0.5, 14);
  // A nilpotent shift: every eigenvalue is 0, with one eigenvector.
  for (const { eigenvalue } of found) expect(Math.hypot(eigenvalue.re, eigenvalue.im)).toBeLessThan(1e-3);
  expect(condition).toBeGreaterThan(1e8);
});

describe("clipping", () => {
  const system = momentumSystem({ learningRate: 0.3, momentum: 0.9, clip: 0.5 });

  test("is saturation: S = c / |g| beyond the clip", () => {
    const wanted = [1, 1, 0.5, 0.05];
    saturation(system, system.start, [-0.1, 0.5, 1, -10]).forEach((x, i) =>
      expect(x).toBeCloseTo(wanted[i]!, 10),
    );
  });

  test("is momentum near rest, and bounds where a steady gradient drives it", () => {
    expect(modesAtRest(system).modes[0]!.learningRate.re).toBeCloseTo(0.3, 10);
    const { points } = inputFixedPoints(system, [-3, 0.2, 7]);
    [-5, 2, 5].forEach((v, i) => expect(points[i]!.state[0]).toBeCloseTo(v, 9));
  });
});

describe("adaptation", () => {
  test("RMSProp rests at g², where its slope is a / √(b g² + eps)", () => {
    const system = rmspropSystem({ learningRate: 0.1, decay: 0.9, eps: 1e-5 });
    const gradients = [-3, -0.1, 0, 0.1, 3];
    const { points, learningRates } = inputFixedPoints(system, gradients);
    gradients.forEach((g, i) => {
      expect(points[i]!.state[0]).toBeCloseTo(g * g, 10);
      expect(learningRates[i]! / (0.1 / Math.sqrt(0.9 * g * g + 1e-5))).toBeCloseTo(1, 8);
    });
    // No memory of the gradient's sign: at rest all of it is direct.
    const found = modesAtRest(system);
    expect(found.modes[0]!.learningRate.re).toBeCloseTo(0, 12);
    expect(found.direct / (0.1 / Math.sqrt(1e-5))).toBeCloseTo(1, 9);
  });

  test("Adam has the slope a (1 - β1) / (√β2 |g| + eps) on both arms", () => {
    const system = adamSystem({ learningRate: 0.1, beta1: 0.8, beta2: 0.99, eps: 0.01 });
    const gradients = [-2, -0.5, 0.5, 2];
    const { points, learningRates } = inputFixedPoints(system, gradients);
    gradients.forEach((g, i) => {
      expect(points[i]!.state[0]).toBeCloseTo(g, 9);
      expect(points[i]!.state[1]).toBeCloseTo(g * g, 9);
      expect(learningRates[i]).toBeCloseTo(0.02 / (Math.sqrt(0.99) * Math.abs(g) + 0.01), 8);
    });
  });

  test("Adam under a steady gradient is a momentum β1 and a slow mode β2 that works against it", () => {
    const [a, beta1, beta2, eps, g] = [0.1, 0.8, 0.99, 0.01, 0.5];
    const system = adamSystem({ learningRate: a, beta1, beta2, eps });
    const { modes: found } = modes(linearize(system, Float64Array.of(g, g * g), { gradient: g }));
    expect(found.map(({ eigenvalue }) => eigenvalue.re)).toEqual([
      expect.closeTo(beta2, 10),
      expect.closeTo(beta1, 10),
    ]);
    // dr/dv = a g / (2 |g| (|g| + eps)²) times dv/dg = 2 (1 - β2) g, with the sign of a rate.
    expect(found[0]!.learningRate.re).toBeCloseTo((-a * (1 - beta2) * g) / (g + eps) ** 2, 7);
    expect(found[1]!.learningRate.re).toBeCloseTo((a * (1 - beta1)) / (g + eps), 10);
  });
});

test("a pure integrator has no fixed point under a gradient: the search says so and does not throw", () => {
  const system: ComponentSystem = {
    ...momentumSystem({ learningRate: 1, momentum: 0.5 }),
    step: (g, [v]) => Float64Array.of(v! + g),
  };
  const [point] = fixedPoints(system, [system.start], { gradient: 0.1 }).points;
  expect(point!.isFixed).toBe(false);
  expect(point!.speed).toBeCloseTo(0.005, 10);
  expect(fixedPoints(system, [system.start]).points[0]!.isFixed).toBe(true);
});

describe("optimalMomentum", () => {
  test.each([
    [1e-3, 3.758531090837112, 0.8811448109639749, 1.998001998],
    [0.1, 2.3088615702040696, 0.26987386361223825, 2 / 1.1],
    [0.01, 3.305785124, 0.6694214876, 2 / 1.01],
  ])("of curvatures in [%d, 1]", (low, rate, mass, descent) => {
    const found = optimalMomentum(low, 1);
    expect(found.learningRate).toBeCloseTo(rate, 9);
    expect(found.momentum).toBeCloseTo(mass, 9);
    expect(found.gradientDescent).toBeCloseTo(descent, 8);
  });

  test("refuses curvatures that are not positive or not in order", () => {
    expect(() => optimalMomentum(0, 1)).toThrow(OptionError);
    expect(() => optimalMomentum(2, 1)).toThrow("at least 2");
  });
});

/** Runs of plain rules on the quadratic with these curvatures; values from NumPy in float64. */
describe("plain systems train a quadratic", () => {
  const curvatures = [0.001, 0.03, 1];
  const slopes = [0.01, -0.2, 0.5];
  const loss = (x: readonly number[]): number =>
    x.reduce((sum, xi, i) => sum + (curvatures[i]! * xi + slopes[i]!) ** 2 / (2 * curvatures[i]!), 0);
  const { learningRate, momentum } = optimalMomentum(0.001, 1);
  test.each([
    [
      "gradient descent",
      momentumSystem({ learningRate: 2 / 1.001, momentum: 0 }),
      0.5485395969566912,
      0.351924853547895,
    ],
    [
      "optimal momentum",
      momentumSystem({ learningRate, momentum }),
      15.146989370839934,
      1.1867011366524812e-6,
    ],
    [
      "momentum",
      momentumSystem({ learningRate: 0.1, momentum: 0.9 }),
      0.05611424007595692,
      0.010117602378846164,
    ],
    ["rmsprop", rmspropSystem({ learningRate: 0.05, eps: 1e-5 }), 0.10688906980453824, 0.0007425966],
    ["adam", adamSystem({ learningRate: 0.1, eps: 1e-5 }), 0.025643714813747984, 5.295274e-10],
  ] as const)("%s", (_name, system, mean, final) => {
    let x = [1, -1, 2];
    let states = x.map(() => system.start);
    const losses: number[] = [];
    for (let t = 0; t < 201; t++) {
      losses.push(loss(x));
      const gradients = x.map((xi, i) => curvatures[i]! * xi + slopes[i]!);
      states = states.map((h, i) => system.step(gradients[i]!, h));
      x = x.map((xi, i) => xi + system.readout(states[i]!, gradients[i]!));
    }
    expect(losses[0]).toBeCloseTo(4.067166666666667, 12);
    const relative = losses.reduce((sum, f) => sum + f / losses[0]! / 201, 0);
    expect(relative / mean).toBeCloseTo(1, 8);
    expect(losses.at(-1)! / losses[0]! / final).toBeCloseTo(1, 4);
  });
});

test("effective learning rates are slopes of the update function", () => {
  const system = adamSystem({ learningRate: 0.1, eps: 0.01 });
  const state = Float64Array.of(0.3, 0.4);
  const [down, up] = updateFunction(system, state, [-1e-4, 1e-4]);
  expect(effectiveLearningRate(system, state)).toBeCloseTo(-(up! - down!) / 2e-4, 7);
});
