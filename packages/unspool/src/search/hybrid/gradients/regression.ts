/**
 * Gradients by regression (Choromanski et al., "Provably Robust Blackbox Optimization for Reinforcement Learning", CoRL
 * 2019): the slope x that explains the differences b = (f⁺ - f⁻) / 2 along perturbations, the rows A = sigma g,
 *
 *     min |A x - b|² + r |x|²     ridge
 *     min |A x - b|² + r |x|₁     lasso
 *     min |A x - b|₁              lp: right even where a part of the losses is arbitrarily wrong
 */
import { solveLinear } from "../../../numerics/index.ts";
import {
  type EsGradient,
  type EsGradientOptions,
  type Evaluations,
  normalised,
  stateless,
  weightedSum,
} from "./esGradient.ts";

interface Regression {
  /** [n · d]. */
  rows: Float64Array;
  n: number;
  d: number;
  /** [n]. */
  target: Float64Array;
}

const regressionOf =
  (fit: (problem: Regression, regularizer: number) => Float64Array) =>
  ({ regularizer = 0.01, normalizeValues = true }: EsGradientOptions = {}): EsGradient =>
    stateless((given) => {
      const { directions, size, sigma, plus, minus }: Evaluations = normalizeValues
        ? normalised(given)
        : given;
      const target = plus.map((f, i) => (f - minus[i]!) / 2);
      return fit({ rows: directions.map((g) => sigma * g), n: plus.length, d: size, target }, regularizer);
    });

export const ridge: (options?: EsGradientOptions) => EsGradient = regressionOf((problem, regularizer) =>
  leastSquares(problem, regularizer),
);

/** By coordinate descent, until no coordinate moves by more than 1e-10 of the largest. */
export const lasso: (options?: EsGradientOptions) => EsGradient = regressionOf(
  ({ rows, n, d, target }, regularizer) => {
    const x = new Float64Array(d);
    const rest = target.slice();
    const squares = new Float64Array(d);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) squares[j]! += rows[i * d + j]! ** 2;
    for (let sweep = 0; sweep < 10_000; sweep++) {
      let [moved, size] = [0, 0];
      for (let j = 0; j < d; j++) {
        if (squares[j] === 0) continue;
        let along = squares[j]! * x[j]!;
        for (let i = 0; i < n; i++) along += rows[i * d + j]! * rest[i]!;
        const next = (Math.sign(along) * Math.max(0, Math.abs(along) - regularizer / 2)) / squares[j]!;
        const step = next - x[j]!;
        if (step !== 0) for (let i = 0; i < n; i++) rest[i]! -= step * rows[i * d + j]!;
        x[j] = next;
        moved = Math.max(moved, Math.abs(step));
        size = Math.max(size, Math.abs(next));
      }
      if (moved <= 1e-10 * size) break;
    }
    return x;
  },
);

/**
 * Least absolute deviations by the alternating direction method of multipliers (Boyd et al. 2011, section 6.1), and then
 * exactly through the d rows with the least residuals, at which a solution lies, if that is no worse. Up to d rows there is
 * a slope without residuals: the shortest.
 */
export const lp: (options?: EsGradientOptions) => EsGradient = regressionOf((problem) => {
  const { n, d, target } = problem;
  const size = target.reduce((sum, b) => sum + Math.abs(b) / n, 0);
  if (size === 0) return new Float64Array(d);
  // Rows and targets of size 1, so that one penalty of the multipliers serves all.
  const length = Math.sqrt(problem.rows.reduce((sum, a) => sum + (a * a) / (n * d), 0));
  const scaled = {
    ...problem,
    rows: problem.rows.map((a) => a / length),
    target: target.map((b) => b / size),
  };
  if (n <= d) return leastSquares(scaled, 1e-12).map((x) => (x * size) / length);
  const fitted = absoluteDeviations(scaled);
  const through = throughLeast(scaled, residuals(scaled, fitted));
  const better =
    through !== undefined && total(residuals(scaled, through)) <= total(residuals(scaled, fitted));
  return (better ? through : fitted).map((x) => (x * size) / length);
});

function absoluteDeviations(problem: Regression): Float64Array {
  const { n, target } = problem;
  const solve = leastSquaresSolver(problem, 1e-12);
  let x = solve(target);
  let z = new Float64Array(n);
  const u = new Float64Array(n);
  for (let iteration = 0; iteration < 300; iteration++) {
    x = solve(target.map((b, i) => b + z[i]! - u[i]!));
    const rest = residuals(problem, x);
    z = rest.map((r, i) => Math.sign(r + u[i]!) * Math.max(0, Math.abs(r + u[i]!) - 1));
    let gap = 0;
    for (let i = 0; i < n; i++) {
      u[i]! += rest[i]! - z[i]!;
      gap = Math.max(gap, Math.abs(rest[i]! - z[i]!));
    }
    if (gap < 1e-12) break;
  }
  return x;
}

/** The x through the d rows of least residual; undefined where they are dependent. */
function throughLeast({ rows, d, target }: Regression, rest: Float64Array): Float64Array | undefined {
  const order = Array.from(rest, (_, i) => i).sort((a, b) => Math.abs(rest[a]!) - Math.abs(rest[b]!));
  const entries = new Float64Array(d * d);
  const goal = new Float64Array(d);
  order.slice(0, d).forEach((row, i) => {
    entries.set(rows.subarray(row * d, (row + 1) * d), i * d);
    goal[i] = target[row]!;
  });
  return solveLinear({ size: d, entries }, goal, 1e-10);
}

/** A x - b. */
function residuals({ rows, n, d, target }: Regression, x: Float64Array): Float64Array {
  const rest = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = -target[i]!;
    for (let j = 0; j < d; j++) sum += rows[i * d + j]! * x[j]!;
    rest[i] = sum;
  }
  return rest;
}

const total = (rest: Float64Array): number => rest.reduce((sum, r) => sum + Math.abs(r), 0);

const leastSquares = (problem: Regression, regularizer: number): Float64Array =>
  leastSquaresSolver(problem, regularizer)(problem.target);

/** b → (AᵀA + r I)⁻¹ Aᵀ b, through the smaller of AᵀA and A Aᵀ: both are the same number. */
function leastSquaresSolver(
  { rows, n, d }: Regression,
  regularizer: number,
): (target: Float64Array) => Float64Array {
  const isWide = n < d;
  const size = Math.min(n, d);
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? regularizer : 0;
      if (isWide) for (let k = 0; k < d; k++) sum += rows[i * d + k]! * rows[j * d + k]!;
      else for (let k = 0; k < n; k++) sum += rows[k * d + i]! * rows[k * d + j]!;
      gram[i * size + j] = gram[j * size + i] = sum;
    }
  }
  return (target) => {
    if (isWide)
      return weightedSum(solveLinear({ size, entries: gram }, target, 0) ?? new Float64Array(n), rows, d);
    const projected = weightedSum(target, rows, d);
    return solveLinear({ size, entries: gram }, projected, 0) ?? new Float64Array(d);
  };
}
