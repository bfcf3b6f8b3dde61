/**
 * Eigenvalues of a real matrix: balancing, reduction to Hessenberg form by Householder reflections, and implicit
 * double-shift QR steps with deflation (Francis 1961; Golub and Van Loan, algorithms 7.4.2 and 7.5.1). Real arithmetic
 * only. Cost: about 10 n³.
 */
import { NonFiniteError, UnspoolError } from "../errors.ts";
import { balance } from "./balance.ts";
import type { SquareMatrix } from "./squareMatrix.ts";

/** Eigenvalues in falling order of modulus; of a pair the one with positive imaginary part first. */
export interface Eigenvalues {
  re: Float64Array;
  im: Float64Array;
}

const epsilon = 2 ** -52;
/** Double-shift steps for one eigenvalue; a few suffice, each tenth gets an exceptional shift. */
const mostSteps = 60;
/** Smaller than this share of the matrix is zero: quotients of what is left do not overflow. */
const vanishing = 2 ** -600;
/** After as many, what is small beside the whole matrix counts as zero, not only what is beside its neighbours. */
const patientSteps = 30;

/** Throws `NonFiniteError` for an entry that is not finite. */
export function eigenvalues({ size, entries }: SquareMatrix): Eigenvalues {
  const bad = entries.findIndex((x) => !Number.isFinite(x));
  if (bad !== -1) {
    const place = `entry [${Math.floor(bad / size)}, ${bad % size}] of the matrix is ${entries[bad]}`;
    throw new NonFiniteError("eigenvalues", `${place}. Only matrices of finite numbers have them.`, {
      entry: bad,
    });
  }
  const scale = powerOfTwo(largest(entries));
  const h = entries.map((x) => x / scale);
  balance(h, size);
  hessenberg(h, size);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  const norm = largest(h);
  // The active block ends at `last`; eigenvalues below it are found.
  let last = size - 1;
  for (let steps = 0; last >= 0;) {
    const first = blockStart(h, size, last, norm, norm * (steps < patientSteps ? vanishing : epsilon));
    if (first === last) {
      re[last] = h[last * size + last]!;
      last -= 1;
      steps = 0;
    } else if (first === last - 1) {
      const pair = eigenvaluesOf2(h, size, first);
      for (const [k, at] of [first, last].entries()) [re[at], im[at]] = [pair.re[k]!, pair.im[k]!];
      last -= 2;
      steps = 0;
    } else {
      if (steps === mostSteps) {
        const message = `eigenvalues: the QR algorithm did not converge on a matrix of ${size} rows.`;
        throw new UnspoolError("CONVERGENCE", message, { size });
      }
      steps += 1;
      francisStep(h, size, first, last, steps);
    }
  }
  return sortByModulus(
    re.map((x) => x * scale),
    im.map((x) => x * scale),
  );
}

/** The largest absolute value. */
function largest(entries: Float64Array): number {
  return entries.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** A power of two near `value`, 1 for zero: dividing by it is exact, and squares neither overflow nor vanish. */
function powerOfTwo(value: number): number {
  return value === 0 ? 1 : 2 ** Math.max(-1000, Math.floor(Math.log2(value)));
}

/** Householder reflections from both sides make everything below the first subdiagonal zero. In place. */
function hessenberg(a: Float64Array, n: number): void {
  const v = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let scale = 0;
    for (let i = k + 1; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + k]!));
    if (scale === 0) continue;
    let squares = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k]! / scale;
      squares += v[i]! * v[i]!;
    }
    v[k + 1]! += v[k + 1]! >= 0 ? Math.sqrt(squares) : -Math.sqrt(squares);
    reflect(a, n, v, k + 1, n - 1, k, n - 1, 0, n - 1);
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
  }
}

/** Applies I - 2 v v' / v'v, with v in rows from..to, to the given columns from the left and rows from the right. */
function reflect(
  a: Float64Array,
  n: number,
  v: Float64Array,
  from: number,
  to: number,
  firstColumn: number,
  lastColumn: number,
  firstRow: number,
  lastRow: number,
): void {
  let squares = 0;
  for (let i = from; i <= to; i++) squares += v[i]! * v[i]!;
  if (squares === 0) return;
  for (let j = firstColumn; j <= lastColumn; j++) {
    let dot = 0;
    for (let i = from; i <= to; i++) dot += v[i]! * a[i * n + j]!;
    const by = (2 * dot) / squares;
    for (let i = from; i <= to; i++) a[i * n + j]! -= by * v[i]!;
  }
  for (let i = firstRow; i <= lastRow; i++) {
    let dot = 0;
    for (let j = from; j <= to; j++) dot += a[i * n + j]! * v[j]!;
    const by = (2 * dot) / squares;
    for (let j = from; j <= to; j++) a[i * n + j]! -= by * v[j]!;
  }
}

/**
 * Where the unreduced block that ends at `last` begins. A subdiagonal number below rounding of its neighbours on the
 * diagonal (of the matrix where those are zero), or of `least`, becomes zero.
 */
function blockStart(h: Float64Array, n: number, last: number, norm: number, least: number): number {
  for (let i = last; i > 0; i--) {
    const beside = Math.abs(h[(i - 1) * n + i - 1]!) + Math.abs(h[i * n + i]!);
    if (Math.abs(h[i * n + i - 1]!) > Math.max(least, epsilon * (beside === 0 ? norm : beside))) continue;
    h[i * n + i - 1] = 0;
    return i;
  }
  return 0;
}

/** One implicit double-shift step on the block first..last, of at least three rows. */
function francisStep(h: Float64Array, n: number, first: number, last: number, steps: number): void {
  const at = (i: number, j: number): number => h[i * n + j]!;
  let [upper, lower] = [at(last - 1, last - 1), at(last, last)];
  let product = at(last - 1, last) * at(last, last - 1);
  if (steps % 10 === 0) {
    // Cycles are broken by shifts that are nobody's eigenvalues (Martin, Peters and Wilkinson 1970), near the bottom and
    // the top of the block in turn (LAPACK's dlahqr).
    const isTop = steps % 20 === 0;
    const size = isTop
      ? Math.abs(at(first + 1, first)) + Math.abs(at(first + 2, first + 1))
      : Math.abs(at(last, last - 1)) + Math.abs(at(last - 1, last - 2));
    upper = 0.75 * size + (isTop ? at(first, first) : at(last, last));
    lower = upper;
    product = -0.4375 * size * size;
  }
  // First column of (H - s1)(H - s2), divided by its subdiagonal number: differences first, because all numbers of the
  // diagonal may be nearly equal.
  const corner = at(first, first);
  const [above, below] = [upper - corner, lower - corner];
  let x = (above * below - product) / at(first + 1, first) + at(first, first + 1);
  let y = at(first + 1, first + 1) - corner - above - below;
  let z = at(first + 2, first + 1);
  const v = new Float64Array(n);
  for (let k = first; k < last; k++) {
    const rows = Math.min(3, last - k + 1);
    const bulge = [x, y, z].slice(0, rows);
    const scale = Math.max(...bulge.map(Math.abs));
    if (scale > 0) {
      bulge.forEach((value, i) => (v[k + i] = value / scale));
      const length = Math.hypot(...bulge) / scale;
      v[k]! += v[k]! >= 0 ? length : -length;
      const firstColumn = Math.max(first, k - 1);
      reflect(h, n, v, k, k + rows - 1, firstColumn, last, first, Math.min(k + 3, last));
    }
    if (k > first) for (let i = 1; i < rows; i++) h[(k + i) * n + k - 1] = 0;
    x = at(k + 1, k);
    y = k + 2 <= last ? at(k + 2, k) : 0;
    z = k + 3 <= last ? at(k + 3, k) : 0;
  }
}

/** Of the 2x2 block at `first`, without cancellation in the smaller of two real ones. */
function eigenvaluesOf2(h: Float64Array, n: number, first: number): { re: number[]; im: number[] } {
  const [a, b] = [h[first * n + first]!, h[first * n + first + 1]!];
  const [c, d] = [h[(first + 1) * n + first]!, h[(first + 1) * n + first + 1]!];
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  const middle = (a + d) / 2;
  if (discriminant < 0) {
    const root = Math.sqrt(-discriminant);
    return { re: [middle, middle], im: [root, -root] };
  }
  const root = Math.sqrt(discriminant);
  const far = half >= 0 ? half + root : half - root;
  return { re: [d + far, far === 0 ? d : d - (b * c) / far], im: [0, 0] };
}

function sortByModulus(re: Float64Array, im: Float64Array): Eigenvalues {
  const modulus = re.map((x, i) => Math.hypot(x, im[i]!));
  const order = [...modulus.keys()].toSorted(
    (i, j) => modulus[j]! - modulus[i]! || re[j]! - re[i]! || im[j]! - im[i]!,
  );
  return { re: Float64Array.from(order, (i) => re[i]!), im: Float64Array.from(order, (i) => im[i]!) };
}
