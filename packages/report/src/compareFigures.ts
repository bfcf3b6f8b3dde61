/** The figures of a comparison of estimators. */
import { type Comparison, type EstimatorMeasurement, estimators } from "unspool";
import type { Series } from "unspool/train";
import type { PennedFigure } from "./drawing.ts";
import { estimatorPen } from "./palette.ts";

/** What is drawn in the place of 0 on a logarithmic axis, as a share of the squared length of the reference. */
const floorShare = 1e-12;

const estimatorNames: readonly string[] = estimators.map(({ name }) => name);

type Named = Pick<EstimatorMeasurement, "name" | "estimator">;

/** An estimator has one pen, in every figure and in those of `diagnose`. */
function pensOf(of: readonly Named[]) {
  const others = of.map(({ estimator }) => estimator).filter((name) => !estimatorNames.includes(name));
  return of.map(({ estimator }) => estimatorPen(estimator, Math.max(0, others.indexOf(estimator))));
}

export function compareFigures(comparison: Comparison): PennedFigure[] {
  const { estimators, byTruncation } = comparison;
  const sweep = new Set(byTruncation.map(({ truncation }) => truncation)).size > 1;
  return [
    ...(estimators.length === 0 ? [] : [plane(comparison), errorOverCost(comparison)]),
    ...(sweep ? [biasOverTruncation(comparison), varianceOverTruncation(comparison)] : []),
  ];
}

const squaredNorm = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);

/** As measured: that of an unbiased estimator is what chance leaves. */
const measuredBias = ({ bias }: EstimatorMeasurement): number => squaredNorm(bias);

/** Squared bias without what chance adds to it. */
function squaredBias({ meanSquaredError, variance }: EstimatorMeasurement): number {
  return Math.max(0, meanSquaredError - variance);
}

/**
 * Relative to the reference alone: an estimator that explodes must not lift the floor over all others. Where the reference
 * is 0, its error stands in, or the smallest that was measured.
 */
function floorOf({ reference, estimators }: Comparison): number {
  const length = squaredNorm(reference.gradient) || squaredNorm(reference.standardError);
  if (length > 0) return floorShare * length;
  const measured = estimators.flatMap((one) => [measuredBias(one), one.variance]).filter((size) => size > 0);
  return measured.length === 0 ? floorShare : Math.min(...measured);
}

function plane(comparison: Comparison): PennedFigure {
  const floor = floorOf(comparison);
  return {
    id: "bias-variance",
    title: "Bias and variance",
    caption:
      `One point per estimator at truncation ${comparison.truncation}: the squared bias of a trajectory's gradient and its total variance. ` +
      `Low and to the left is good; unbiased estimators show what chance leaves, and what is below ${floorShare} of the squared length of the reference is drawn there.`,
    x: { label: "squared bias", scale: "log" },
    y: { label: "variance", scale: "log" },
    series: comparison.estimators.map((one) => ({
      name: one.name,
      kind: "dots",
      x: [Math.max(floor, measuredBias(one))],
      y: [Math.max(floor, one.variance)],
    })),
    pens: pensOf(comparison.estimators),
  };
}

/** Mean-squared error of the average of as many trajectories as `innerSteps` pay for. */
function errorAt(one: EstimatorMeasurement, innerSteps: number): number {
  return squaredBias(one) + (one.variance * one.innerStepsPerSample) / innerSteps;
}

function errorOverCost(comparison: Comparison): PennedFigure {
  const floor = floorOf(comparison);
  const costs = comparison.estimators.map(({ innerStepsPerSample }) => innerStepsPerSample);
  const [low, high] = [Math.min(...costs), 100 * Math.max(...costs)];
  const x = Array.from({ length: 25 }, (_, i) => low * (high / low) ** (i / 24));
  return {
    id: "error-over-cost",
    title: "Error against inner steps spent",
    caption:
      "Mean-squared error of the gradient when estimates are averaged for as long as the inner steps last: unbiased estimators go down, biased ones level off at their squared bias.",
    x: { label: "inner steps", scale: "log" },
    y: { label: "mean-squared error", scale: "log" },
    series: comparison.estimators.map((one) => ({
      name: one.name,
      x,
      y: x.map((steps) => Math.max(floor, errorAt(one, steps))),
    })),
    pens: pensOf(comparison.estimators),
  };
}

function overTruncation(
  comparison: Comparison,
  value: (one: EstimatorMeasurement) => number,
): Required<Pick<PennedFigure, "series" | "pens">> {
  const floor = floorOf(comparison);
  const named = new Map(comparison.byTruncation.map((one) => [one.name, one]));
  const series = [...named.keys()].map((name): Series => {
    const points = comparison.byTruncation
      .filter((one) => one.name === name)
      .toSorted((a, b) => a.truncation - b.truncation);
    return {
      name,
      x: points.map(({ truncation }) => truncation),
      y: points.map((one) => Math.max(floor, value(one))),
    };
  });
  return { series, pens: pensOf([...named.values()]) };
}

function biasOverTruncation(comparison: Comparison): PennedFigure {
  return {
    id: "bias-over-truncation",
    title: "Squared bias over truncation",
    caption:
      "Truncated estimators lose their bias when the window is the whole trajectory; unbiased ones show what chance and smoothing leave, at any truncation.",
    x: { label: "truncation (inner steps per window)", scale: "log" },
    y: { label: "squared bias", scale: "log" },
    ...overTruncation(comparison, measuredBias),
    references: [
      {
        axis: "y",
        value: squaredNorm(comparison.reference.gradient),
        label: "squared length of the reference",
      },
    ],
  };
}

function varianceOverTruncation(comparison: Comparison): PennedFigure {
  return {
    id: "variance-over-truncation",
    title: "Variance over truncation",
    caption: "Total variance of the gradient of one trajectory of all units, summed over its windows.",
    x: { label: "truncation (inner steps per window)", scale: "log" },
    y: { label: "variance", scale: "log" },
    ...overTruncation(comparison, ({ variance }) => variance),
  };
}
