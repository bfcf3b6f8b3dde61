/** Enormous gradients: rules with squares of them go on afterwards, and what clips them does not make zeros of them. */
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, grad, tree } from "../../array/index.ts";
import { adam } from "../rules/adam.ts";
import { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
import { createLearnedOptimizer } from "../learned/registry.ts";
import { pretrainedOptimizer } from "../learned/pretrained.ts";
import { createOptimizer } from "../registry.ts";
import type { Optimizer } from "../optimizer.ts";
import { adaptiveGradientClip } from "./adaptiveGradientClip.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, f32, f64, numbers, trajectory } from "../testing.ts";

const squaring = [
  "adam",
  "adamw",
  "rmsprop",
  "adagrad",
  "adadelta",
  "adamax",
  "nadam",
  "amsgrad",
  "radam",
  "adabelief",
  "yogi",
  "adabound",
  "padam",
  "novograd",
  "adafactor",
  "sm3",
  "shampoo",
  "lamb",
];
const learned = ["star", "smallFc", "mlpLopt", "learnableAdam"];

const makers: [string, () => Optimizer][] = [
  ...squaring.map((name): [string, () => Optimizer] => [name, () => createOptimizer(name)]),
  ...learned.map((name): [string, () => Optimizer] => [
    name,
    () => {
      const made = createLearnedOptimizer(name);
      return made.optimizer(made.init(tree.scalar(0, "uint32") as never) as never);
    },
  ]),
];

describe.each(makers.filter(([name]) => !learned.includes(name)))("%s", (_name, make) => {
  test.each([
    ["float32", f32, 1e20],
    ["float64", f64, 1e200],
  ] as const)("one gradient of %s that is enormous does not freeze it for ever", (_dtype, of, huge) => {
    const theta = of([3, -2]);
    const slope = (x: Tensor, t: number): Tensor => (t === 2 ? of([huge, 1]) : x);
    const points = trajectory(make(), theta, slope, 6);
    // Nothing but counters moves at the enormous one.
    expect(numbers(points[3]!.theta)).toEqual(numbers(points[2]!.theta));
    const { step, skipped, ...state } = points.at(-1)!.state as Record<string, Tensor>;
    expect([step!.item(), skipped!.item()]).toEqual([6, 1]);
    expect(numbers(state).every(Number.isFinite)).toBe(true);
    // As if it had not been there, but for what depends on the step (RAdam has none, Adafactor's rate has).
    const plain = trajectory(make(), theta, (x) => x, 5).at(-1)!.theta;
    expectClose(
      points.at(-1)!.theta,
      numbers(plain),
      _name === "adafactor" || _name === "adabound" ? 0.1 : 1e-6,
    );
    numbers(points.at(-1)!.theta).forEach((x, i) => expect(x).not.toBe(numbers(points[3]!.theta)[i]));
  });
});

test("a learned optimizer goes on after an enormous gradient", () => {
  for (const optimizer of [pretrainedOptimizer("star-mnist")]) {
    const points = trajectory<Tensor>(optimizer, f32([3, -2]), (x, t) => (t === 1 ? f32([1e20, 1]) : x), 3);
    expect(numbers(points[2]!.theta)).toEqual(numbers(points[1]!.theta));
    expect(numbers(points[3]!.theta).every((x, i) => Number.isFinite(x) && x !== numbers(points[2]!.theta)[i])).toBe(true); // prettier-ignore
  }
});

test("a gradient that is not finite is not skipped: theta shows it", () => {
  for (const bad of [NaN, Infinity]) {
    const { theta, state } = trajectory(adam(), f32([1, 2]), () => f32([bad, 1]), 1).at(-1)!;
    expect(numbers(theta).some(Number.isNaN)).toBe(true);
    expect((state as { skipped: Tensor }).skipped.item()).toBe(0);
  }
});

test("the derivative through a skipped update is that of standing still, not NaN", () => {
  const optimizer = adam({ learningRate: 0.1 });
  const after = (x: Tensor): Tensor => {
    const { theta } = optimizer.update(x.mul(1e20), optimizer.init(x), x);
    return theta.sum();
  };
  expectClose(grad(after)(f32([1, 2])), [1, 1]);
});

describe("clipping of an enormous gradient", () => {
  const seen = (optimizer: Optimizer, theta: Tensor, g: Tensor): number[] =>
    numbers(theta.sub(optimizer.update(g, optimizer.init(theta), theta).theta));
  const unit = sgd({ learningRate: 1 });
  test("adaptiveGradientClip shortens it and does not zero it", () => {
    // Weights of length 5: at most 2.5 along (3, 4) / 5.
    const [huge, theta] = [f32([3e20, 4e20]), f32([3, 4])];
    expectClose(seen(adaptiveGradientClip(unit, { clip: 0.5 }), theta, huge), [1.5, 2], 1e-6);
    const wide = f64([3e200, 4e200]);
    expectClose(seen(adaptiveGradientClip(unit, { clip: 0.5 }), f64([3, 4]), wide), [1.5, 2], 1e-12);
    const matrix = f32([3e20, 1, 4e20, 0]).reshape([2, 2]);
    expectClose(
      seen(adaptiveGradientClip(unit, { clip: 0.5 }), f32([3, 1, 4, 0]).reshape([2, 2]), matrix),
      [1.5, 0.5, 2, 0],
      1e-6,
    );
  });
  test("clipByGlobalNorm shortens it, even where the norm is beyond float32", () => {
    const clip = clipByGlobalNorm(unit, { maxNorm: 5 });
    expectClose(
      seen(clip, f32([0, 0]), f32([3e20, 4e20])),
      [-0, 0].map((_, i) => [3, 4][i]!),
      1e-6,
    );
    expectClose(seen(clip, f32([0, 0]), f32([3e38, 3e38])), [5 / Math.SQRT2, 5 / Math.SQRT2], 1e-6);
    expectClose(seen(clip, f64([0, 0]), f64([3e200, 4e200])), [3, 4], 1e-12);
  });
  test("Adam behind it takes the step", () => {
    const points = trajectory<Tensor>(clipByGlobalNorm(adam()), f32([1, 1]), () => f32([1e20, 1e20]), 1);
    expectClose(points[1]!.theta, [0.999, 0.999], 1e-6);
  });
});

describe("an eps that is 0 in the dtype of theta", () => {
  test("is an error of init that names the option and the dtype", () => {
    expect(() => adam({ eps: 1e-50 }).init(f32([1]))).toThrow(
      "adam: eps must be at least 1.401298464324817e-45 for float32, got 1e-50. It is 0 in the dtype of theta.",
    );
    expect(() => createOptimizer("adafactor", { eps1: 1e-60 }).init({ a: f64([1]), b: f32([1]) })).toThrow('theta at "b"'); // prettier-ignore
    expect(() => adam({ eps: 1e-50 }).init(f64([1]))).not.toThrow();
  });
  test("also of rules without squares, when they are used", () => {
    const update = (): Tree => trajectory(sgd({ learningRate: 1e-60 }), f32([1]), (x) => x, 1).at(-1)!.state;
    expect(update).toThrow("a hyperparameter must be 0 or at least 1.401298464324817e-45 for float32");
  });
});
