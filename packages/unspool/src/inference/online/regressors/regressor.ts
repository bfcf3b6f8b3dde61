/** A function of the state, learned from samples: what stands for V, T, S and U between two time steps. */
import type { Key, Tensor } from "../../../array/index.ts";

/** Samples to learn from, float64. */
export interface RegressionSamples {
  /** [n, dx]. */
  inputs: Tensor;
  /** [n, m]. */
  targets: Tensor;
  /** [dx]: where the inputs come from, for those that place them themselves. */
  mean: Tensor;
  sd: Tensor;
}

/**
 * A regressor. `fit` and `predict` are made of `np` functions; the state that `fit` returns has the structure and shapes of
 * the one that it was given, so that one program serves all time steps.
 */
export interface Regressor<State = unknown> {
  readonly name: string;
  /** Samples of a fit. */
  readonly samples: number;
  /**
   * It is given inputs and noise at points of its own and the mean over the noise: exact where targets are quadratic. Then
   * `samples` is not read.
   */
  readonly isExact?: boolean;
  /** It is 0 whatever the targets are, which are not computed. */
  readonly isZero?: boolean;
  /** The function before anything was learned, 0 everywhere. */
  init(key: Key, inputs: number, outputs: number): State;
  fit(state: State, samples: RegressionSamples, key: Key): State;
  /** [n, m] at x [n, dx]. */
  predict(state: State, x: Tensor): Tensor;
}
