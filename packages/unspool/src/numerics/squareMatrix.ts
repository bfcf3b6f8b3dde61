/** A real square matrix as plain data. */
export interface SquareMatrix {
  /** Rows, n. */
  readonly size: number;
  /** [n * n], row by row. */
  readonly entries: Float64Array;
}
