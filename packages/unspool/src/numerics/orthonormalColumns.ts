/**
 * An orthonormal basis of some vectors by modified Gram-Schmidt, each vector twice, which is enough for orthogonality to
 * rounding (Kahan; Parlett 1998, section 6.9).
 */

/**
 * Unit vectors that span what `vectors` span, in their order. A vector that those ahead of it span, to `tolerance` of its
 * length, adds none. The vectors given stay as they are.
 */
export function orthonormalColumns(vectors: readonly Float64Array[], tolerance = 1e-12): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const scale = largest(vector);
    if (scale === 0) continue;
    const rest = vector.map((x) => x / scale);
    const length = Math.sqrt(dot(rest, rest));
    for (let pass = 0; pass < 2; pass++) {
      for (const unit of basis) {
        const along = dot(unit, rest);
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
      }
    }
    const left = Math.sqrt(dot(rest, rest));
    if (left <= tolerance * length) continue;
    basis.push(rest.map((x) => x / left));
  }
  return basis;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Squares of elements over it neither overflow nor vanish. */
const largest = (vector: Float64Array): number => vector.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
