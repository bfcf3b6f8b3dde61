/** Against numbers of 100-digit arithmetic and NumPy in float64. */
import { describe, expect, test } from "vitest";
import { OptionError } from "../../errors.ts";
import {
  heavyBallRadius,
  horizonOfGrowth,
  logisticExponent,
  logisticOrbit,
  quadraticDescent,
  roundings,
  smoothedSine,
} from "./index.ts";

/** Within `digits` significant digits. */
function near(value: number, wanted: number, digits = 10): void {
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(10 ** -digits * Math.max(Math.abs(wanted), 1e-3));
}

describe("logistic map", () => {
  test.each([
    // x_0 = 0.3, exact rational arithmetic.
    [1, 0.84, 1.6],
    [2, 0.5376, -4.352],
    [5, 0.0879453645446, -19.7768552627],
    [10, 0.0434218534453, -455.412257322],
    [20, 0.941784605585, -535778.129374],
  ])("orbit at rate 4 after %i steps", (steps, x, derivative) => {
    const found = logisticOrbit(steps);
    near(found.x, x, 9);
    near(found.derivative, derivative, 9);
  });
  test("exponents", () => {
    near(logisticExponent(0.5), -Math.LN2);
    near(logisticExponent(2.8), Math.log(0.8));
    near(logisticExponent(3.2), -0.916290731874, 12);
    expect(logisticExponent(4)).toBe(Math.LN2);
    expect(logisticExponent(2)).toBe(-Infinity);
    // Both forms meet at the bifurcation, where the exponent is 0.
    near(logisticExponent(3), 0);
    near(logisticExponent(1 + Math.sqrt(6)), 0);
    expect(() => logisticExponent(3.7)).toThrow(/measure it with lyapunov/);
  });
});

test.each([
  [1, 0.91646718313, 0.001543398338, 16.380360277, 1.663123664],
  [3, 1.039239302407, 0.648328151302, 68.629517822, 1.975583476],
  [10, -3.964548965794, 33.297787083504, 31.328658255, 14.318150274],
  [30, 0.28123112119, 449.920911964, 49.920920362, 35.525403219],
])("sine of frequency %i", (frequency, gradient, reparameterised, es, esAntithetic) => {
  const found = smoothedSine({ frequency });
  near(found.gradient, gradient, 8);
  near(found.reparameterised, reparameterised, 8);
  near(found.es, es, 8);
  near(found.esAntithetic, esAntithetic, 8);
});

test.each([
  [0.1, 5, 0.26008172601, -3.673720242156],
  [0.49, 20, 0.097686355356, 16.28042575335],
  [0.52, 60, 5126.496471253, 2278442.876112647],
])("gradient descent at %f over %i steps", (learningRate, steps, loss, derivative) => {
  const found = quadraticDescent({ curvatures: [0.5, 2, 4], start: [1, -1, 0.5], learningRate, steps });
  near(found.loss, loss);
  near(found.derivative, derivative);
  near(found.exponents[2]!, Math.log(Math.abs(1 - 4 * learningRate)));
});

test("heavy ball", () => {
  near(heavyBallRadius({ learningRate: 1, decay: 0.9, curvature: 4 }), 1.5);
  for (const curvature of [0.5, 2, 4]) {
    near(heavyBallRadius({ learningRate: 0.5, decay: 0.9, curvature }), 0.948683298051);
  }
  near(heavyBallRadius({ learningRate: 0.1, decay: 0, curvature: 2 }), 0.8);
});

test("horizons", () => {
  // Exponent ln 2: a thousandfold growth in ten doublings, float64 lost in 53.
  expect(horizonOfGrowth(Math.LN2, 1024)).toBeCloseTo(10, 12);
  expect(horizonOfGrowth(Math.LN2, 1 / roundings.float64)).toBeCloseTo(53, 12);
  expect(horizonOfGrowth(-0.1)).toBe(Infinity);
});

test("arguments are checked", () => {
  expect(() => logisticOrbit(3, { start: 1 })).toThrow(OptionError);
  expect(() => logisticOrbit(-1)).toThrow(OptionError);
  expect(() => smoothedSine({ sigma: 0 })).toThrow(OptionError);
  expect(() => horizonOfGrowth(1, 1)).toThrow(OptionError);
  expect(() => quadraticDescent({ curvatures: [1], start: [], learningRate: 1, steps: 1 })).toThrow(
    OptionError,
  );
  expect(() => heavyBallRadius({ curvature: NaN, learningRate: 1, decay: 0 })).toThrow(OptionError);
});
