/**
 * A matrix that is never written down: entries Ψ[x, t] are computed, or looked up, where rows x and a column t are asked
 * for. Either side may be infinite: rows are then drawn from a continuum, columns from a family.
 */
import { type Key, Tensor, np, random } from "../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions, show } from "../errors.ts";

/** What a column is told by: its number, or whatever `sampleColumn` draws (a key, parameters). */
export interface SampledMatrix<Column = Tensor> {
  readonly name: string;
  /** Number of rows; undefined where they are drawn from a continuum. */
  readonly rows?: number;
  /** Number of columns; undefined where there are infinitely many. */
  readonly columns?: number;
  /** `count` rows, [count, …]: as `entries` and features take them. */
  sampleRows(key: Key, count: number): Tensor;
  sampleColumn(key: Key): Column;
  /** Entries [count] of one column at rows [count, …]. */
  entries(rows: Tensor, column: Column): Tensor;
  /** Every row once, [rows, …], where they are finitely many: what `oracle` solves over. */
  readonly allRows?: Tensor;
}

export interface MatrixDefinition<Column = Tensor> {
  /** Default "matrix". */
  name?: string;
  /** Number of rows. May be left out where `sampleRows` draws them. */
  rows?: number;
  /** Number of columns. May be left out where `sampleColumn` draws them. */
  columns?: number;
  /** Entries [count] of a column at rows [count, …]; made of `np` functions, since it is compiled. */
  entries(rows: Tensor, column: Column): Tensor;
  /** Default: numbers below `rows` (int32), each as likely. */
  sampleRows?(key: Key, count: number): Tensor;
  /** Default: a number below `columns` (int32), each as likely. */
  sampleColumn?(key: Key): Column;
  /** Default: the numbers below `rows`, where `sampleRows` is not given either. */
  allRows?: Tensor;
  /** Whether a row may come twice in one draw. Default true; false needs `rows`, and no more of them in one draw. */
  isReplaced?: boolean;
}

/**
 * A matrix from a function that gives its entries. Everything in it is made of `np` functions with no branch on values.
 *
 * @example
 * // A Hilbert matrix with a million rows and columns.
 * defineMatrix({ rows: 1e6, columns: 1e6, entries: (rows, column) => np.reciprocal(rows.add(column).add(1).astype("float32")) });
 */
export function defineMatrix<Column = Tensor>(definition: MatrixDefinition<Column>): SampledMatrix<Column> {
  const where = "defineMatrix";
  requireKnownOptions(where, definition, [
    ...(["name", "rows", "columns", "entries"] as const),
    ...(["sampleRows", "sampleColumn", "allRows", "isReplaced"] as const),
  ]);
  const { name = "matrix", rows, columns, entries, isReplaced = true, allRows } = definition;
  if (typeof entries !== "function")
    throw new OptionError(where, "entries", entries, "a function of rows and a column");
  if (rows !== undefined) requireInteger(where, "rows", rows, 1);
  if (columns !== undefined) requireInteger(where, "columns", columns, 1);
  if (rows === undefined && definition.sampleRows === undefined)
    throw new OptionError(where, "rows", rows, "a number", "Or say by `sampleRows` how rows are drawn.");
  if (columns === undefined && definition.sampleColumn === undefined)
    throw new OptionError(
      where,
      "columns",
      columns,
      "a number",
      "Or say by `sampleColumn` how a column is drawn.",
    );
  if (!isReplaced && (rows === undefined || definition.sampleRows !== undefined))
    throw new OptionError(where, "isReplaced", isReplaced, "true unless rows are numbers below `rows`");
  const numbered = definition.sampleRows === undefined;
  const every = allRows ?? (numbered ? np.arange(rows!) : undefined);
  if (every !== undefined && (every.ndim === 0 || (rows !== undefined && every.shape[0] !== rows)))
    throw new ShapeError(
      where,
      `allRows must have ${rows ?? "all"} rows along its first axis, got ${every.toString()}.`,
    );
  return {
    name,
    ...(rows !== undefined && { rows }),
    ...(columns !== undefined && { columns }),
    sampleRows: definition.sampleRows ?? numbersBelow(where, rows!, isReplaced),
    // Without `sampleColumn` columns are numbers, as the type of `entries` must say.
    sampleColumn: definition.sampleColumn ?? ((key) => random.randint(key, [], 0, columns!) as Column),
    entries: (at, column) => {
      const values: unknown = entries(at, column);
      const count = at.shape[0]!;
      if (Tensor.is(values) && values.ndim === 1 && values.shape[0] === count) return values;
      const got = Tensor.is(values) ? `${values.dtype}[${values.shape.join(",")}]` : show(values);
      throw new ShapeError(
        where,
        `entries of "${name}" must give one number for each of ${count} rows, [${count}], got ${got}.`,
      );
    },
    ...(every !== undefined && { allRows: every }),
  };
}

function numbersBelow(where: string, rows: number, isReplaced: boolean): SampledMatrix["sampleRows"] {
  if (isReplaced) return (key, count) => random.randint(key, [count], 0, rows);
  return (key, count) => {
    if (count > rows)
      throw new OptionError(
        where,
        "the number of rows in one draw",
        count,
        `at most ${rows} without replacement`,
      );
    return (random.permutation(key, rows) as Tensor).slice([0, count]);
  };
}

/** The matrix whose entries are those of `values` [rows, columns]. */
export function denseMatrix(values: Tensor, name = "denseMatrix"): SampledMatrix {
  if (!Tensor.is(values) || values.ndim !== 2)
    throw new ShapeError("denseMatrix", `needs a matrix [rows, columns], got ${String(values)}.`);
  const [rows, columns] = values.shape as [number, number];
  const flat = values.flatten();
  return defineMatrix({
    ...{ name, rows, columns },
    entries: (at, column) => np.take(flat, at.mul(columns).add(column), 0) as Tensor,
  });
}
