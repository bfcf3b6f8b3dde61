/** Schedules against their formulas in JavaScript numbers. */
import { describe, expect, test } from "vitest";
import { grad, jit, tree } from "../../array/index.ts";
import type { Schedule } from "../optimizer.ts";
import { sgd } from "../sgd.ts";
import { expectClose, f32, f64 } from "../testing.ts";
import { constantSchedule } from "./constantSchedule.ts";
import { cosineDecay } from "./cosineDecay.ts";
import { exponentialDecay } from "./exponentialDecay.ts";
import { inverseTimeDecay } from "./inverseTimeDecay.ts";
import { joinSchedules } from "./joinSchedules.ts";
import { linearSchedule } from "./linearSchedule.ts";
import { piecewiseConstant } from "./piecewiseConstant.ts";
import { polynomialSchedule } from "./polynomialSchedule.ts";
import { createSchedule, schedules } from "./registry.ts";
import { warmupCosineDecay } from "./warmupCosineDecay.ts";

const at = (t: number) => tree.scalar(t, "int32");
const steps = [0, 1, 2, 3, 4, 7, 8, 9, 30];
const part = (t: number, length: number) => Math.min(1, Math.max(0, t / length));
const cosine = (p: number) => (1 + Math.cos(Math.PI * p)) / 2;

const cases: [string, Schedule, (t: number) => number][] = [
  ["constant", constantSchedule({ value: 0.3 }), () => 0.3],
  ["linear", linearSchedule({ from: 0.1, to: 0.7, steps: 8 }), (t) => 0.1 + 0.6 * part(t, 8)],
  ["linear with delay", linearSchedule({ from: 1, to: 0, steps: 5, delay: 2 }), (t) => 1 - part(t - 2, 5)],
  [
    "polynomial 2",
    polynomialSchedule({ from: 0.5, to: 0.1, steps: 8 }),
    (t) => 0.1 + 0.4 * (1 - part(t, 8)) ** 2,
  ],
  [
    "polynomial 1.5",
    polynomialSchedule({ from: 0.5, to: 0.1, steps: 8, power: 1.5, delay: 1 }),
    (t) => 0.1 + 0.4 * (1 - part(t - 1, 8)) ** 1.5,
  ],
  ["exponential", exponentialDecay({ from: 0.2, rate: 0.9, steps: 3 }), (t) => 0.2 * 0.9 ** (t / 3)],
  [
    "exponential staircase",
    exponentialDecay({ from: 0.2, rate: 0.9, steps: 3, staircase: true }),
    (t) => 0.2 * 0.9 ** Math.floor(t / 3),
  ],
  ["inverse time", inverseTimeDecay({ from: 0.2, rate: 0.5, steps: 3 }), (t) => 0.2 / (1 + (0.5 * t) / 3)],
  [
    "inverse time staircase",
    inverseTimeDecay({ from: 0.2, rate: 0.5, steps: 3, staircase: true }),
    (t) => 0.2 / (1 + 0.5 * Math.floor(t / 3)),
  ],
  ["cosine", cosineDecay({ from: 0.4, to: 0.1, steps: 8 }), (t) => 0.1 + 0.3 * cosine(part(t, 8))],
  [
    "warm-up and cosine",
    warmupCosineDecay({ from: 0.05, peak: 0.4, to: 0.1, warmupSteps: 3, steps: 9 }),
    (t) => (t < 3 ? 0.05 + (0.35 * t) / 3 : 0.1 + 0.3 * cosine(part(t - 3, 6))),
  ],
  [
    "piecewise constant",
    piecewiseConstant({ values: [1, 0.5, 0.2], boundaries: [2, 8] }),
    (t) => (t < 2 ? 1 : t < 8 ? 0.5 : 0.2),
  ],
  [
    "joined",
    joinSchedules({
      schedules: [constantSchedule({ value: 2 }), linearSchedule({ from: 1, to: 0, steps: 4 })],
      boundaries: [4],
    }),
    (t) => (t < 4 ? 2 : 1 - part(t - 4, 4)),
  ],
];

describe.each(cases)("%s", (_name, schedule, formula) => {
  test("follows its formula in float64 and float32, eagerly and compiled", () => {
    const compiled = jit(schedule);
    for (const t of steps) {
      const wide = schedule(at(t), "float64");
      expect([wide.dtype, wide.ndim]).toEqual(["float64", 0]);
      expectClose(wide, [formula(t)]);
      const single = compiled(at(t));
      expect(single.dtype).toBe("float32");
      expectClose(single, [formula(t)], 1e-6);
    }
  });
});

test("a schedule that returns a number is a typed error", () => {
  const optimizer = sgd({ learningRate: (() => 0.1) as never });
  const theta = f64([1]);
  expect(() => optimizer.update(theta, optimizer.init(theta), theta)).toThrow(
    "schedule: its value must be a tensor, got 0.1. Compute it from `step` with np functions.",
  );
});

test("a schedule of float32 leaves a float64 theta float64, and the other way round", () => {
  for (const theta of [f64([1]), f32([1])]) {
    const optimizer = sgd({ learningRate: (step) => step.astype("float32").add(0.5) });
    const { theta: moved } = optimizer.update(theta, optimizer.init(theta), theta);
    expect(moved.dtype).toBe(theta.dtype);
    const wide = sgd({ learningRate: f64(0.5) });
    expect(wide.update(theta, wide.init(theta), theta).theta.dtype).toBe(theta.dtype);
  }
});

test("values can be learned: the derivative of a line with respect to its ends", () => {
  const value = (ends: { from: ReturnType<typeof f64>; to: ReturnType<typeof f64> }) =>
    linearSchedule({ ...ends, steps: 4 })(at(1), "float64");
  const slopes = grad(value)({ from: f64(1), to: f64(2) });
  expectClose([slopes.from.item(), slopes.to.item()], [0.75, 0.25]);
});

test("every registered schedule works with its defaults", () => {
  for (const { name, defaults } of schedules) {
    expect(Number.isFinite(createSchedule(name, { ...defaults })(at(5)).item()), name).toBe(true);
  }
});

test.each([
  [() => cosineDecay({ steps: 0 }), "cosineDecay: steps must be an integer of at least 1, got 0."],
  [() => cosineDecay({ from: NaN }), "cosineDecay: from must be a finite number or a tensor, got NaN."],
  [
    () => exponentialDecay({ rate: 0 }),
    "exponentialDecay: rate must be a number above 0 or a tensor, got 0.",
  ],
  [
    () => piecewiseConstant({ values: [1, 2], boundaries: [] }),
    "piecewiseConstant: boundaries must be one shorter than the 2 pieces they separate, got [].",
  ],
  [
    () => piecewiseConstant({ values: [1, 2, 3], boundaries: [5, 5] }),
    "boundaries must be increasing, got [5, 5].",
  ],
  [
    () => warmupCosineDecay({ warmupSteps: 10, steps: 10 }),
    "warmupCosineDecay: steps must be more than warmupSteps (10), got 10.",
  ],
  [
    () => joinSchedules({ schedules: [] }),
    "joinSchedules: schedules must be an array of at least one schedule, got [].",
  ],
  [
    () => polynomialSchedule({ power: 0 }),
    "polynomialSchedule: power must be a finite number above 0, got 0.",
  ],
  [() => createSchedule("cosine"), "createSchedule: name must be one of"],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});
