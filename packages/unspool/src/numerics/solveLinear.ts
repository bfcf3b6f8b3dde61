/** Elimination with exchange of rows. */
import type { SquareMatrix } from "./squareMatrix.ts";

/** x with A x = b; undefined where a pivot is not above `least`. */
export function solveLinear(
  { size: n, entries }: SquareMatrix,
  b: Float64Array,
  least: number,
): Float64Array | undefined {
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.of(...entries.subarray(i * n, (i + 1) * n), b[i]!),
  );
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    if (!(Math.abs(rows[pivot]![k]!) > least)) return undefined;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const by = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= by * rows[k]![j]!;
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let rest = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) rest -= rows[i]![j]! * x[j]!;
    x[i] = rest / rows[i]![i]!;
  }
  return x;
}
