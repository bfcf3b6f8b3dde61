/** Cholesky's factor of a symmetric positive definite matrix, and the two solves with it, on plain numbers. */

/** L with A = L Lᵀ, [n · n]. A pivot that rounding has made negative is held at the rounding of the largest. */
export function choleskyFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, a[i * n + i]!);
  for (let i = 0; i < n; i++) {
    const own = l.subarray(i * n, i * n + n);
    for (let j = 0; j < i; j++) {
      const other = l.subarray(j * n, j * n + j + 1);
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= own[k]! * other[k]!;
      own[j] = sum / other[j]!;
    }
    let pivot = a[i * n + i]!;
    for (let k = 0; k < i; k++) pivot -= own[k]! ** 2;
    own[i] = Math.sqrt(Math.max(pivot, largest * n * Number.EPSILON));
  }
  return l;
}

/** x with L x = b. */
export function solveLower(l: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * x[k]!;
    x[i] = sum / l[i * n + i]!;
  }
  return x;
}

/** x with Lᵀ x = b. */
export function solveUpper(l: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    x[i]! /= l[i * n + i]!;
    for (let k = 0; k < i; k++) x[k]! -= l[i * n + k]! * x[i]!;
  }
  return x;
}
