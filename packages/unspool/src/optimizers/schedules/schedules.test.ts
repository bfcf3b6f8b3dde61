/** Schedules against their formulas in JavaScript numbers. */
import { describe, expect, test } from "vitest";
import { grad, jit, tree } from "../../array/index.ts";
import type { Schedule } from "../optimizer.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, f32, f64 } from "../testing.ts";
import { constantSchedule } from "./constantSchedule.ts";
import { cosineDecay } from "./cosineDecay.ts";
import { legw, linearScaling, squareRootScaling } from "./batchScaling.ts";
import { cosineRestarts } from "./cosineRestarts.ts";
import { exponentialDecay } from "./exponentialDecay.ts";
import { inverseSquareRoot } from "./inverseSquareRoot.ts";
import { inverseTimeDecay } from "./inverseTimeDecay.ts";
import { joinSchedules } from "./joinSchedules.ts";
import { linearSchedule } from "./linearSchedule.ts";
import { oneCycle } from "./oneCycle.ts";
import { piecewiseConstant } from "./piecewiseConstant.ts";
import { polynomialSchedule } from "./polynomialSchedule.ts";
import { warmup } from "./warmup.ts";
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
    "one cycle",
    oneCycle({ peak: 0.4, steps: 10, upPart: 0.3, startDivisor: 4, endDivisor: 100 }),
    (t) => (t < 3 ? 0.4 - 0.3 * cosine(part(t, 3)) : 0.001 + 0.399 * cosine(part(t - 3, 7))),
  ],
  [
    "one cycle of lines",
    oneCycle({ peak: 0.4, steps: 10, upPart: 0.3, startDivisor: 4, endDivisor: 100, shape: "linear" }),
    (t) => (t < 3 ? 0.1 + 0.3 * part(t, 3) : 0.4 - 0.399 * part(t - 3, 7)),
  ],
  [
    "cosine restarts: periods of 2, 4, 8, 16, 32 steps",
    cosineRestarts({ from: 0.4, to: 0.1, steps: 2 }),
    (t) => {
      let [start, length] = [0, 2];
      while (t >= start + length) [start, length] = [start + length, length * 2];
      return 0.1 + 0.3 * cosine((t - start) / length);
    },
  ],
  [
    "cosine restarts of equal periods",
    cosineRestarts({ from: 0.4, steps: 3, factor: 1 }),
    (t) => 0.4 * cosine((t % 3) / 3),
  ],
  ["inverse square root", inverseSquareRoot({ from: 0.2 }), (t) => 0.2 / Math.sqrt(t + 1)],
  [
    "inverse square root after 4 steps",
    inverseSquareRoot({ from: 0.2, steps: 4 }),
    (t) => 0.2 * Math.sqrt(4 / Math.max(t + 1, 4)),
  ],
  [
    "the transformer's: d^-0.5 min(t^-0.5, t w^-1.5) with w = 4 and the peak w^-0.5 of d = 1",
    warmup({ of: inverseSquareRoot({ from: 4 ** -0.5, steps: 4 }), steps: 4 }),
    (t) => Math.min((t + 1) ** -0.5, (t + 1) * 4 ** -1.5),
  ],
  [
    "gradual warm-up",
    warmup({ of: cosineDecay({ from: 0.4, steps: 8 }), steps: 3 }),
    (t) => 0.4 * cosine(part(t, 8)) * Math.min(1, (t + 1) / 3),
  ],
  [
    "constant warm-up of a value",
    warmup({ of: 0.3, steps: 3, shape: "constant", part: 0.2 }),
    (t) => (t < 3 ? 0.06 : 0.3),
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

test("a warm-up in a config names the schedule that it warms up", () => {
  const of = { schedule: "linearSchedule", from: 1, to: 0, steps: 4 };
  expectClose(createSchedule("warmup", { of, steps: 2 })(at(0), "float64"), [0.5]);
  expect(() => createSchedule("warmup", { of: { schedule: "linear" } })).toThrow(
    "createSchedule: name must be",
  );
});

test("restarts are exact at the end of a long counter", () => {
  // Periods of 100 · 2^i steps: the 24th begins at 100 · (2^23 - 1).
  const schedule = cosineRestarts({ from: 1, steps: 100 });
  expectClose(schedule(at(100 * (2 ** 23 - 1)), "float64"), [1]);
  expectClose(schedule(at(100 * (2 ** 23 - 1) - 1), "float64"), [cosine(1 - 1 / (100 * 2 ** 22))]);
});

test("learning rates and warm-up for a batch: linear, square root, LEGW", () => {
  const scaling = { learningRate: 0.1, tunedBatch: 128, batch: 1024 };
  expect(linearScaling(scaling)).toBeCloseTo(0.8, 12);
  expect(squareRootScaling(scaling)).toBeCloseTo(0.1 * Math.sqrt(8), 12);
  // 2 epochs of 6400 examples are 100 steps at batch 128; 16 epochs are 100 steps at batch 1024.
  const { learningRate, warmupEpochs, warmupSteps } = legw({ ...scaling, warmupEpochs: 2, examples: 6400 });
  expect([learningRate, warmupEpochs, warmupSteps]).toEqual([squareRootScaling(scaling), 16, 100]);
  expect(() => linearScaling({ ...scaling, batch: 0 })).toThrow(
    "linearScaling: batch must be a finite number above 0, got 0.",
  );
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
  [
    () => oneCycle({ steps: 10, upPart: 1 }),
    "oneCycle: upPart must be such that 1 to 9 of 10 steps rise, got 1.",
  ],
  [
    () => cosineRestarts({ factor: 1.5 }),
    "cosineRestarts: factor must be an integer of at least 1, got 1.5.",
  ],
  [() => warmup({ of: NaN }), "warmup: of must be a schedule, a number or a tensor, got NaN."],
  [() => createSchedule("cosine"), "createSchedule: name must be one of"],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});
