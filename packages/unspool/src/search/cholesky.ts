/** Cholesky's factor of a symmetric positive definite matrix, what is solved with it, and its inverse, on plain numbers. */

/** L with A = L Lᵀ, [n · n]; A's lower triangle counts. A pivot that rounding has made negative is held at the rounding of the largest. */
export function choleskyFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, a[i * n + i]!);
  for (let i = 0; i < n; i++) {
    const own = i * n;
    let pivot = a[own + i]!;
    for (let j = 0; j < i; j++) {
      const other = j * n;
      let sum = a[own + j]!;
      for (let k = 0; k < j; k++) sum -= l[own + k]! * l[other + k]!;
      const value = sum / l[other + j]!;
      l[own + j] = value;
      pivot -= value * value;
    }
    l[own + i] = Math.sqrt(Math.max(pivot, largest * n * Number.EPSILON));
  }
  return l;
}

/** x with L x = b. */
export function solveLower(l: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const own = i * n;
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[own + k]! * x[k]!;
    x[i] = sum / l[own + i]!;
  }
  return x;
}

/** x with Lᵀ x = b. */
export function solveUpper(l: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    const own = i * n;
    const value = x[i]! / l[own + i]!;
    x[i] = value;
    for (let k = 0; k < i; k++) x[k]! -= l[own + k]! * value;
  }
  return x;
}

/** The lower triangle of A⁻¹ = L⁻ᵀ L⁻¹, [n · n], along rows throughout. Cost: 2/3 n³ operations. */
export function choleskyInverse(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const own = i * n;
    for (let k = 0; k < i; k++) {
      const factor = l[own + k]!;
      const row = k * n;
      for (let j = 0; j <= k; j++) inverse[own + j]! -= factor * inverse[row + j]!;
    }
    const pivot = 1 / l[own + i]!;
    for (let j = 0; j < i; j++) inverse[own + j]! *= pivot;
    inverse[own + i] = pivot;
  }
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const row = k * n;
    for (let i = 0; i <= k; i++) {
      const factor = inverse[row + i]!;
      const own = i * n;
      for (let j = 0; j <= i; j++) out[own + j]! += factor * inverse[row + j]!;
    }
  }
  return out;
}
