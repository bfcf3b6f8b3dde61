/** What a proposal is: where the particles of the next step are drawn. */
import type { Key, Tensor } from "../../../array/index.ts";
import type { Distribution } from "../../../distributions/index.ts";
import type { ObservedSeries } from "../series.ts";

/** Where one draw is made: K particles at step t. */
export interface ProposalPlace<Model = unknown, Rows = unknown> {
  /** p(x_t | x_{t-1}), batch [K]; at t = 0 that of x_0, batch []. */
  readonly prior: Distribution;
  /** x_{t-1}, [K, dx]: what was resampled. Zeros at t = 0. */
  readonly x: Tensor;
  /** int32 scalar, from 0. */
  readonly t: Tensor;
  /** What `rows` has made for this step. */
  readonly row: Rows;
  /** Parameters of the model. */
  readonly model: Model;
  /** The whole series, with 0 in the place of what is not observed. */
  readonly series: ObservedSeries;
}

/**
 * q_t(x_t | x_{t-1}, y). Params are a tree of tensors, `{}` where there is nothing to learn.
 *
 * @example
 * // Around a point between the parent and this step's observation.
 * const between: Proposal<Theta, { share: Tensor }, { y: Tensor }> = {
 *   name: "between",
 *   init: () => ({ share: np.array(0.5) }),
 *   rows: (_, { y }) => ({ y }),
 *   propose: ({ share }, { x, row }) => diagonalNormal({ mean: x.add(row.y.sub(x).mul(share)), sd: 1 }),
 * };
 */
export interface Proposal<Model = unknown, Params = unknown, Rows = unknown> {
  readonly name: string;
  /** The proposal is the prior itself: both densities cancel, and are not computed. */
  readonly isPrior?: boolean;
  /** Where learning starts. */
  init(key: Key): Params;
  /** What is computed of a series once, for all particles: a tree of tensors [T, …]. Default: nothing. */
  rows?(params: Params, series: ObservedSeries, model: Model): Rows;
  /** Batch [K], or [] where all particles are drawn alike; event [dx]. */
  propose(params: Params, place: ProposalPlace<Model, Rows>): Distribution;
}
