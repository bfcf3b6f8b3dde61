/** A synthetic regression of the size of UCI Yacht Hydrodynamics: 308 rows, 6 correlated features. */
import { type RegressionData, np, random } from "unspool";

export interface Regression {
  /** The first 80 %. */
  train: RegressionData;
  validation: RegressionData;
}

export interface RegressionOptions {
  seed: number;
  rows: number;
  features: number;
  /** Correlation of any two features. */
  correlation: number;
  /** Standard deviation of the noise on the targets; what the features explain has standard deviation of about 1. */
  noise: number;
}

/**
 * Features share one factor, x_j = √ρ f + √(1 - ρ) z_j; the target is their standardised sum plus noise, so the many
 * weak directions of the features carry no signal and a penalty helps. Inputs and targets are standardised over all
 * rows, as in the released code of Vicol et al. float64.
 */
export function correlatedRegression(options: RegressionOptions): Regression {
  const { seed, rows, features, correlation, noise } = options;
  const key = random.key(seed);
  const draw = (name: string, count: number) =>
    random.normal(random.foldIn(key, name), [count], { dtype: "float64" }).data;
  const [factor, own, error] = [draw("factor", rows), draw("features", rows * features), draw("noise", rows)];
  const columns = Array.from({ length: features }, (_, j) =>
    standardised(
      Array.from(
        { length: rows },
        (_unused, n) =>
          Math.sqrt(correlation) * factor[n]! + Math.sqrt(1 - correlation) * own[n * features + j]!,
      ),
    ),
  );
  const sums = standardised(
    Array.from({ length: rows }, (_, n) => columns.reduce((sum, x) => sum + x[n]!, 0)),
  );
  const targets = standardised(sums.map((sum, n) => sum + noise * error[n]!));
  const part = (from: number, to: number): RegressionData => ({
    inputs: np.array(
      Array.from({ length: to - from }, (_, n) => columns.map((column) => column[from + n]!)),
      { dtype: "float64" },
    ),
    targets: np.array(targets.slice(from, to), { dtype: "float64" }),
  });
  const split = Math.round(0.8 * rows);
  return { train: part(0, split), validation: part(split, rows) };
}

function standardised(values: readonly number[]): number[] {
  const average = values.reduce((sum, x) => sum + x, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - average) ** 2, 0) / values.length);
  return values.map((x) => (x - average) / spread);
}
