/** The figures of a comparison of estimators. */
import type { Comparison, EstimatorMeasurement } from "unspool";
import type { Figure, Series } from "unspool/train";

/** What is drawn in the place of 0 on a logarithmic axis, as a share of the squared length of the reference. */
const floorShare = 1e-12;

export function compareFigures(comparison: Comparison): Figure[] {
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

function floorOf({ reference, estimators }: Comparison): number {
  const sizes = [reference.gradient, ...estimators.map(({ mean }) => mean)].map(squaredNorm);
  return floorShare * Math.max(...sizes, 1e-300);
}

function plane(comparison: Comparison): Figure {
  const floor = floorOf(comparison);
  return {
    id: "bias-variance",
    title: "Bias and variance",
    caption:
      `One point per estimator at truncation ${comparison.truncation}: the squared bias of a trajectory's gradient and its total variance. ` +
      "Low and to the left is good; unbiased estimators show what chance leaves, and what is 0 is drawn at the edge.",
    x: { label: "squared bias", scale: "log" },
    y: { label: "variance", scale: "log" },
    series: comparison.estimators.map((one) => ({
      name: one.name,
      kind: "dots",
      x: [Math.max(floor, measuredBias(one))],
      y: [Math.max(floor, one.variance)],
    })),
  };
}

/** Mean-squared error of the average of as many trajectories as `innerSteps` pay for. */
function errorAt(one: EstimatorMeasurement, innerSteps: number): number {
  return squaredBias(one) + (one.variance * one.innerStepsPerSample) / innerSteps;
}

function errorOverCost(comparison: Comparison): Figure {
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
  };
}

function overTruncation(comparison: Comparison, value: (one: EstimatorMeasurement) => number): Series[] {
  const floor = floorOf(comparison);
  const names = [...new Set(comparison.byTruncation.map(({ name }) => name))];
  return names.map((name) => {
    const points = comparison.byTruncation
      .filter((one) => one.name === name)
      .toSorted((a, b) => a.truncation - b.truncation);
    return {
      name,
      x: points.map(({ truncation }) => truncation),
      y: points.map((one) => Math.max(floor, value(one))),
    };
  });
}

function biasOverTruncation(comparison: Comparison): Figure {
  return {
    id: "bias-over-truncation",
    title: "Squared bias over truncation",
    caption:
      "Truncated estimators lose their bias when the window is the whole trajectory; unbiased ones show what chance and smoothing leave, at any truncation.",
    x: { label: "truncation (inner steps per window)", scale: "log" },
    y: { label: "squared bias", scale: "log" },
    series: overTruncation(comparison, measuredBias),
    references: [
      {
        axis: "y",
        value: squaredNorm(comparison.reference.gradient),
        label: "squared length of the reference",
      },
    ],
  };
}

function varianceOverTruncation(comparison: Comparison): Figure {
  return {
    id: "variance-over-truncation",
    title: "Variance over truncation",
    caption: "Total variance of the gradient of one trajectory of all units, summed over its windows.",
    x: { label: "truncation (inner steps per window)", scale: "log" },
    y: { label: "variance", scale: "log" },
    series: overTruncation(comparison, ({ variance }) => variance),
  };
}
