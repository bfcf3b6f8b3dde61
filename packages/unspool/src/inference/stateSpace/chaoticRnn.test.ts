import { expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { chaoticRnn } from "./chaoticRnn.ts";
import { simulate } from "./simulate.ts";

const model = chaoticRnn({ units: 3 });
const theta = model.init(random.key(1));
const t = tree.scalar(1, "int32");

test("the mean of a step is x + Δ/τ (-x + γ W tanh x), of one state and of many", () => {
  const x = [0.3, -1, 2];
  const W = theta.weights;
  const wanted = x.map((at, i) => {
    const driven = x.reduce((sum, z, j) => sum + W.slice(i, j).item() * Math.tanh(z), 0);
    return at + 0.04 * (-at + 2.5 * driven);
  });
  const one = model.transition(theta, np.array(x, { dtype: "float64" }), t).mean();
  wanted.forEach((value, i) => expect(one.slice(i).item()).toBeCloseTo(value, 12));
  const many = model.transition(theta, np.array([[0, 0, 0], x], { dtype: "float64" }), t);
  expect(many.batchShape).toEqual([2]);
  wanted.forEach((value, i) => expect(many.mean().slice(1, i).item()).toBeCloseTo(value, 12));
});

test("the emission is Student's t: its density at 0 of three units", () => {
  // Of one unit with 2 degrees of freedom and scale s: Γ(1.5) / (Γ(1) √(2 π) s) = 1 / (2 √2 s).
  const zero = np.zeros([3], { dtype: "float64" });
  const density = model.emission(theta, zero, t).logProb(zero).item();
  expect(density).toBeCloseTo(3 * Math.log(1 / (2 * Math.sqrt(2) * 0.1)), 12);
});

test("trajectories stay near where the network takes them, and observations beside them", () => {
  const { x, y } = simulate(model, theta, random.key(2), 200);
  expect(x.shape).toEqual([200, 3]);
  const gap = np.median(np.abs(y.sub(x)) as never);
  // The median of |t_2| is 0.816, times the scale.
  expect(gap.item()).toBeGreaterThan(0.06);
  expect(gap.item()).toBeLessThan(0.105);
});

test("options are checked", () => {
  expect(() => chaoticRnn({ gain: 0 })).toThrow(OptionError);
  expect(() => chaoticRnn({ unit: 3 } as never)).toThrow(/Did you mean "units"/);
});
