/** Exponents of maps and flows against closed forms, and sums against determinants. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { lyapunov } from "./index.ts";
import { henon, linearMap, logistic, lorenz } from "./testing.ts";

describe("logistic map", () => {
  test("r = 3.2 has the period-two exponent ln(0.16) / 2", () => {
    // Product of the slopes over the cycle is 4 + 2 r - r².
    const { exponents, standardErrors } = lyapunov(logistic(), { r: np.array(3.2) }, { steps: 1000 });
    // r = 3.2 is rounded to float32 first, which moves the exponent by 1e-6.
    expect(exponents[0]).toBeCloseTo(-0.916290731874, 5);
    expect(standardErrors[0]).toBeLessThan(1e-6);
  });
  test.each([
    [3.5, -0.8725],
    [3.7, 0.3549],
    [3.9, 0.4961],
    [4, Math.LN2],
  ])("r = %f has exponent %f", (r, wanted) => {
    // Ulam and von Neumann 1947 for r = 4; the others computed with 1e6 steps in float64.
    const { exponents, standardErrors } = lyapunov(
      logistic(),
      { r: np.array(r, { dtype: "float64" }) },
      { steps: 10_000, trials: 4 },
    );
    expect(Math.abs(exponents[0]! - wanted)).toBeLessThan(0.006);
    expect(standardErrors[0]).toBeLessThan(0.003);
  });
});

describe("maps and flows with several states", () => {
  test("Henon: exponents, and their sum ln(0.3) exactly", () => {
    const theta = np.array([1.4, 0.3], { dtype: "float64" });
    const { exponents, sum, logDeterminantMean } = lyapunov(henon(), theta, { trials: 4 });
    // Determinant -b everywhere. Exponents: Grassberger, Kantz and Moenig 1989, 0.4192 and -1.6232.
    expect(Math.abs(exponents[0]! - 0.4192)).toBeLessThan(0.008);
    expect(sum).toBeCloseTo(-1.203972804326, 11);
    expect(logDeterminantMean).toBeCloseTo(-1.203972804326, 11);
  });
  test("Lorenz by Euler steps of 0.005, per unit of time", () => {
    const { exponents, sum, logDeterminantMean } = lyapunov(lorenz(), np.array(28), { dt: 0.005, trials: 4 });
    // Of the discretised map, computed with 1e6 steps in float64; the flow has 0.906, 0, -14.572.
    expect(Math.abs(exponents[0]! - 0.961)).toBeLessThan(0.06);
    expect(Math.abs(exponents[1]!)).toBeLessThan(0.05);
    expect(Math.abs(exponents[2]! + 14.787)).toBeLessThan(0.06);
    expect(sum).toBeCloseTo(logDeterminantMean!, 9);
  });
  test("orthonormalisation every fifth step gives the same exponents", () => {
    const theta = np.array([1.4, 0.3], { dtype: "float64" });
    const every = (qrEvery: number) => lyapunov(henon(), theta, { steps: 1000, qrEvery }).exponents;
    const [often, seldom] = [every(1), every(5)];
    // The same telescoping product: what differs is rounding, grown by exp(5 (0.42 + 1.62)) = 3e4.
    for (const j of [0, 1]) expect(Math.abs(often[j]! - seldom[j]!)).toBeLessThan(1e-9);
  });
  test("a linear map has the logarithms of its eigenvalues' moduli", () => {
    const diagonal = lyapunov(linearMap([[0.5, 1, 0], [0, 2, 3], [0, 0, 0.9]]), np.array([0.1], { dtype: "float64" }), {
      burnIn: 200,
      steps: 200,
    }); // prettier-ignore
    [2, 0.9, 0.5].forEach((value, j) => expect(diagonal.exponents[j]).toBeCloseTo(Math.log(value), 9));
  });
});

describe("degenerate and failing systems", () => {
  test("an annihilated direction counts as -Infinity, and the others go on", () => {
    // Rank one: eigenvalues 0.9 and 0.
    const flat = lyapunov(linearMap([[0.6, 0.3], [0.6, 0.3]]), np.array([0.1], { dtype: "float64" }), { steps: 100 }); // prettier-ignore
    expect(flat.exponents[0]).toBeCloseTo(Math.log(0.9), 9);
    expect(flat.exponents[1]).toBe(-Infinity);
    expect(flat.logDeterminantMean).toBeLessThan(-30);
    const zero = lyapunov(
      linearMap([
        [0, 0],
        [0, 0],
      ]),
      np.array([0.1]),
      { steps: 10 },
    );
    expect([...zero.exponents]).toEqual([-Infinity, -Infinity]);
  });
  test("a state that is not finite is an error that names the step", () => {
    const run = () => lyapunov(logistic({ start: 0.3 }), { r: np.array(8) }, { steps: 100, burnIn: 0 });
    expect(run).toThrow(NonFiniteError);
    // x -> 8 x (1 - x) from 0.3 in float64: 1.68, -9.1, -738, … doubles its digits each step; beyond 1e308 after 11.
    let x = 0.3;
    let step = -1;
    while (Number.isFinite(x)) [x, step] = [8 * x * (1 - x), step + 1];
    expect(run).toThrow(new RegExp(`after inner step ${step} `));
  });
  test("integer leaves and noise pass through: state and tangents meet the same noise", () => {
    const noisy = defineProblem({
      horizon: Infinity,
      init: () => ({ x: np.array(0.4), count: np.zeros([], { dtype: "int32" }) }),
      step: (theta: Tensor, { x, count }, { key }) => ({
        // x' = u x: the exponent is E ln u = -1 for uniform u.
        state: {
          x: x.mul(random.uniform(key)).add(theta),
          count: count.add(np.ones([], { dtype: "int32" })),
        },
        loss: x,
      }),
    });
    const { exponents, standardErrors, stateSize } = lyapunov(noisy, np.array(0.1), {
      trials: 4,
      steps: 5000,
    });
    expect(stateSize).toBe(1);
    expect(Math.abs(exponents[0]! + 1)).toBeLessThan(4 * Math.max(standardErrors[0]!, 0.007));
  });
  test("a problem with a horizon has finite-time exponents", () => {
    const result = lyapunov(logistic({ horizon: 50, start: 0.3 }), { r: np.array(4) });
    expect([result.isFiniteTime, result.steps, result.burnIn]).toEqual([true, 50, 0]);
    // (1/50) ln |dx_50/dx_0| in exact arithmetic is 0.669418; float64 loses the trajectory at about step 50.
    expect(result.exponents[0]).toBeCloseTo(0.669, 1);
    expect(result.running).toHaveLength(50);
  });
  test("options are checked", () => {
    const theta = { r: np.array(4) };
    expect(() => lyapunov(logistic(), theta, { exponents: 2 })).toThrow(OptionError);
    expect(() => lyapunov(logistic(), theta, { dt: 0 })).toThrow(OptionError);
    expect(() => lyapunov(logistic(), theta, { steps: 15, burnIn: 0, qrEvery: 2 })).toThrow(OptionError);
    expect(() => lyapunov(logistic({ horizon: 5 }), theta, { steps: 6 })).toThrow(OptionError);
  });
});
