/** Leaves of different optimizers: each moves as it would alone. */
import { describe, expect, test } from "vitest";
import { type Tensor, jit, np, tree } from "../../array/index.ts";
import { createOptimizer } from "../registry.ts";
import { adam } from "../rules/adam.ts";
import { momentum } from "../rules/momentum.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, expectSameBits, f64, mixedGradient, mixedTheta, trajectory } from "../testing.ts";
import { emaAverage } from "./emaAverage.ts";
import { lookahead } from "./lookahead.ts";
import { partition } from "./partition.ts";

const theta = {
  layers: [
    { w: f64([1, 2]), b: f64([3]) },
    { w: f64([-1, 4]), b: f64([0.5]) },
  ],
  scale: f64(2),
};
const slope = <T>(at: T): T => tree.map((x) => x.mul(3).sub(1), at);

describe("partition", () => {
  const [fast, slow] = [adam({ learningRate: 0.1 }), momentum({ learningRate: 0.05 })];
  const labels = (path: string) => (path.endsWith("w") ? "weights" : path === "scale" ? "slow" : "inner");
  const optimizer = partition(sgd({ learningRate: 0.2 }), { optimizers: { weights: fast, slow }, labels });

  test("moves the leaves of each label as their optimizer does alone", () => {
    const end = trajectory(optimizer, theta, slope, 4).at(-1)!.theta;
    const weights = { 0: theta.layers[0]!.w, 1: theta.layers[1]!.w };
    const alone = trajectory(fast, weights, slope, 4).at(-1)!.theta;
    expectSameBits([end.layers[0]!.w, end.layers[1]!.w], [alone[0], alone[1]]);
    expectSameBits(end.scale, trajectory(slow, theta.scale, slope, 4).at(-1)!.theta);
    // Gradient descent on the rest: x ← x - 0.2 (3 x - 1).
    expectClose(end.layers[0]!.b, [(3 - 1 / 3) * 0.4 ** 4 + 1 / 3], 1e-14);
  });

  test("a tree of labels says the same, and a label stands for what is below it", () => {
    const named = { layers: [{ w: "weights" }, { w: "weights" }], scale: "slow" };
    const by = (given: object | string) =>
      trajectory(
        partition(sgd(), { optimizers: { weights: fast, slow }, labels: given as never }),
        theta,
        slope,
        2,
      ).at(-1)!;
    const of = partition(sgd(), { optimizers: { weights: fast, slow }, labels });
    expectSameBits(by(named), trajectory(of, theta, slope, 2).at(-1)!);
    expectSameBits(
      by({ layers: { 1: "slow" } }).theta.layers[1],
      trajectory(slow, theta.layers[1]!, slope, 2).at(-1)!.theta,
    );
    expectSameBits(by("slow").theta, trajectory(slow, theta, slope, 2).at(-1)!.theta);
  });

  test("integer leaves keep their value, and an optimizer without leaves has no state", () => {
    const made = partition(adam(), { optimizers: { none: momentum() } });
    const end = trajectory(made, mixedTheta(), mixedGradient, 2).at(-1)!;
    expectSameBits(end.theta.index, mixedTheta().index);
    expect(Object.keys((end.state as { inner: object }).inner)).toEqual(["inner"]);
    expectSameBits(end.theta, trajectory(adam(), mixedTheta(), mixedGradient, 2).at(-1)!.theta);
  });

  test("evaluates the leaves of those that evaluate something else, and moves what holds positions", () => {
    const slowly = lookahead(sgd({ learningRate: 0.1 }), { k: 3 });
    const made = partition(sgd({ learningRate: 0.1 }), {
      optimizers: { slow: slowly, mean: emaAverage(adam()) },
      labels: { layers: ["inner", { b: "mean" }], scale: "slow" },
    });
    const { theta: end, state } = trajectory(made, theta, slope, 2).at(-1)!;
    const seen = made.evaluationTheta!(state as never, end);
    expectSameBits(seen.scale, theta.scale);
    expectSameBits(seen.layers[0], end.layers[0]);
    expect(seen.layers[1]!.b.item()).not.toBe(end.layers[1]!.b.item());
    const moved = made.moveTo!(state as never, end);
    expectSameBits(made.evaluationTheta!(moved, end).scale, end.scale);
    expect(made.secondMoment).toBeUndefined();
  });

  test("curvature is that of the parts, where all have one", () => {
    const made = partition(adam(), { optimizers: { other: adam() }, labels: { scale: "other" } });
    const { theta: end, state } = trajectory(made, theta, slope, 3).at(-1)!;
    const whole = trajectory(adam(), theta, slope, 3).at(-1)!;
    expectSameBits(
      made.secondMoment!(state as never, end),
      adam().secondMoment!(whole.state as never, whole.theta),
    );
  });

  test("compiled it is the same, and from data too", () => {
    const config = {
      inner: { name: "sgd", learningRate: 0.2 },
      optimizers: {
        weights: { name: "adam", learningRate: 0.1 },
        slow: { name: "momentum", learningRate: 0.05 },
      },
      labels: { layers: [{ w: "weights" }, { w: "weights" }], scale: "slow" },
    };
    const made = createOptimizer("partition", config);
    const update = jit((at: typeof theta, state: never) => made.update(slope(at), state, at));
    const once = update(theta, made.init(theta) as never);
    expectClose(once.theta, [...tree.flatten(trajectory(optimizer, theta, slope, 1).at(-1)!.theta)], 1e-14);
  });

  test.each([
    [
      { labels: { layer: "inner" } },
      /labels must be a path of theta \(.*\), got "layer"\. Did you mean "layers/,
    ],
    [
      { labels: { scale: "weight" }, optimizers: { weights: adam() } },
      /the label of "scale" must be one of "inner", "weights", got "weight". Did you mean "weights"/,
    ],
    [{ optimizers: { inner: adam() } }, /a label of optimizers must be another name, got "inner"/],
    [{ optimizers: { weights: "adam" } }, /partition: weights must be an optimizer, got "adam"/],
    [{ optimizers: [adam()] }, /partition: optimizers: options must be a record/],
    [
      { labels: { scale: 3 } },
      /labels at "scale" must be a function of path and leaf, or a tree of labels, got 3/,
    ],
    [{ label: "inner" }, /Did you mean "labels"/],
  ])("what is wrong is said: %#", (options, text) => {
    expect(() => partition(sgd(), options as never).init(theta)).toThrow(text);
  });
});

test("names with points in them are taken whole", () => {
  const odd: Record<string, Tensor> = { "a.b": f64([1]), a: f64([2]) };
  const made = partition(sgd({ learningRate: 0.1 }), {
    optimizers: { fast: sgd({ learningRate: 1 }) },
    labels: { "a.b": "fast" },
  });
  const { theta: end } = made.update(
    { "a.b": np.ones([1], { dtype: "float64" }), a: f64([1]) },
    made.init(odd),
    odd,
  );
  expectClose(end["a.b"], [0]);
  expectClose(end["a"], [1.9]);
});
