/** The search against the conditions themselves, evaluated in plain numbers, and against closed forms on quadratics. */
import { describe, expect, test } from "vitest";
import { type Tensor, jit, np, random } from "../../array/index.ts";
import { momentum } from "../rules/momentum.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, f64 } from "../testing.ts";
import { lbfgs } from "./lbfgs.ts";
import type { Objective } from "./objective.ts";
import { strongWolfe } from "./strongWolfe.ts";
import { zoomLineSearch } from "./zoomLineSearch.ts";

const key = random.key(0);

/** The length that is found for φ from t = 0 on. */
const lengthOf = (phi: (t: Tensor) => Tensor, slope: number, options: object, trials = 20) =>
  jit((first: Tensor) => {
    const at = ([t]: Tensor[]) => phi(t!);
    const start = { leaves: [f64(0)], loss: phi(f64(0)), direction: [f64(1)], slope: f64(slope) };
    return strongWolfe(at, start, first, { trials, decrease: 1e-4, curvature: 0.9, ...options });
  });

describe("strongWolfe", () => {
  // Moré & Thuente, ACM TOMS 1994, section 5, with the decrease and curvature of their tables 1 to 3.
  const beta = 0.004;
  const functions: [string, (t: Tensor) => Tensor, (t: number) => [number, number], number, number][] = [
    [
      "-t / (t² + 2)",
      (t) => t.neg().div(t.mul(t).add(2)),
      (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
      1e-3,
      1e-1,
    ],
    [
      "(t + 0.004)^5 - 2 (t + 0.004)^4",
      (t) => {
        const s = t.add(beta);
        const s4 = s.mul(s).mul(s).mul(s);
        return s4.mul(s).sub(s4.mul(2));
      },
      (t) => [(t + beta) ** 5 - 2 * (t + beta) ** 4, 5 * (t + beta) ** 4 - 8 * (t + beta) ** 3],
      1e-1,
      1e-1,
    ],
    [
      "two slopes",
      (t) =>
        np
          .sqrt(t.mul(t).add(0.01))
          .add(np.sqrt(t.sub(1).mul(t.sub(1)).add(0.001)).mul(0.5))
          .sub(t.mul(0.7)) as Tensor,
      (t) => [
        Math.sqrt(t * t + 0.01) + 0.5 * Math.sqrt((t - 1) ** 2 + 0.001) - 0.7 * t,
        t / Math.sqrt(t * t + 0.01) + (0.5 * (t - 1)) / Math.sqrt((t - 1) ** 2 + 0.001) - 0.7,
      ],
      1e-3,
      1e-1,
    ],
  ];
  test.each(functions)(
    "meets both conditions for %s from any first length",
    (_name, phi, plain, decrease, curvature) => {
      const [loss0, slope0] = plain(0);
      const search = lengthOf(phi, slope0, { decrease, curvature });
      for (const first of [1e-3, 1e-1, 1, 10, 1e3]) {
        const { length, isFound } = search(f64(first));
        const t = length.item();
        const [loss, slope] = plain(t);
        expect(isFound.item(), `from ${first}: ${t}`).toBe(1);
        expect(loss).toBeLessThanOrEqual(loss0 + decrease * t * slope0);
        expect(Math.abs(slope)).toBeLessThanOrEqual(curvature * Math.abs(slope0));
      }
    },
  );

  test("on a quadratic the second trial is its least point, after one that was too far", () => {
    // ½ · 5 (t - 1)²: at t = 3 the loss is above that at 0, and the cubic through both ends is the quadratic.
    const phi = (t: Tensor) => t.sub(1).mul(t.sub(1)).mul(2.5);
    expectClose(lengthOf(phi, -5, {}, 2)(f64(3)).length, [1], 1e-12);
    // One trial is not enough: theta stays.
    const one = lengthOf(phi, -5, {}, 1)(f64(3));
    expect([one.length.item(), one.isFound.item()]).toEqual([0, 0]);
  });
  test("uphill there is no step, and NaN is no decrease", () => {
    expect(lengthOf((t) => t.mul(2), 2, {})(f64(1)).length.item()).toBe(0);
    // √(1 - t) is NaN beyond 1; -t² falls up to there.
    const phi = (t: Tensor) => np.sqrt(t.neg().add(1)).add(t.mul(t).neg()) as Tensor;
    const { length } = lengthOf(phi, -0.5, {})(f64(4));
    expect(length.item()).toBeGreaterThan(0);
    expect(length.item()).toBeLessThanOrEqual(1);
  });
});

/** Steps of an optimizer of objectives until the end. */
function run(
  optimizer: ReturnType<typeof zoomLineSearch> | ReturnType<typeof lbfgs>,
  objective: Objective<Tensor>,
  start: Tensor,
  count: number,
) {
  const step = jit((theta: Tensor, state: never) => {
    const next = optimizer.step(theta, state, objective, { key });
    return { theta: next.theta, state: next.state, loss: next.loss, length: next.metrics["stepLength"]! };
  });
  let [theta, state] = [start, optimizer.init(start, objective, key) as never];
  const losses: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) {
    const next = step(theta, state);
    losses.push(next.loss.item());
    lengths.push(next.length.item());
    theta = next.theta;
    state = next.state as never;
  }
  return { theta, losses, lengths };
}

const rosenbrock: Objective<Tensor> = {
  loss: (x) => {
    const [a, b] = [x.slice(0), x.slice(1)];
    const valley = b.sub(a.mul(a));
    return valley
      .mul(valley)
      .mul(100)
      .add(a.neg().add(1).mul(a.neg().add(1)));
  },
};

describe("zoomLineSearch", () => {
  test("scales the rule's step, whatever its learning rate", () => {
    // ½ (x² + 10 y²) along the gradient (1, 10): least at t = 101 / 1001 of it.
    const objective: Objective<Tensor> = {
      loss: (x) =>
        x
          .mul(x)
          .mul(f64([1, 10]))
          .sum()
          .mul(0.5),
    };
    for (const learningRate of [10, 1]) {
      const { theta } = run(
        zoomLineSearch(sgd({ learningRate }), { curvature: 0.01 }),
        objective,
        f64([1, 1]),
        1,
      );
      expectClose(theta, [1 - 101 / 1001, 1 - 1010 / 1001], 1e-9);
    }
  });
  test("every step on Rosenbrock's function brings the decrease, also with momentum", () => {
    const { losses, lengths } = run(
      zoomLineSearch(momentum({ learningRate: 1e-3, momentum: 0.5 })),
      rosenbrock,
      f64([-1.2, 1]),
      30,
    );
    losses.slice(1).forEach((loss, i) => expect(loss <= losses[i]!).toBe(true));
    expect(lengths.filter((t) => t > 0).length).toBeGreaterThan(15);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 5);
  });
  test("a slope that is not finite leaves theta where it is, to the bit", () => {
    const roots: Objective<Tensor> = { loss: (x) => np.sqrt(x).sum() };
    for (const optimizer of [zoomLineSearch(sgd({ learningRate: 1 })), lbfgs(), lbfgs({ search: "zoom" })]) {
      const { theta, lengths } = run(optimizer, roots, f64([0, 4]), 2);
      expect([optimizer.name, ...theta.data]).toEqual([optimizer.name, 0, 4]);
      expect(lengths).toEqual([0, 0]);
    }
  });
  test("L-BFGS with it solves Rosenbrock's function, and keeps every pair", { tags: ["long"] }, () => {
    const { theta, lengths } = run(lbfgs({ search: "zoom" }), rosenbrock, f64([-1.2, 1]), 40);
    expectClose(theta, [1, 1], 1e-6);
    expect(lengths.slice(0, 20).every((t) => t > 0)).toBe(true);
  });
  test.each([
    [{ curvature: 1 }, "zoomLineSearch: curvature must be a number above 0 and below 1, got 1."],
    [
      { decrease: 0.95 },
      "zoomLineSearch: decrease must be a number above 0 and below curvature, 0.9, got 0.95.",
    ],
    [{ trials: 0 }, "zoomLineSearch: trials must be an integer of at least 1, got 0."],
  ])("what is wrong is said: %j", (options, text) => {
    expect(() => zoomLineSearch(sgd(), options)).toThrow(text);
  });
});
