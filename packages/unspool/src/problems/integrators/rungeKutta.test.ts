/** Orders of fixed steps by halving them, and adaptive steps against closed forms. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jvp, np, random, scan, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { defineProblem, unroll } from "../../unroll/index.ts";
import { type Field, adaptiveRungeKutta, rungeKutta } from "../index.ts";

const f64 = (value: number): Tensor => tree.scalar(value, "float64");
const vector = (values: number[]): Tensor => np.array(values, { dtype: "float64" });

/** x' = x cos t: x = exp(sin t). */
const swinging: Field<Tensor> = (x, t) => x.mul(np.cos(t));

describe("rungeKutta", () => {
  test.each([
    ["euler", 1],
    ["midpoint", 2],
    ["heun", 2],
    ["bogackiShampine", 3],
    ["classical", 4],
    ["dormandPrince", 5],
  ] as const)("%s has order %i", (method, order) => {
    const errorOf = (steps: number): number => {
      const timeStep = 2 / steps;
      const advance = (x: Tensor, _: unknown, k: Tensor): [Tensor, undefined] => [
        rungeKutta(swinging, x, { timeStep, method, time: k.astype("float64").mul(timeStep) }),
        undefined,
      ];
      const [end] = scan(advance, f64(1), null, { length: steps });
      return end.item() - Math.exp(Math.sin(2));
    };
    const [coarse, fine] = [errorOf(40), errorOf(80)];
    expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.25);
  });
  test("steps a tree, back and forth", () => {
    type Oscillator = { x: Tensor; v: Tensor };
    const oscillator = ({ x, v }: Oscillator): Oscillator => ({ x: v, v: x.neg() });
    const start = { x: f64(1), v: f64(0) };
    const later = rungeKutta(oscillator, start, { timeStep: 0.1 });
    // Taylor of order 4: the next terms are 0.1^6 / 720 and 0.1^5 / 120.
    expect(Math.abs(later.x.item() - Math.cos(0.1))).toBeLessThan(2e-9);
    expect(Math.abs(later.v.item() + Math.sin(0.1))).toBeLessThan(1e-7);
    const back = rungeKutta(oscillator, later, { timeStep: f64(-0.1), method: "dormandPrince" });
    expect(Math.abs(back.x.item() - 1)).toBeLessThan(1e-7);
  });
  test("has the derivative of its polynomial in the time step", () => {
    const end = (h: Tensor): Tensor => rungeKutta((x: Tensor) => x, f64(1), { timeStep: h });
    // 1 + h + h²/2 + h³/6 + h⁴/24 at h = 1/2.
    expect(grad(end)(f64(0.5)).item()).toBeCloseTo(1 + 0.5 + 0.125 + 0.125 / 6, 12);
  });
  test("options are checked", () => {
    expect(() => rungeKutta(swinging, f64(1), { timeStep: NaN })).toThrow(OptionError);
    expect(() => rungeKutta(swinging, f64(1), {} as never)).toThrow(/timeStep must be a finite number/);
    expect(() => rungeKutta(swinging, f64(1), { timeStep: vector([0.1, 0.2]) })).toThrow(
      /timeStep must be a scalar/,
    );
    // Rates that would broadcast.
    const wide = () => vector([1, 2]);
    for (const method of ["classical", "euler"] as const)
      expect(() => rungeKutta(wide, vector([0, 0]).reshape([2, 1]), { timeStep: 0.1, method })).toThrow(
        "rungeKutta: what the field returns is float64[2], expected float64[2,1].",
      );
    expect(() => adaptiveRungeKutta(wide, vector([0, 0]).reshape([2, 1]), { duration: 1 })).toThrow(
      "adaptiveRungeKutta: what the field returns is float64[2], expected float64[2,1].",
    );
    expect(() => rungeKutta((x: Tensor) => x, np.array([1, 2], { dtype: "int32" }), { timeStep: 1 })).toThrow(
      'rungeKutta: the dtype of the state must be float32 or float64, got "int32".',
    );
    expect(() => rungeKutta(swinging, f64(1), { timeStep: 1, method: "rk4" as never })).toThrow(OptionError);
  });
});

describe("adaptiveRungeKutta", () => {
  test.each([
    ["dormandPrince", 1e-4],
    ["dormandPrince", 1e-9],
    ["bogackiShampine", 1e-5],
  ] as const)("%s keeps to a tolerance of %f", (method, relativeTolerance) => {
    const options = { duration: 6, relativeTolerance, absoluteTolerance: 1e-12, method, attempts: 160 };
    const { state, isComplete, time, accepted, rejected } = adaptiveRungeKutta(swinging, f64(1), options);
    expect([isComplete.item(), time.item()]).toEqual([1, 6]);
    // Errors of steps add up: twenty times the tolerance of one at most, as SciPy's RK45 and RK23 keep to here.
    const share = Math.abs(state.item() / Math.exp(Math.sin(6)) - 1);
    expect(share).toBeLessThan(20 * relativeTolerance);
    expect(share).toBeGreaterThan(1e-4 * relativeTolerance);
    expect(accepted.item()).toBeGreaterThan(8);
    expect(rejected.item()).toBeLessThan(accepted.item() / 2);
  });
  test(
    "small steps where they are needed: a Kepler orbit of eccentricity 0.9 comes back",
    { tags: ["long"] },
    () => {
      type Orbit = { place: Tensor; velocity: Tensor };
      const field = ({ place, velocity }: Orbit): Orbit => {
        const square = place.mul(place).sum();
        return { place: velocity, velocity: place.div(square.mul(np.sqrt(square))).neg() };
      };
      // From the perihelion 1 - e with speed sqrt((1 + e) / (1 - e)): semi-axis 1, period 2 π.
      const start = {
        place: np.array([0.1, 0], { dtype: "float64" }),
        velocity: np.array([0, Math.sqrt(19)], { dtype: "float64" }),
      };
      const found = adaptiveRungeKutta(field, start, {
        duration: 2 * Math.PI,
        relativeTolerance: 1e-9,
        attempts: 300,
      });
      expect(found.isComplete.item()).toBe(1);
      expect(Math.abs(found.state.place.data[0]! - 0.1)).toBeLessThan(1e-5);
      expect(Math.abs(found.state.place.data[1]!)).toBeLessThan(1e-5);
      // Steps near the perihelion are hundredths of those far from it; even ones would be thousands.
      expect(found.accepted.item()).toBeLessThan(250);
    },
  );
  test("derivatives in the state, a parameter and the duration, in both modes", { tags: ["long"] }, () => {
    // x' = a x: x = x_0 exp(a T).
    const end = (a: Tensor, x: Tensor, duration: Tensor): Tensor =>
      adaptiveRungeKutta((s: Tensor) => s.mul(a), x, { duration, relativeTolerance: 1e-8, attempts: 24 })
        .state;
    const at = [f64(0.7), f64(1.5), f64(2)] as const;
    const value = 1.5 * Math.exp(1.4);
    const wanted = [2 * value, value / 1.5, 0.7 * value];
    wanted.forEach((one, i) => {
      const tangents = at.map((_, j) => f64(i === j ? 1 : 0)) as [Tensor, Tensor, Tensor];
      const [, forward] = jvp(end, [...at], tangents) as [Tensor, Tensor];
      expect(Math.abs(forward.item() / one - 1)).toBeLessThan(1e-6);
    });
    const reverse = grad((a: Tensor) => end(a, at[1], at[2]))(at[0]);
    expect(Math.abs(reverse.item() / wanted[0]! - 1)).toBeLessThan(1e-6);
  });
  test("too few attempts are no number", () => {
    const found = adaptiveRungeKutta(swinging, f64(1), { duration: 50, attempts: 5 });
    expect(found.isComplete.item()).toBe(0);
    expect(found.state.item()).toBeNaN();
    expect(found.time.item()).toBeLessThan(50);
    expect(found.time.item()).toBeGreaterThan(0);
  });
  test("an escape in finite time is not stepped over", () => {
    // x' = x²: 1 / (1 - t) ends at t = 1.
    const { isComplete, time } = adaptiveRungeKutta((x: Tensor) => x.mul(x), f64(1), { duration: 2 });
    expect(isComplete.item()).toBe(0);
    expect(time.item()).toBeLessThanOrEqual(1);
    expect(time.item()).toBeGreaterThan(0.99);
  });
  test("a field at rest takes its time in few steps, and a call can go on", { tags: ["long"] }, () => {
    const still = adaptiveRungeKutta((x: Tensor) => x.mul(0), f64(3), { duration: 10 });
    expect([still.state.item(), still.isComplete.item()]).toEqual([3, 1]);
    const half = adaptiveRungeKutta(swinging, f64(1), { duration: 3 });
    const rest = adaptiveRungeKutta(swinging, half.state, {
      duration: 3,
      time: half.time,
      firstStep: half.nextStep,
    });
    expect(Math.abs(rest.state.item() / Math.exp(Math.sin(6)) - 1)).toBeLessThan(2e-5);
  });
  test("is a step of a compiled problem", () => {
    // A pendulum-like rotation by theta per unit of time, 0.5 per step.
    const turning = defineProblem({
      name: "turning",
      horizon: 12,
      init: () => np.array([1, 0], { dtype: "float64" }),
      step(speed: Tensor, s: Tensor) {
        const field = (now: Tensor): Tensor => np.stack([now.slice(1).neg(), now.slice(0)]).mul(speed);
        const { state } = adaptiveRungeKutta(field, s, { duration: 0.5, attempts: 12 });
        return { state, loss: state.slice(0) };
      },
    });
    const { losses } = unroll(turning, f64(1.3), { key: random.key(0) });
    losses.data.forEach((x, t) => expect(Math.abs(x - Math.cos(1.3 * 0.5 * (t + 1)))).toBeLessThan(1e-5));
  });
  test("options are checked", () => {
    expect(() => adaptiveRungeKutta(swinging, f64(1), { duration: 0 })).toThrow(OptionError);
    expect(() => adaptiveRungeKutta(swinging, f64(1), {} as never)).toThrow(OptionError);
    expect(() => adaptiveRungeKutta(swinging, f64(1), { duration: 1, attempts: 0 })).toThrow(OptionError);
  });
});
