/** Densities that flows are trained on, with what is known of them: it is what diagnostics compare with. */
import type { Key, Tensor } from "../../../array/index.ts";

export interface DensityTarget {
  readonly name: string;
  /** d: numbers of a point. */
  readonly dim: number;
  /** log p̃ [n] of points [n, d], made of `np` functions. */
  logDensity(x: Tensor): Tensor;
  /** log ∫ p̃, where it is known. */
  readonly logZ?: number;
  /** E_p[log p] of the normalised density: what log q cannot exceed in the mean. */
  readonly meanLogProb?: number;
  /** Exact draws [count, d], made of `np` functions. */
  sample?(key: Key, count: number): Tensor;
  /** Places that should be found. */
  readonly modes?: TargetModes;
}

export interface TargetModes {
  /** [modes, d]. */
  centres: readonly (readonly number[])[];
  /** A point belongs to the nearest centre, if that is within this distance. */
  radius: number;
  /** Coordinates are angles: distances are taken around the circle. */
  isCircular?: boolean;
  /** The share of p that belongs to each centre, if not equal. */
  shares?: readonly number[];
}
