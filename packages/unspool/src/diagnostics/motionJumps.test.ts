/** Jumps of flows are found where derivatives at single states see none, and no smooth flow or map is accused. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { flowWarnings } from "./flowWarnings.ts";
import { chaosReport, derivativeMismatch, lyapunov, motionJumps } from "./index.ts";
import { lorenz } from "./testing.ts";

const wide = { dtype: "float64" } as const;
const dt = 0.02;

/** x''' = -a x'' - x' - x + side(x) by Euler steps: Sprott, "Simple chaotic systems and circuits", 2000, with sign x. */
function jerk(side: (x: Tensor) => Tensor): Problem<Tensor, Tensor> {
  return defineProblem({
    name: "jerk",
    horizon: Infinity,
    init: () => np.array([0.1, 0.1, 0], wide),
    step(a: Tensor, s: Tensor) {
      const [x, v, w] = [s.slice(0), s.slice(1), s.slice(2)] as [Tensor, Tensor, Tensor];
      const field = np.stack([v, w, side(x).sub(x).sub(v).sub(w.mul(a))]);
      return { state: s.add(field.mul(dt)), loss: x.mul(x) };
    },
  });
}

const a = np.array(0.8, wide);
const jumping = jerk(np.sign);
const smooth = jerk((x) => np.tanh(x.mul(5)));

describe("a flow with sign x", () => {
  test("jumps where its trajectory crosses x = 0, and nowhere else", () => {
    const { isFlow, isAutonomous, jumps, missed } = motionJumps(jumping, a, { steps: 3000 });
    expect([isFlow, isAutonomous]).toEqual([true, true]);
    let s = [0.1, 0.1, 0] as [number, number, number];
    const crossed: number[] = [];
    for (let t = 0; t < 3000; t++) {
      const [x, v, w] = s;
      s = [x + dt * v, v + dt * w, w + dt * (Math.sign(x) - x - v - 0.8 * w)];
      // The field jumps between the states of steps t and t + 1: step t + 1 is the first to meet the new side.
      if (x * s[0] < 0) crossed.push(t + 1);
    }
    expect(crossed.length).toBeGreaterThan(1);
    expect(jumps).toEqual(crossed);
    // The jump by 2 dt of the third number, in units of its largest motion; all else is linear.
    expect(Math.max(...jumps.map((t) => missed[t - 1]!))).toBeGreaterThan(0.5);
    expect(Math.max(...missed.filter((_, i) => !jumps.includes(i + 1)))).toBeLessThan(1e-10);
  });
  test("exponents without a zero are told, although derivatives agree with small changes", () => {
    const found = lyapunov(jumping, a, { steps: 8000, dt });
    // Real parts of the eigenvalues of the linear pieces: of λ³ + 0.8 λ² + λ + 1 they are 0.0534 (twice) and -0.9068.
    expect(found.exponents[1]).toBeGreaterThan(0.04);
    expect(found.warnings).toHaveLength(2);
    expect(found.warnings[0]).toMatch(/^The flow jumps: at \d+ of \d+ steps \(the first: \d+\)/);
    expect(found.warnings[1]).toMatch(/^No exponent is 0, .* the nearest is 0.0/);
    expect(derivativeMismatch(jumping, a).fraction).toBe(0);
    expect(lyapunov(jumping, a, { steps: 500 }).warnings).toEqual([]);
  });
  test("the report warns", () => {
    const { verdict } = chaosReport(jumping, a, { horizon: 20, dt, samples: 4, trials: 2, points: 3 });
    expect(verdict.warnings.join(" ")).toMatch(/The flow jumps/);
  });
});

describe("no warning", () => {
  test.each([
    ["the same field made smooth", smooth, a, dt],
    ["Lorenz", lorenz(), np.array(28, wide), 0.005],
  ] as const)("for %s", (_name, problem: Problem<Tensor, Tensor>, theta, timeStep) => {
    expect(lyapunov(problem, theta, { dt: timeStep, steps: 4000 }).warnings).toEqual([]);
  });
  test("for a flow with a kink", () => {
    const kinked = jerk((x) => np.abs(x).mul(-1));
    const { isFlow, jumps, missed } = motionJumps(kinked, a, { steps: 1000 });
    expect([isFlow, jumps]).toEqual([true, []]);
    expect(Math.max(...missed)).toBeGreaterThan(1e-6);
  });
  test("for a map: its jumps lie between its states", () => {
    const doubling = defineProblem({
      name: "doubling",
      horizon: Infinity,
      init: (_theta, key) => random.uniform(key, [], wide),
      step(r: Tensor, x: Tensor) {
        const next = np.mod(x.mul(r), 1);
        return { state: next, loss: next };
      },
    });
    const theta = np.array(1.99, wide);
    expect(motionJumps(doubling, theta).isFlow).toBe(false);
    const { exponents, warnings } = lyapunov(doubling, theta, { dt: 1, steps: 500 });
    expect(exponents[0]).toBeCloseTo(Math.log(1.99), 12);
    expect(warnings).toEqual([]);
  });
  test("for a decaying flow: its motion has the rate of its slowest exponent", () => {
    const decaying = defineProblem({
      name: "decaying",
      horizon: 4000,
      init: () => np.array([2, 1], wide),
      step: (rate: Tensor, s: Tensor): { state: Tensor; loss: Tensor } => ({
        state: s
          .sub(1)
          .mul(np.array([0.99, 0.97], wide))
          .mul(rate)
          .add(1),
        loss: s.sum(),
      }),
    });
    const one = np.array(1, wide);
    // Towards 1: after 3000 steps only rounding moves.
    expect(lyapunov(decaying, one, { dt: 0.1 }).warnings).toEqual([]);
    expect(motionJumps(decaying, one, { dt: 0.1, burnIn: 200 }).rate).toBeCloseTo(Math.log(0.99) / 0.1, 9);
  });
});

test("a motion that depends on time or noise has no neutral direction to miss", () => {
  const forced = defineProblem({
    name: "forced",
    horizon: 300,
    init: () => np.array([1], wide),
    step: (rate: Tensor, s: Tensor, { t }) => {
      const next = s.mul(rate).add(np.sin(t.astype("float64").mul(0.02)).mul(0.05));
      return { state: next, loss: s.sum() };
    },
  });
  const { exponents, warnings } = lyapunov(forced, np.array(0.98, wide), { dt: 0.02 });
  expect(exponents[0]).toBeCloseTo(Math.log(0.98) / 0.02, 9);
  expect(warnings).toEqual([]);
  expect(motionJumps(forced, np.array(0.98, wide)).isAutonomous).toBe(false);
});

test("the neutral exponent may be among those that were not computed", () => {
  const motion = { isFlow: true, isAutonomous: true, missed: new Float64Array(9), jumps: [], rate: 0 };
  const about = { stateSize: 3, steps: 10_000, dt: 0.1, standardErrors: new Float64Array(2) };
  expect(flowWarnings({ ...about, exponents: Float64Array.of(0.9, 0.5) }, motion)).toEqual([]);
  expect(flowWarnings({ ...about, exponents: Float64Array.of(0.9, -0.5) }, motion)).toHaveLength(1);
});

test("options are checked", () => {
  expect(() => motionJumps(smooth, a, { steps: 1 })).toThrow(OptionError);
  expect(() => motionJumps(smooth, a, { dt: 0 })).toThrow(OptionError);
});
