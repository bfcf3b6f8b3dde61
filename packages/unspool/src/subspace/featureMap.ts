/** What is learned: features φ(x) of rows, by a table with one line for each, or by any function of parameters. */
import { type Key, type Tensor, np, random } from "../array/index.ts";
import { OptionError, requireInteger } from "../errors.ts";

/** Features [count, d] of rows [count, …]; made of `np` functions, differentiable in the parameters. */
export type FeatureMap<Params> = (params: Params, rows: Tensor) => Tensor;

/** Lines of a table Φ [S, d] by the numbers of the rows. */
export const tableFeatures: FeatureMap<Tensor> = (table, rows) => np.take(table, rows, 0) as Tensor;

/** A table Φ [rows, dimensions] of standard normals. */
export function initTable(
  key: Key,
  rows: number,
  dimensions: number,
  options: { dtype?: "float32" | "float64" } = {},
): Tensor {
  requireInteger("initTable", "rows", rows, 1);
  requireInteger("initTable", "dimensions", dimensions, 1);
  requireFewer("initTable", rows, dimensions);
  return random.normal(key, [rows, dimensions], options);
}

/** Throws `OptionError` for more dimensions than there are rows: a subspace has no more. */
export function requireFewer(where: string, rows: number | undefined, dimensions: number): void {
  if (rows === undefined || dimensions <= rows) return;
  throw new OptionError(where, "dimensions", dimensions, `at most the number of rows, ${rows}`);
}
