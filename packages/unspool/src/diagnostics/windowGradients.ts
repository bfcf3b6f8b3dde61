/**
 * How each window's loss depends on the theta of each earlier window: with a copy theta_b of theta for each window b,
 *
 *     g[w, b] = d L_w / d theta_b,    zero for b > w;    the gradient is the sum over all w and b
 *
 * What truncation drops, and what decides the variance of persistent estimators. Each step is differentiated by
 * itself at the states of one trajectory, [ds_t/ds_{t-1}, ds_t/dtheta; dl_t/ds_{t-1}, dl_t/dtheta], and the products
 * are formed here in float64: time T² S P / 2 and memory (T / K)² P / 2 for states of S and thetas of P numbers.
 */
import { type Key, type Tensor, np, scan, tree, vjp, vmap } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type ErasedProblem,
  type Problem,
  advance,
  compiled,
  eraseProblem,
  initialState,
  splitFloats,
} from "../unroll/index.ts";

export interface WindowGradientOptions {
  /** Key of the trajectory. */
  key: Key;
  /** Steps of the trajectory. Default: the horizon. */
  steps?: number;
  /** Steps per window, K; divides `steps`. Default 1. */
  truncation?: number;
}

/** `[w][b]` for b <= w: vectors [P] in the order of theta's leaves. */
export type WindowGradients = Float64Array[][];

/**
 * Gradients of the summed loss of each window by the theta of each window.
 *
 * @example
 * const byWindow = windowGradients(problem, theta, { key: random.key(0), truncation: 10 });
 */
export function windowGradients<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: WindowGradientOptions,
): WindowGradients {
  requireKnownOptions("windowGradients", options, ["key", "steps", "truncation"]);
  const { key, steps = problem.horizon, truncation = 1 } = options;
  requireInteger("windowGradients", "steps", steps, 1);
  requireInteger("windowGradients", "truncation", truncation, 1);
  if (steps % truncation !== 0) {
    throw new OptionError("windowGradients", "truncation", truncation, `a divisor of ${steps}`);
  }
  const trajectory = trajectoryDerivatives(eraseProblem(problem), theta, key, steps);
  const { width } = trajectory;
  const windows: WindowGradients = Array.from({ length: steps / truncation }, (_, w) =>
    Array.from({ length: w + 1 }, () => new Float64Array(width)),
  );
  for (let t = 0; t < steps; t++) pullBack(trajectory, t, windows, truncation);
  return windows;
}

/** The gradients of windows that are `factor` times as long. */
export function mergeWindows(windows: WindowGradients, factor: number): WindowGradients {
  if (!Number.isInteger(factor) || factor < 1 || windows.length % factor !== 0) {
    throw new OptionError("mergeWindows", "factor", factor, `a divisor of ${windows.length}`);
  }
  const width = windows[0]![0]!.length;
  const merged: WindowGradients = Array.from({ length: windows.length / factor }, (_, w) =>
    Array.from({ length: w + 1 }, () => new Float64Array(width)),
  );
  windows.forEach((row, w) =>
    row.forEach((gradient, b) => add(merged[Math.floor(w / factor)]![Math.floor(b / factor)]!, gradient)),
  );
  return merged;
}

interface TrajectoryDerivatives {
  /** Numbers in the floating-point leaves of a state, S. */
  size: number;
  /** Numbers in theta, P. */
  width: number;
  /** d s_0 / d theta [S, P]. */
  start: Float64Array;
  /** Per step: d (s_t, l_t) / d s_{t-1} [S + 1, S] and d (s_t, l_t) / d theta [S + 1, P]; the last row is the loss. */
  byState: Float64Array[];
  byTheta: Float64Array[];
}

/** Adds d l_t / d theta_b for every b to the windows. */
function pullBack(
  { size, width, start, byState, byTheta }: TrajectoryDerivatives,
  t: number,
  windows: WindowGradients,
  truncation: number,
): void {
  const row = windows[Math.floor(t / truncation)]!;
  let cotangent = byState[t]!.subarray(size * size);
  add(row[Math.floor(t / truncation)]!, byTheta[t]!.subarray(size * width));
  for (let b = t - 1; b >= 0; b--) {
    addProduct(row[Math.floor(b / truncation)]!, cotangent, byTheta[b]!, width);
    const next = new Float64Array(size);
    addProduct(next, cotangent, byState[b]!, size);
    cotangent = next;
  }
  addProduct(row[0]!, cotangent, start, width);
}

function add(to: Float64Array, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
}

/** to += vector · matrix, with rows of `columns` numbers. */
function addProduct(to: Float64Array, vector: Float64Array, matrix: Float64Array, columns: number): void {
  for (let i = 0; i < vector.length; i++) {
    const factor = vector[i]!;
    if (factor === 0) continue;
    for (let j = 0; j < columns; j++) to[j]! += factor * matrix[i * columns + j]!;
  }
}

/** The derivatives of all steps of one trajectory, as one program. */
function trajectoryDerivatives(
  problem: ErasedProblem,
  theta: unknown,
  key: Key,
  steps: number,
): TrajectoryDerivatives {
  const derivatives = compiled("step derivatives", (at: unknown, from: Key) => {
    const first = initialState(problem, at, from);
    const start = rowsOf(
      splitFloats(first).floats,
      (moved) => splitFloats(initialState(problem, moved, from)).floats,
      at,
    );
    const [, rows] = scan(
      (state: unknown, _x: undefined, t: Tensor) => {
        const { floats, rebuild } = splitFloats(state);
        const step = ({ theta: moved, floats: values }: Inputs): Tensor[] => {
          const next = advance(problem, moved, rebuild(values), t, from);
          return [...splitFloats(next.state).floats, next.loss];
        };
        const next = advance(problem, at, state, t, from);
        return [next.state, rowsOf([...floats, next.loss], step, { theta: at, floats })];
      },
      first,
      undefined,
      { length: steps },
    );
    return { start, rows };
  });
  const { start, rows } = derivatives(theta, key);
  const size = splitFloats(initialState(problem, theta, key)).floats.reduce(
    (sum, leaf) => sum + leaf.size,
    0,
  );
  const width = tree.size(theta);
  const perStep = (leaves: readonly Tensor[], columns: number): Float64Array[] => {
    const flat = joined(leaves, steps * (size + 1), columns);
    const count = (size + 1) * columns;
    return Array.from({ length: steps }, (_, t) => flat.subarray(t * count, (t + 1) * count));
  };
  return {
    size,
    width,
    start: joined(tree.leaves(start), size, width),
    byState: perStep(rows.floats, size),
    byTheta: perStep(tree.leaves(rows.theta), width),
  };
}

interface Inputs {
  theta: unknown;
  floats: Tensor[];
}

/** The Jacobian of `fn` at `x` row by row: the leaves of `x` with an axis of all numbers in `outputs` in front. */
function rowsOf<X>(outputs: readonly Tensor[], fn: (x: X) => Tensor[], x: X): X {
  const size = outputs.reduce((sum, leaf) => sum + leaf.size, 0);
  let offset = 0;
  const seeds = outputs.map((leaf) => {
    const rows = np.eye(size, size, { dtype: leaf.dtype }).slice([], [offset, offset + leaf.size]) as Tensor;
    offset += leaf.size;
    return rows.reshape([size, ...leaf.shape]);
  });
  return vmap((seed: Tensor[]) => vjp(fn, [x], seed)[1][0] as X)(seeds);
}

/** Leaves [rows, …] side by side as one matrix [rows, columns] in float64. */
function joined(leaves: readonly Tensor[], rows: number, columns: number): Float64Array {
  const flat = new Float64Array(rows * columns);
  let offset = 0;
  for (const { data, size } of leaves) {
    const wide = size / rows;
    for (let i = 0; i < rows; i++) flat.set(data.slice(i * wide, (i + 1) * wide), i * columns + offset);
    offset += wide;
  }
  return flat;
}
