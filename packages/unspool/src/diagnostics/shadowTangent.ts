/**
 * The bounded tangent along a trajectory, by least squares (Wang, Hu and Blonigan 2014, in discrete time):
 *
 *     minimise Σ |v_t|² + alpha² Σ eta_t²   subject to   v_{t+1} = A_t v_t + B_t + eta_t f_t
 *
 * With v = C'w the multipliers w solve a symmetric block-tridiagonal system, here by block Cholesky, in float64:
 *
 *     (I + A_t A_t' + f_t f_t' / alpha²) w_t - A_t w_{t-1} - A_{t+1}' w_{t+1} = B_t
 */

export interface TangentSystem {
  /** S, and the number of right-hand sides. */
  size: number;
  sides: number;
  /** Per step [S * S], row by row: A_t. */
  jacobians: readonly Float64Array[];
  /** Per step [sides * S]: B_t, one side after the other. */
  sources: readonly Float64Array[];
  /** Per step [S]: the direction f_t of time dilation; absent without it. */
  flows?: readonly Float64Array[];
  /** Weight of the dilation; ignored without `flows`. */
  alpha: number;
}

export interface ShadowTangent {
  /** v_0 … v_N, each [sides * S]. */
  tangents: Float64Array[];
  /** eta_0 … eta_{N-1}, each [sides]; zeros without `flows`. */
  dilations: Float64Array[];
}

/** Solves in N S³ operations; memory 2 N S². */
export function shadowTangent(system: TangentSystem): ShadowTangent {
  const { size, sides, jacobians, sources, flows, alpha } = system;
  const steps = jacobians.length;
  const factors: Float64Array[] = [];
  const rights: Float64Array[] = [];
  for (let t = 0; t < steps; t++) {
    const a = jacobians[t]!;
    const block = diagonalBlock(a, size, flows?.[t], alpha);
    const right = sources[t]!.slice();
    if (t > 0) eliminate(block, right, a, factors[t - 1]!, rights[t - 1]!, size, sides);
    cholesky(block, size);
    factors.push(block);
    rights.push(right);
  }
  const multipliers = rights;
  for (let t = steps - 1; t >= 0; t--) {
    const w = multipliers[t]!;
    if (t < steps - 1) addTransposed(w, jacobians[t + 1]!, multipliers[t + 1]!, size, sides, 1);
    for (let p = 0; p < sides; p++) solveCholesky(factors[t]!, w, p * size, size);
  }
  const tangents = Array.from({ length: steps + 1 }, (_, t) => {
    const v = t === 0 ? new Float64Array(sides * size) : multipliers[t - 1]!.slice();
    if (t < steps) addTransposed(v, jacobians[t]!, multipliers[t]!, size, sides, -1);
    return v;
  });
  const dilations = multipliers.map((w, t) => {
    const flow = flows?.[t];
    return Float64Array.from({ length: sides }, (_, p) => {
      let dot = 0;
      for (let i = 0; i < size; i++) dot += (flow?.[i] ?? 0) * w[p * size + i]!;
      return flow === undefined ? 0 : -dot / (alpha * alpha);
    });
  });
  return { tangents, dilations };
}

/** I + A A' + f f' / alpha². */
function diagonalBlock(
  a: Float64Array,
  n: number,
  flow: Float64Array | undefined,
  alpha: number,
): Float64Array {
  const block = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = (i === j ? 1 : 0) + (flow === undefined ? 0 : (flow[i]! * flow[j]!) / (alpha * alpha));
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * a[j * n + k]!;
      block[i * n + j] = sum;
    }
  }
  return block;
}

/** Takes the block before out of the equations of this one: D - A D⁻¹ A', r + A D⁻¹ r. */
function eliminate(
  block: Float64Array,
  right: Float64Array,
  a: Float64Array,
  factor: Float64Array,
  rightBefore: Float64Array,
  n: number,
  sides: number,
): void {
  // Rows of `solved` are D⁻¹ times the rows of A: (A D⁻¹)', for D is symmetric.
  const solved = a.slice();
  for (let i = 0; i < n; i++) solveCholesky(factor, solved, i * n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += solved[i * n + k]! * a[j * n + k]!;
      block[i * n + j]! -= sum;
    }
    for (let p = 0; p < sides; p++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += solved[i * n + k]! * rightBefore[p * n + k]!;
      right[p * n + i]! += sum;
    }
  }
}

/** to += sign · A' from, for each side. */
function addTransposed(
  to: Float64Array,
  a: Float64Array,
  from: Float64Array,
  n: number,
  sides: number,
  sign: 1 | -1,
): void {
  for (let p = 0; p < sides; p++) {
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[k * n + i]! * from[p * n + k]!;
      to[p * n + i]! += sign * sum;
    }
  }
}

/** The lower factor, in place; what is above the diagonal is not read. */
function cholesky(a: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!;
    }
  }
}

/** Solves L L' x = b for the n numbers of `b` from `offset` on, in place. */
function solveCholesky(l: Float64Array, b: Float64Array, offset: number, n: number): void {
  for (let i = 0; i < n; i++) {
    let sum = b[offset + i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[offset + k]!;
    b[offset + i] = sum / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[offset + i]!;
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i]! * b[offset + k]!;
    b[offset + i] = sum / l[i * n + i]!;
  }
}
