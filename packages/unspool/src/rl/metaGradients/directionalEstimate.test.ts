/**
 * Derivatives along a direction: the exact ones against `exactReturn` and finite differences, also over 50 steps; the
 * estimates' expectations over every trajectory against the exact ones.
 */
import { describe, expect, test } from "vitest";
import { random } from "../../array/index.ts";
import {
  type DirectionalEstimateOptions,
  type PolicyTable,
  type TabularMdp,
  directionalEstimate,
  exactDirectional,
  exactReturn,
  expectedHessian,
  hessianEstimate,
  sampleTrajectories,
  tabularMdp,
  valuesOf,
} from "../index.ts";
import { twoStateMdp } from "../testing.ts";
import { everyTrajectory, policyOf } from "../environments/tabularMdp.ts";

const mdp = twoStateMdp;
const long = tabularMdp({ ...mdp, horizon: 50, discount: 0.95, start: [0.4, 0.6] });
const logits = [
  [0.2, -0.1],
  [0, 0.3],
];
const direction = [0.7, -0.2, 0.4, 1.1];
const times = (hessian: Float64Array): Float64Array =>
  Float64Array.from(direction, (_, i) => direction.reduce((sum, v, j) => sum + v * hessian[4 * i + j]!, 0));
const expectClose = (actual: Float64Array, expected: ArrayLike<number>, digits: number) =>
  actual.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, digits));

describe.each([
  ["3 steps", mdp],
  ["50 steps", long],
])("exact derivatives over %s", (_, process) => {
  const exact = exactDirectional(process, logits, { direction, order: 4 });

  test("gradient, and Hessian times the direction", () => {
    const { gradient, hessian } = exactReturn(process, logits);
    expectClose(exact[0]!, gradient, 11);
    expectClose(exact[1]!, times(hessian), 10);
  });

  test("orders 2 to 4 are central differences of orders 1 to 3", () => {
    const h = 1e-4;
    const moved = (by: number): PolicyTable =>
      logits.map((row, s) => row.map((x, a) => x + by * direction[2 * s + a]!));
    const [up, down] = [h, -h].map((by) => exactDirectional(process, moved(by), { direction }));
    for (const order of [1, 2, 3]) {
      const differences = up![order - 1]!.map((x, i) => (x - down![order - 1]![i]!) / (2 * h));
      expectClose(exact[order]!, differences, 6);
    }
  });
});

/** Mean over every trajectory. */
function expected(process: TabularMdp, options: DirectionalEstimateOptions): Float64Array[] {
  const policy = policyOf(logits);
  const sums = Array.from({ length: options.order ?? 3 }, () => new Float64Array(4));
  for (const { trajectory, logChance } of everyTrajectory(process)) {
    const chance = trajectory.states.reduce(
      (product, s, h) => product * policy[s]![trajectory.actions[h]!]!,
      Math.exp(logChance),
    );
    directionalEstimate(process, logits, [trajectory], options).forEach((values, k) =>
      values.forEach((x, i) => (sums[k]![i]! += chance * x)),
    );
  }
  return sums;
}

describe("expectations over every trajectory", () => {
  const exact = exactDirectional(mdp, logits, { direction, order: 4 });
  const wrong = valuesOf(mdp, logits).map((row, h) => row.map((v, s) => (h < 3 ? v + 3 * s - 1 : 0)));
  const expectExact = (options: Omit<DirectionalEstimateOptions, "direction">) =>
    expected(mdp, { ...options, direction, order: 4 }).forEach((values, k) =>
      expectClose(values, exact[k]!, 12),
    );

  test("DiCE and Loaded DiCE without decay are exact at every order", () => {
    expectExact({ method: "dice" });
    for (const tau of [0, 0.5, 1]) expectExact({ method: "loadedDice", tau });
  });

  test("wrong values cost no bias with tau 1, and do with tau 0", () => {
    expectExact({ method: "loadedDice", tau: 1, values: wrong });
    const biased = expected(mdp, { method: "loadedDice", tau: 0, values: wrong, direction });
    expect(Math.abs(biased[0]![0]! - exact[0]![0]!)).toBeGreaterThan(0.1);
  });

  test("the second order of LVC and of decayed dependencies is that of `expectedHessian`", () => {
    for (const options of [{ method: "lvc" }, { method: "loadedDice", decay: 0.5, tau: 0.3 }] as const) {
      const [gradient, second] = expected(mdp, { ...options, direction });
      const whole = expectedHessian(mdp, logits, options);
      expectClose(gradient!, whole.gradient, 13);
      expectClose(second!, times(whole.hessian), 13);
    }
  });
});

test("over 50 steps the second order is the estimated Hessian times the direction", () => {
  const trajectories = sampleTrajectories(long, logits, { count: 20, key: random.key(3) });
  const options = { method: "loadedDice", decay: 0.8, tau: 0.5 } as const;
  const [gradient, second] = directionalEstimate(long, logits, trajectories, { ...options, direction });
  const whole = hessianEstimate(long, logits, trajectories, options);
  expectClose(gradient!, whole.gradient, 11);
  expectClose(second!, times(whole.hessian), 10);
});

test("errors name the option", () => {
  const of = (options: object) => () =>
    directionalEstimate(mdp, logits, [], { method: "lvc", direction, ...options });
  expect(of({ method: "sampled" })).toThrow(/directionalEstimate: method/);
  expect(of({ direction: [1, 2] })).toThrow(/direction must be 4 finite numbers/);
  expect(of({ order: 0 })).toThrow(/order/);
});
