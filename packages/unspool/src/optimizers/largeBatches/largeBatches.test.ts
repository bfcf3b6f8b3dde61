/** Batch controllers and AdaScale against their formulas; oracles computed by hand or with NumPy. */
import { describe, expect, test } from "vitest";
import { adaScale, adaScaleGain } from "./adaScale.ts";
import { cabs } from "./cabs.ts";
import { doubleEvery } from "./doubleEvery.ts";
import { followNoiseScale } from "./followNoiseScale.ts";

test("doubleEvery: the batch grows by the factor at every boundary, up to the largest", () => {
  const controller = doubleEvery({ start: 50, every: 2, most: 400 });
  const at = (epochs: number) => controller.next(controller.init(), { epochs }).batchSize;
  expect([0, 1.99, 2, 3, 4, 6, 100].map(at)).toEqual([50, 50, 100, 100, 200, 400, 400]);
  const slow = doubleEvery({ start: 100, every: 1, factor: 1.5, multipleOf: 8, least: 8 });
  // 150 and 225 to the nearest multiple of 8.
  expect([1, 2].map((epochs) => slow.next(null, { epochs }).batchSize)).toEqual([152, 224]);
});

test("cabs: learning rate times variance over loss, with a running mean of the variance", () => {
  const controller = cabs({ kept: 0.5, least: 1, most: 1000 });
  const first = controller.next(controller.init(), { learningRate: 0.1, noiseTrace: 400, loss: 0.5 });
  expect(first.batchSize).toBe(80);
  // Weights 1/4 and 1/2 over 3/4: (400 / 4 + 100 / 2) / (3 / 4) = 200; 0.1 · 200 / 0.25 = 80.
  const second = controller.next(first.state, { learningRate: 0.1, noiseTrace: 100, loss: 0.25 });
  expect(second.batchSize).toBe(80);
  expect(JSON.parse(JSON.stringify(second.state))).toEqual(second.state);
  expect(() => controller.next(first.state, { learningRate: 0.1, noiseTrace: 100, loss: 0 })).toThrow("loss");
  expect(() => controller.next(first.state, { loss: 1, learningRate: 1 })).toThrow("noiseTrace");
});

test("followNoiseScale: the ratio of running means, held to the range", () => {
  const controller = followNoiseScale({ kept: 0.5, least: 8, most: 256, multipleOf: 8 });
  const first = controller.next(controller.init(), { noiseTrace: 50, squaredGradient: 2 });
  // 25 to the nearest multiple of 8.
  expect(first.batchSize).toBe(24);
  // A negative estimate of |G|²: (2 / 4 - 1 / 2) / (3 / 4) = 0.
  const second = controller.next(first.state, { noiseTrace: 50, squaredGradient: -1 });
  expect(second.batchSize).toBe(256);
  const third = controller.next(second.state, { noiseTrace: 50, squaredGradient: 10 });
  // Weights 1/8, 1/4, 1/2 over 7/8: squared gradient (2 / 8 - 1 / 4 + 10 / 2) / (7 / 8) = 40 / 7.
  expect(third.batchSize).toBe(8);
});

describe("AdaScale", () => {
  test("gain of variance 5, squared mean 0.5 and four batches: 5.5 / 1.75", () => {
    expect(adaScaleGain({ variance: 5, squaredMean: 0.5, scale: 4 })).toBeCloseTo(3.1428571429, 10);
  });
  test("without noise a step is worth one, where noise is all S", () => {
    expect(adaScaleGain({ variance: 0, squaredMean: 3, scale: 7 })).toBe(1);
    expect(adaScaleGain({ variance: 3, squaredMean: 0, scale: 7 })).toBe(7);
    expect(adaScaleGain({ variance: 0, squaredMean: 0, scale: 7 })).toBe(1);
  });
  test("norms with these expectations give that gain, and τ counts gains", () => {
    // E|g_i|² = σ² + μ² = 5.5, E|ḡ|² = σ² / 4 + μ² = 1.75.
    const rule = adaScale({ learningRate: (tau) => (tau < 3 ? 0.1 : 0.01), scale: 4 });
    const norms = { meanSquare: 5.5, squareOfMean: 1.75 };
    const first = rule.next(rule.init(), norms);
    expect(first.gain).toBeCloseTo(22 / 7, 12);
    expect(first.learningRate).toBeCloseTo(0.1 * (22 / 7), 12);
    const second = rule.next(first.state, norms);
    expect(first.state.tau).toBeCloseTo(22 / 7, 12);
    expect(second.learningRate).toBeCloseTo(0.01 * (22 / 7), 12);
  });
  test("one batch per step is the schedule itself", () => {
    const rule = adaScale({ learningRate: (tau) => 1 / (1 + tau), scale: 1 });
    const first = rule.next(rule.init(), { meanSquare: 2, squareOfMean: 2 });
    const second = rule.next(first.state, { meanSquare: 3, squareOfMean: 3 });
    expect([first.learningRate, second.learningRate, second.state.tau]).toEqual([1, 0.5, 2]);
  });
});

test.each([
  [() => doubleEvery({ start: 0 }), "doubleEvery: start"],
  [() => doubleEvery({ least: 10, most: 5 }), "doubleEvery: most must be at least"],
  [() => cabs({ kept: 1 }), "cabs: kept must be a number of at least 0 and below 1, got 1."],
  [() => cabs({ least: 10, multipleOf: 8 }), "cabs: least must be a multiple of 8, got 10."],
  [() => followNoiseScale({ factor: -1 }), "followNoiseScale: factor"],
  [() => adaScale({ learningRate: 0.1 as never, scale: 4 }), "adaScale: learningRate must be a function"],
  [
    () => adaScaleGain({ variance: -1, squaredMean: 1, scale: 2 }),
    "adaScaleGain: variance must be at least 0",
  ],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});
