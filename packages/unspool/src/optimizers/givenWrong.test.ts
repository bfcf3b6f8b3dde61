/** Options and thetas that were taken for something else in silence. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, np } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { adam } from "./rules/adam.ts";
import { clipByGlobalNorm } from "./wrappers/clipByGlobalNorm.ts";
import { kfac } from "./curvature/kfac.ts";
import type { Optimizer } from "./optimizer.ts";
import { createOptimizer, optimizerNames, optimizers } from "./registry.ts";
import { constantSchedule } from "./schedules/constantSchedule.ts";
import { cosineDecay } from "./schedules/cosineDecay.ts";
import { schedules } from "./schedules/registry.ts";
import { sgd } from "./rules/sgd.ts";
import { withLoss } from "./testing.ts";

const int = (...values: number[]): Tensor => np.array(values, { dtype: "int32" });
/** Calls an untyped function, as JavaScript does. */
const call = (fn: unknown, ...args: unknown[]): unknown => (fn as (...args: unknown[]) => unknown)(...args);

describe("adam(0.1) had the default rate", () => {
  test("the text says what to write", () => {
    expect(() => call(adam, 0.1)).toThrow(
      "adam: options must be a record, got 0.1. Write adam({ learningRate: 0.1 }).",
    );
    expect(() => call(clipByGlobalNorm, sgd(), 1)).toThrow(
      "clipByGlobalNorm: options must be a record, got 1. Write { maxNorm: 1 }.",
    );
    expect(() => call(cosineDecay, 0.1)).toThrow("Write { from: 0.1 }.");
    expect(() => call(kfac, 0.1)).toThrow(OptionError);
    for (const odd of [null, [], "fast", np.array(0.1), constantSchedule()])
      expect(() => call(adam, odd), String(odd)).toThrow(/adam: options must be a record/);
    const bare = call(adam, Object.assign(Object.create(null), { learningRate: 0.25 }));
    expect(bare).toMatchObject({ name: "adam" });
  });

  test.each(optimizerNames)("%s of the registry", (name) => {
    expect(() => createOptimizer(name, 0.1 as never)).toThrow(/options must be a record/);
  });

  test.each(schedules.map((entry) => [entry.name, entry.create] as const))("%s", (_name, create) => {
    expect(() => create(0.1 as never)).toThrow(/options must be a record/);
  });
});

describe("a rate of three numbers for a leaf of two", () => {
  test("was blamed on the gradient", () => {
    const wrong = sgd({ learningRate: np.array([0.1, 0.2, 0.3]) });
    const update = (): unknown => wrong.update({ w: np.ones([2]) }, wrong.init({}), { w: np.ones([2]) });
    expect(update).toThrow(OptionError);
    expect(update).toThrow(
      "sgd: the shape of learningRate must be [], or one that broadcasts to that of what it is for, [2], got [3].",
    );
    const schedule = adam({ beta1: () => np.array([0.5, 0.9]) });
    expect(() => schedule.update(np.ones([3]), schedule.init(np.ones([3])), np.ones([3]))).toThrow(
      /adam: the shape of beta1 must be/,
    );
  });

  test("one for each element of a leaf passes", () => {
    const each = sgd({ learningRate: np.array([0.5, 0.25]) });
    const { theta } = each.update(np.ones([2]), each.init(np.ones([2])), np.ones([2]));
    expect(Array.from(theta.data)).toEqual([0.5, 0.75]);
  });
});

/** All rules, and the wrappers around sgd. */
const made = (name: string): Optimizer => withLoss(createOptimizer(name));

describe.each(optimizers.map(({ name }) => name))("%s", (name) => {
  const update = (gradient: unknown, theta: unknown): unknown => {
    const optimizer = made(name);
    return optimizer.update(gradient as never, optimizer.init(theta), theta);
  };

  test("a theta of integers was left as it is by every update, in silence", () => {
    for (const gradient of [int(0, 0), np.array([0.5, 1])]) {
      expect(() => update({ w: gradient }, { w: int(1, 2) })).toThrow(OptionError);
      expect(() => update({ w: gradient }, { w: int(1, 2) })).toThrow(
        /the dtype of theta at "w" must be float32 or float64 to move, got "int32"/,
      );
    }
  });

  test("a gradient of an integer leaf was lost; one of 0 leaves it as it is", () => {
    const theta = { w: np.array([1, 2]), i: int(3) };
    for (const i of [np.array([0.5]), int(1)])
      expect(() => update({ w: np.ones([2]), i }, theta)).toThrow(/theta at "i" must be float/);
    const fine = update({ w: np.ones([2]), i: int(0) }, theta) as { theta: typeof theta };
    expect(Array.from(fine.theta.i.data)).toEqual([3]);
  });

  test("plain numbers in theta are answered by an optimizer, not by a tree", () => {
    expect(() => update({ w: np.array(1) }, { w: 1 })).toThrow(ShapeError);
    expect(() => update({ w: np.array(1) }, { w: 1 })).toThrow(
      /: theta must be a tree of tensors: "w" is number/,
    );
  });
});

test("the gradient that grad gives an integer leaf is the 0 that passes, also in a trace", () => {
  const theta = { w: np.array([1, 2]), i: int(3) };
  const optimizer = adam();
  const step = jit((at: typeof theta) => {
    const gradient = grad((x: typeof theta) => x.w.mul(x.i).sum())(at);
    return optimizer.update(gradient, optimizer.init(at), at).theta;
  });
  expect(step(theta).i.item()).toBe(3);
});
