/**
 * Singular values of a real matrix by one-sided Jacobi rotations (Hestenes 1958; Demmel and Veselic 1992): columns are
 * rotated in pairs until they are orthogonal; their lengths are the singular values. Small ones are as accurate as the
 * columns allow, which a detour by A'A would lose.
 */
import type { SquareMatrix } from "./squareMatrix.ts";

const epsilon = 2 ** -52;
const mostSweeps = 60;

/** All singular values, falling. Cost: about 5 to 10 sweeps of 3 n³. */
export function singularValues({ size: n, entries }: SquareMatrix): Float64Array {
  // Columns of A as rows, scaled so that squares neither overflow nor vanish.
  const scale = entries.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
  if (scale === 0) return new Float64Array(n);
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: n }, (__, i) => entries[i * n + j]! / scale),
  );
  for (let sweep = 0, isRotated = true; isRotated && sweep < mostSweeps; sweep++) {
    isRotated = false;
    for (let i = 0; i < n - 1; i++) {
      for (let j = i + 1; j < n; j++) isRotated = rotate(columns[i]!, columns[j]!) || isRotated;
    }
  }
  return Float64Array.from(columns, (column) => Math.hypot(...column) * scale).sort((a, b) => b - a);
}

/** Makes two columns orthogonal; false if they were. */
function rotate(a: Float64Array, b: Float64Array): boolean {
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
    ab += a[i]! * b[i]!;
  }
  if (Math.abs(ab) <= epsilon * Math.sqrt(aa * bb)) return false;
  const tau = (bb - aa) / (2 * ab);
  const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
  return true;
}
