/**
 * Closed forms of linear systems with quadratic loss, seen through windows, and of the estimators on them: what the
 * statistical checks compare with. Plain numbers, no array engine.
 *
 * Variances: Vicol, Metz, Sohl-Dickstein 2021; Vicol, Kolter, Swersky 2023, Proposition 3.2. They hold exactly, since
 * the difference of the losses of an antithetic pair is linear in the perturbation where the loss is quadratic.
 */

import type { VarianceLaw } from "../estimators/index.ts";

/**
 * `derivatives[w][b]` [P]: derivative of the objective's part in window w with respect to the copy of theta that is
 * used in window b; defined for b <= w.
 */
export type WindowDerivatives = readonly (readonly (readonly number[])[])[];

/** What a gradient is of: the summed losses of a window, or the loss at its end less that at the end before it. */
export type Objective = "sum" | "final";

export interface LinearOracle {
  transition: number[][];
  control: number[][];
  start: number[];
  target: number[];
  horizon: number;
}

/** The derivatives of `s' = A s + B theta`, `l = |s' - target|² / 2` in windows of `truncation` steps. */
export function linearDerivatives(
  oracle: LinearOracle,
  theta: readonly number[],
  truncation: number,
  objective: Objective,
): WindowDerivatives {
  const { transition, control, start, target, horizon } = oracle;
  const windows = Math.ceil(horizon / truncation);
  let state = start;
  // influence[b][p] [n]: derivative of the state with respect to entry p of the copy of theta of window b.
  let influence: number[][][] = [];
  let previous: number[][] = [];
  return Array.from({ length: windows }, (_, w) => {
    influence = [...influence, theta.map(() => start.map(() => 0))];
    let sum = influence.map(() => theta.map(() => 0));
    let last = sum;
    for (let k = w * truncation; k < Math.min(horizon, (w + 1) * truncation); k++) {
      state = plus(apply(transition, state), apply(control, theta));
      influence = influence.map((columns, b) =>
        columns.map((column, p) => {
          const moved = apply(transition, column);
          return b === w ? moved.map((x, i) => x + control[i]![p]!) : moved;
        }),
      );
      const miss = state.map((x, i) => x - target[i]!);
      last = influence.map((columns) => columns.map((column) => inner(column, miss)));
      sum = sum.map((row, b) => plus(row, last[b]!));
    }
    if (objective === "sum") return sum;
    const before = previous;
    previous = last;
    return last.map((row, b) => row.map((x, p) => x - (before[b]?.[p] ?? 0)));
  });
}

/** Expectation per window of an estimator that sees all of the past: the sum over b. */
export function unbiased(derivatives: WindowDerivatives): number[][] {
  return derivatives.map((row) => total(row));
}

/** Expectation per window of an estimator that takes the incoming state as given. */
export function truncated(derivatives: WindowDerivatives): number[][] {
  return derivatives.map((row, w) => [...row[w]!]);
}

/** Trace of the covariance, for one pair, of the summed windows of PES. */
export function persistentVariance(derivatives: WindowDerivatives): number {
  return blockVariance(derivatives, (w, a, b) => w >= Math.max(a, b));
}

/** The same of PES-Analytic. */
export function analyticVariance(derivatives: WindowDerivatives): number {
  return blockVariance(derivatives, (w, a, b) => w > Math.max(a, b));
}

/** The same of NRES / ES-Single and of full ES. */
export function noiseReuseVariance(derivatives: WindowDerivatives): number {
  const gradient = total(unbiased(derivatives));
  return (gradient.length + 1) * inner(gradient, gradient);
}

/** The same of truncated ES. */
export function truncatedVariance(derivatives: WindowDerivatives): number {
  return truncated(derivatives).reduce((sum, g) => sum + (g.length + 1) * inner(g, g), 0);
}

/** The laws by the names that an estimator's entry in the registry has for them. */
export const varianceLaws: Readonly<Record<VarianceLaw, (derivatives: WindowDerivatives) => number>> = {
  zero: () => 0,
  truncated: truncatedVariance,
  persistent: persistentVariance,
  analytic: analyticVariance,
  noiseReuse: noiseReuseVariance,
};

/** P Σ |h_ab|² + Σ h_ab · h_ba, where h_ab sums g[w][b] over the windows that `isCounted`. */
function blockVariance(
  derivatives: WindowDerivatives,
  isCounted: (w: number, a: number, b: number) => boolean,
): number {
  const size = derivatives[0]![0]!.length;
  const h = derivatives.map((_, a) =>
    derivatives.map((__, b) =>
      derivatives.reduce(
        (sum, row, w) => (isCounted(w, a, b) && row[b] !== undefined ? plus(sum, row[b]) : sum),
        Array.from({ length: size }, () => 0),
      ),
    ),
  );
  let variance = 0;
  h.forEach((row, a) =>
    row.forEach((value, b) => (variance += size * inner(value, value) + inner(value, h[b]![a]!))),
  );
  return variance;
}

export function total(rows: readonly (readonly number[])[]): number[] {
  return rows.reduce<number[]>(
    (sum, row) => plus(sum, row),
    rows[0]!.map(() => 0),
  );
}

function apply(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return matrix.map((row) => inner(row, vector));
}

const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]!);

const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);
