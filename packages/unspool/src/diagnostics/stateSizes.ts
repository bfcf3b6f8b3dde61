/**
 * How much an inner problem and an estimator of it carry: the S and P that costs and memory of estimators are stated in
 * (BPTT keeps T S numbers, RTRL S P, UORO S + P, evolution strategies of N particles N (S + P)), counted on the
 * state itself.
 */
import { type Key, Tensor, random, tree } from "../array/index.ts";
import type { GradientEstimator } from "../estimators/index.ts";
import { type Problem, initialState, requireProblem, splitFloats } from "../unroll/index.ts";

/** Of a tree of tensors. */
export interface TreeSize {
  /** Numbers in all leaves. */
  numbers: number;
  /** Those in floating-point leaves, which have derivatives. */
  floats: number;
  bytes: number;
  /** Leaf by leaf, in order. */
  leaves: readonly { path: string; shape: readonly number[]; dtype: string; bytes: number }[];
}

export interface StateSizes {
  /** P is its `floats`. */
  theta: TreeSize;
  /** The state of one particle: S is its `floats`. */
  state: TreeSize;
  /** What the estimator keeps between two estimates, of all its units; undefined without one. */
  kept?: TreeSize;
}

/**
 * Sizes of theta, of the state of one particle, and of what `estimator` keeps between estimates. Runs no step. Throws
 * `OptionError` if `problem` is none.
 *
 * @example
 * const { theta, state, kept } = stateSizes(problem, theta, pes(problem, { pairs: 100 }));
 * // kept.floats is about 200 (state.floats + theta.floats)
 */
export function stateSizes<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  estimator?: GradientEstimator<Theta>,
): StateSizes {
  requireProblem("stateSizes", problem);
  const key: Key = random.key(0);
  const tensors: unknown = tree.tensors(theta as unknown);
  return {
    theta: treeSize(tensors),
    state: treeSize(initialState(problem, tensors, key)),
    ...(estimator && { kept: treeSize(tensorsOf(estimator.init(theta, key))) }),
  };
}

const bytesOf = { float32: 4, float64: 8, int32: 4, uint32: 4, bool: 4 } as const;

/** The same of any tree of tensors. */
function treeSize(of: unknown): TreeSize {
  const leaves = tree.entries(of).map(([path, { shape, dtype, size }]) => {
    return { path, shape: [...shape], dtype, bytes: size * bytesOf[dtype] };
  });
  return {
    numbers: tree.size(of),
    floats: splitFloats(of).floats.reduce((sum, { size }) => sum + size, 0),
    bytes: leaves.reduce((sum, { bytes }) => sum + bytes, 0),
    leaves,
  };
}

/** The tensors of a state, which may hold plain numbers, text and null besides. */
function tensorsOf(state: unknown): unknown {
  if (Tensor.is(state)) return state;
  if (Array.isArray(state)) return state.map(tensorsOf);
  if (typeof state !== "object" || state === null) return [];
  return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, tensorsOf(part)]));
}
