/**
 * Balancing: a diagonal similarity by powers of two that brings rows and columns of a matrix to like norms, so that
 * eigenvalues lose fewer digits (Parlett and Reinsch 1969; Golub and Van Loan, section 7.5.7). Exact.
 */

const radix = 2;

/** Balances `a` [n * n] in place. Eigenvalues stay; eigenvectors do not. */
export function balance(a: Float64Array, n: number): void {
  for (let isDone = false; !isDone;) {
    isDone = true;
    for (let i = 0; i < n; i++) {
      const [column, row] = sums(a, n, i);
      if (column === 0 || row === 0) continue;
      const factor = powerBetween(column, row);
      // Worth it only if the two together shrink by at least 5 %.
      if (column * factor + row / factor >= 0.95 * (column + row)) continue;
      isDone = false;
      for (let j = 0; j < n; j++) a[i * n + j]! /= factor;
      for (let j = 0; j < n; j++) a[j * n + i]! *= factor;
    }
  }
}

/** Sums of absolute values of column and row i off the diagonal. */
function sums(a: Float64Array, n: number, i: number): [column: number, row: number] {
  let [column, row] = [0, 0];
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    column += Math.abs(a[j * n + i]!);
    row += Math.abs(a[i * n + j]!);
  }
  return [column, row];
}

/** The power of two nearest to the factor that makes column * f equal to row / f. */
function powerBetween(column: number, row: number): number {
  return radix ** Math.round(Math.log2(row / column) / 2);
}
