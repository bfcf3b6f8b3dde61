/** What a twist is: a stand-in for what the future will say of a state, log p(y_{t+1} … y_{T-1} | x_t). */
import type { Key, Tensor } from "../../../array/index.ts";
import type { ObservedSeries } from "../series.ts";

/** Where a twist is evaluated: K particles after step t. */
export interface TwistPlace<Model = unknown, Rows = unknown> {
  /** x_t, [K, dx]. */
  readonly x: Tensor;
  /** int32 scalar, from 0 to T - 2. */
  readonly t: Tensor;
  /** What `rows` has made for this step. */
  readonly row: Rows;
  /** Parameters of the model. */
  readonly model: Model;
  /** The whole series, with 0 in the place of what is not observed. */
  readonly series: ObservedSeries;
}

/**
 * log r_t(x_t), a number per particle. Numbers that depend on t and y only cancel, so that a twist may be off by them. At
 * the last step it is 0 whatever the twist says, and it is never asked there. Params are a tree of tensors, `{}` where there
 * is nothing to learn.
 *
 * @example
 * // A user's own: states are drawn towards the next observation.
 * const ahead: Twist<Theta, object, { next: Tensor }> = {
 *   name: "ahead",
 *   isTrained: false,
 *   init: () => ({}),
 *   rows: (_, { y }) => ({ next: np.roll(y, -1, 0) }),
 *   logTwist: (_, { x, row }) => x.sub(row.next).mul(x.sub(row.next)).sum(-1).mul(-0.5),
 * };
 */
export interface Twist<Model = unknown, Params = unknown, Rows = unknown> {
  readonly name: string;
  /** Whether it has parameters to learn. */
  readonly isTrained: boolean;
  /** Where learning starts. */
  init(key: Key): Params;
  /** What is computed of a series once, for all particles: a tree of tensors [T, …]. Default: nothing. */
  rows?(params: Params, series: ObservedSeries, model: Model): Rows;
  /** [K] for particles [K, dx]. */
  logTwist(params: Params, place: TwistPlace<Model, Rows>): Tensor;
  /** Parameters after a look at simulated trajectories, states [M, T, dx] and observations [M, T, dy]: running moments. */
  observe?(params: Params, simulated: { x: Tensor; y: Tensor }): Params;
}
