/** Reptile and SlowMo by hand, and what optimizers tell of their last update. */
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, np, random } from "../../array/index.ts";
import { pes, tbptt } from "../../estimators/index.ts";
import { descent } from "../../methods/index.ts";
import { defineProblem } from "../../unroll/index.ts";
import { firstOrder } from "../objective/firstOrder.ts";
import { adam } from "../rules/adam.ts";
import { momentum } from "../rules/momentum.ts";
import { sgd } from "../rules/sgd.ts";
import { exponentialDecay } from "../schedules/exponentialDecay.ts";
import { expectClose, f64, trajectory } from "../testing.ts";
import { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
import { lookahead } from "./lookahead.ts";
import { partition } from "./partition.ts";
import { reptile } from "./reptile.ts";
import { slowMo } from "./slowMo.ts";

const item = (x: Tensor | undefined): number => x!.item();

test("reptile moves the start towards each task's weights, with new momentum for each", () => {
  // Tasks ½ (x - c)², c = 1 then -1, 2 steps each of momentum 0.5 at rate 0.1; alpha 0.5.
  const centres = [1, 1, -1, -1];
  let phi = 0;
  for (const c of [1, -1]) {
    let [x, v] = [phi, 0];
    for (let i = 0; i < 2; i++) {
      v = 0.5 * v + (x - c);
      x -= 0.1 * v;
    }
    phi += 0.5 * (x - phi);
  }
  const optimizer = reptile(momentum({ learningRate: 0.1, momentum: 0.5 }), { k: 2, alpha: 0.5 });
  const { theta, state } = trajectory(optimizer, f64([0]), (x, t) => x.sub(centres[t]!), 4).at(-1)!;
  expectClose(theta, [phi], 1e-14);
  expectClose(optimizer.evaluationTheta!(state as never, theta), [phi], 1e-14);
  expect(optimizer.name).toBe("reptile(momentum)");
});

test("slowMo has momentum between its rounds", () => {
  // ½ x² from 1: two steps of rate 0.1 are a factor 0.81.
  let [phi, u] = [1, 0];
  for (let round = 0; round < 3; round++) {
    u = 0.6 * u + (0.81 - 1) * phi;
    phi += 0.9 * u;
  }
  const optimizer = slowMo(sgd({ learningRate: 0.1 }), { k: 2, alpha: 0.9, momentum: 0.6 });
  expectClose(trajectory(optimizer, f64([1]), (x) => x, 6).at(-1)!.theta, [phi], 1e-14);
  expect(() => slowMo(sgd(), { k: 0 })).toThrow("k must be an integer of at least 1, got 0.");
});

describe("metrics of optimizers", () => {
  test("clipping tells its factor", () => {
    const optimizer = clipByGlobalNorm(sgd(), { maxNorm: 1 });
    const factors = trajectory(optimizer, f64([0, 0]), (_x, t) => f64(t === 0 ? [3, 4] : [0.3, 0.4]), 2).map(
      ({ state }) => item(optimizer.metrics!(state as never)["clipFactor"]),
    );
    expectClose(factors, [1, 0.2, 1], 1e-15);
  });
  test("Lookahead tells alpha, of a schedule and of curvature", () => {
    const alpha = exponentialDecay({ from: 0.8, rate: 0.5, steps: 1 });
    const scheduled = lookahead(sgd(), { k: 2, alpha });
    const { state } = trajectory(scheduled, f64([1]), (x) => x, 2).at(-1)!;
    expectClose([item(scheduled.metrics!(state as never)["alpha"])], [0.4], 1e-14);
    // Along a straight line of a quadratic with curvature 1 the best alpha is beyond the last fast weights: at its bound.
    const curvature = (v: Tree): Tree => v;
    const adaptive = lookahead(sgd({ learningRate: 0.1 }), { k: 2, adaptive: { curvature } });
    const told = trajectory(adaptive, f64([1]), (x) => x, 2).map(({ state: own }) =>
      Object.fromEntries(Object.entries(adaptive.metrics!(own as never)).map(([name, x]) => [name, item(x)])),
    );
    expect(told).toEqual([
      { alpha: 0, isClipped: 0 },
      { alpha: 0, isClipped: 0 },
      { alpha: 1, isClipped: 1 },
    ]);
  });
  test("wrappers pass them on, and parts name their label", () => {
    const optimizer = partition(clipByGlobalNorm(lookahead(adam())), {
      optimizers: { slow: clipByGlobalNorm(sgd()) },
      labels: { b: "slow" },
    });
    const state = optimizer.init({ a: f64([1]), b: f64([1]) });
    expect(Object.keys(optimizer.metrics!(state))).toEqual([
      "inner.alpha",
      "inner.clipFactor",
      "slow.clipFactor",
    ]);
  });

  const problem = defineProblem({
    name: "steep",
    horizon: 4,
    init: (theta: Tensor) => theta,
    step: (theta: Tensor, state: Tensor) => ({ state, loss: theta.mul(5).sum() }),
  });
  const optimizer = clipByGlobalNorm(sgd(), { maxNorm: 1 });
  test("descent logs them, in single steps and several in a call", () => {
    const single = descent(tbptt(problem, { truncation: 2 }), optimizer);
    const theta = np.ones([4]);
    const { metrics } = single.step(theta, single.init(theta, random.key(0)), random.key(0));
    expect(metrics["clipFactor"]).toBeCloseTo(0.1, 6);
    const many = descent(pes(problem, { truncation: 2, pairs: 64 }), optimizer);
    const done = many.several!(theta, many.init(theta, random.key(0)), random.key(0), 0, 2)!;
    const norms = [...done.metrics["gradientNorm"]!.data];
    expectClose(
      [...done.metrics["clipFactor"]!.data],
      norms.map((norm) => 1 / norm),
      1e-6,
    );
  });
  test("and optimizers of objectives have them", () => {
    const objective = { loss: (x: Tensor) => x.mul(5).sum() };
    const rule = firstOrder(optimizer);
    const theta = f64([1, 1, 1, 1]);
    const outcome = rule.step(
      theta,
      rule.init(theta, objective as never, random.key(0)),
      objective as never,
      {
        key: random.key(0),
      },
    );
    expectClose([item(outcome.metrics["clipFactor"])], [0.1], 1e-14);
  });
});
